/* SPDX-License-Identifier: MIT */
/*
 * Random input for tests: splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", 2014), which has nothing in common with what is tested. Seeds are fixed.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_u64(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Below 'limit', which is small beside 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit) {
    return random_u64(state) % limit;
}

/* In [0, 1). */
static inline double random_unit(uint64_t *state) {
    return (double)(random_u64(state) >> 11) * 0x1p-53;
}

#endif
