/* SPDX-License-Identifier: MIT */
/* The clocks that deadlines and computations are measured with. */
#ifndef TID_CLOCK_H
#define TID_CLOCK_H

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

/* Nanoseconds of processor time that the calling thread has used. */
static inline uint64_t tid_clock_thread_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
