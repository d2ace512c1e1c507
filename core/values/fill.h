/* SPDX-License-Identifier: MIT */
/* Contiguous ranges of a full tensor: called by ti_sampler_fill() and factorizations. */
#ifndef TI_FILL_H
#define TI_FILL_H

#include "core/values/sampler.h"

/*
 * Writes elements [first, first + count) of the full tensor to 'out', which has any
 * alignment. The kernels are an argument, so that one test program can compare all of
 * them.
 */
void ti_fill(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
             uint64_t first, uint64_t count, void *out);

#endif
