/* SPDX-License-Identifier: MIT */
/* Ranges of elements from a draw. */
#ifndef TI_FILL_H
#define TI_FILL_H

#include <stddef.h>
#include <stdint.h>

#include "core/draw.h"
#include "core/kernels/kernels.h"

/*
 * Writes elements [first, first + count) to 'out', which has any alignment. Takes the kernels
 * as an argument so that one process can compare them all.
 */
void ti_fill(const struct ti_draw *draw, const struct ti_kernels *kernels, uint64_t first,
             uint64_t count, void *out);

#endif
