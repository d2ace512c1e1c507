/* SPDX-License-Identifier: MIT */
/* Stack, name and scheduling policy of a thread: see thread.h. */
#define _GNU_SOURCE /* SCHED_BATCH, pthread_setname_np */
#include "server/work/thread.h"

#include <pthread.h>
#include <sched.h>

int tid_thread_create(pthread_t *thread, void *(*run)(void *), void *argument) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) return error;
    error = pthread_attr_setstacksize(&attributes, TID_THREAD_STACK_BYTES);
    if (error == 0) error = pthread_create(thread, &attributes, run, argument);
    pthread_attr_destroy(&attributes);
    return error;
}

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
