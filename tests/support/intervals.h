/* SPDX-License-Identifier: MIT */
/*
 * Intervals for uniform distributions: wide and narrow, huge and subnormal, around 0 and
 * on each side of it, between adjacent numbers, with bounds that are not binary32
 * numbers, and symmetric ones.
 */
#ifndef TEST_INTERVALS_H
#define TEST_INTERVALS_H

#include <stdint.h>

#include "core/request/schemes/schemes.h"

/* Depends on 'number' alone. low < high in binary32; symmetric bounds are above 2^-126. */
struct ti_dist interval_dist(uint64_t number);

#endif
