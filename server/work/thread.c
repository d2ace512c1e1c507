/* SPDX-License-Identifier: MIT */
/* Name and scheduling policy of a thread: see thread.h. */
#define _GNU_SOURCE /* SCHED_BATCH, pthread_setname_np */
#include "server/work/thread.h"

#include <pthread.h>
#include <sched.h>

void tid_thread_begin(const char *name) {
    pthread_setname_np(pthread_self(), name);
#ifdef SCHED_BATCH
    struct sched_param parameters = {0};
    int policy;
    if (pthread_getschedparam(pthread_self(), &policy, &parameters) == 0 &&
        policy == SCHED_OTHER)
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
#endif
}
