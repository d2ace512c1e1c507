/* SPDX-License-Identifier: MIT */
/* What the threads of the server have in common: workers and those that compute. */
#ifndef TID_THREAD_H
#define TID_THREAD_H

/*
 * Names the calling thread, and gives it the policy for threads that compute: waking up they
 * wait for their turn instead of interrupting whoever runs. A policy that somebody chose for
 * us stays.
 */
void tid_thread_begin(const char *name);

#endif
