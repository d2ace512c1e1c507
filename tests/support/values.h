/* SPDX-License-Identifier: MIT */
/*
 * Values of single words: by the portable kernels, and without them, written from
 * docs/SPEC.md one operation after the other. Of the core the latter take the sampler's
 * numbers and the quantile's coefficients.
 */
#ifndef TEST_VALUES_H
#define TEST_VALUES_H

#include <stdint.h>

#include "core/values/sampler.h"

/* What the portable kernels make of a word of an f64 tensor, and of one of binary32. */
double values_f64(const struct ti_sampler *sampler, uint64_t word);
float values_f32(const struct ti_sampler *sampler, uint32_t word);

/* What they ought to make of it. Of binary32: uniforms, and cuts in binary64. */
double values_scalar_f64(const struct ti_sampler *sampler, uint64_t word);
float values_scalar_f32(const struct ti_sampler *sampler, uint32_t word);

#endif
