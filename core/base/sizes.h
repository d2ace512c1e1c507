/* SPDX-License-Identifier: MIT */
/* Counts of things that come in blocks. */
#ifndef TI_SIZES_H
#define TI_SIZES_H

#include <stddef.h>

static inline size_t ti_min(size_t a, size_t b) { return a < b ? a : b; }

/* Blocks of 'unit' things that hold x of them; and how many they hold. */
static inline size_t ti_divide_up(size_t x, size_t unit) {
    return x / unit + (x % unit > 0);
}
static inline size_t ti_round_up(size_t x, size_t unit) {
    return ti_divide_up(x, unit) * unit;
}

#endif
