/* SPDX-License-Identifier: MIT */
/*
 * Intervals for uniform laws: wide and narrow, huge and subnormal, on both sides of 0 and around
 * it, of neighbouring numbers, with bounds that are no binary32 numbers, and symmetric ones.
 */
#ifndef TEST_INTERVALS_H
#define TEST_INTERVALS_H

#include <stdint.h>

#include "core/request/schemes/schemes.h"

/* The same for the same number; low < high in binary32, symmetric bounds above 2^-126. */
struct ti_dist interval_law(uint64_t number);

#endif
