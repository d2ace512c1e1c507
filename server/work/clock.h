/* SPDX-License-Identifier: MIT */
/*
 * Time for deadlines.
 */
#ifndef TID_CLOCK_H
#define TID_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some start; never goes back, within a few milliseconds of exact. */
static inline int64_t tid_clock_ms(void) {
    struct timespec now;

#ifdef CLOCK_MONOTONIC_COARSE
    clock_gettime(CLOCK_MONOTONIC_COARSE,
                  &now); /* a third of the cost, every request pays */
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
