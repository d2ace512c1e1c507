/* SPDX-License-Identifier: MIT */
/* What workers and the threads of the pool do when they start. */
#ifndef TID_THREAD_H
#define TID_THREAD_H

/*
 * Names the calling thread and sets the policy SCHED_BATCH: a thread that wakes up does
 * not preempt the one that runs. A policy other than the default is left as it is.
 */
void tid_thread_begin(const char *name);

#endif
