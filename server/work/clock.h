/* SPDX-License-Identifier: MIT */
/* The clocks that deadlines and computations are measured with, and timed waits. */
#ifndef TID_CLOCK_H
#define TID_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds since an unspecified start; monotonic, exact to a few milliseconds. */
static inline int64_t tid_clock_ms(void) {
    struct timespec now;
#ifdef CLOCK_MONOTONIC_COARSE
    /* A third of the cost, and every request reads it. */
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nanoseconds on the same clock, exact. */
static inline int64_t tid_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Milliseconds since 1970. */
static inline int64_t tid_clock_since_1970_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nanoseconds of processor time that the calling thread has used. */
static inline uint64_t tid_clock_thread_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A condition variable for tid_clock_wait(). */
static inline void tid_clock_cond_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* pthread_cond_timedwait() for that many milliseconds from now. */
static inline int tid_clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                 int64_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_cond_timedwait(condition, lock, &until);
}

#endif
