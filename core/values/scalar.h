/* SPDX-License-Identifier: MIT */
/* Words to values in binary64, one at a time: f64 tensors and the truncations of other
   dtypes that the SIMD kernels do not do. */
#ifndef TI_SCALAR_H
#define TI_SCALAR_H

#include <stdint.h>

#include "core/values/sampler.h"

/* The value of a 64-bit word of an f64 tensor. */
double ti_scalar_f64(const struct ti_sampler *sampler, uint64_t word);

/* The value of a 32-bit word of a tensor whose compute type is binary32. */
float ti_scalar_f32(const struct ti_sampler *sampler, uint32_t word);

/* z of a word of 'bits' bits (32 or 64): standard normal, truncated as the draw says, in the
   compute type. */
double ti_scalar_z(const struct ti_sampler *sampler, uint64_t word, int bits);

#endif
