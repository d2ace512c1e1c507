/* SPDX-License-Identifier: MIT */
/* Ranges of elements from a draw. */
#ifndef TI_FILL_H
#define TI_FILL_H

#include <stddef.h>
#include <stdint.h>

#include "core/values/sampler.h"
#include "core/kernels/kernels.h"
#include "core/request/part.h"

/*
 * Both write to 'out', which has any alignment, and take the kernels as an argument so that
 * one process can compare them all.
 *
 *   ti_fill         elements [first, first + count) of the full tensor
 *   ti_fill_gather  elements [first, first + count) of a simplified view of it
 */
void ti_fill(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
             uint64_t first, uint64_t count, void *out);
void ti_fill_gather(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                    const struct ti_view *view, uint64_t first, uint64_t count,
                    void *out);

#endif
