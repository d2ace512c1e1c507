/* SPDX-License-Identifier: MIT */
/* Starting threads. */
#ifndef TID_THREAD_H
#define TID_THREAD_H

#include <pthread.h>

/*
 * pthread_create() with a stack of TID_THREAD_STACK_BYTES, of which few are ever touched:
 * the 8 MiB that are usual count where address space is limited (RLIMIT_AS). The core
 * needs 128 KiB (plan.h), GnuTLS and sanitizers more.
 */
#define TID_THREAD_STACK_BYTES ((size_t)2 << 20)
int tid_thread_create(pthread_t *thread, void *(*run)(void *), void *argument);

/*
 * Names the calling thread and sets the policy SCHED_BATCH: a thread that wakes up does
 * not preempt the one that runs. A policy other than the default is left as it is.
 */
void tid_thread_begin(const char *name);

#endif
