/* SPDX-License-Identifier: MIT */
/*
 * A law in a dtype: which words become which values, with every number rounded to what the
 * element loops compute with. Made by plan.c, read by fill.c.
 */
#ifndef TI_SAMPLER_H
#define TI_SAMPLER_H

#include <tensorinit/dtype.h>

#include "core/base/error.h"
#include "core/kernels/kernels.h"
#include "core/request/schemes/schemes.h"

/*
 * How elements come about:
 *
 *   constant  'pattern' everywhere
 *   kernel    a SIMD kernel, binary32 (f32, f16, bf16)
 *   wide      scalar, binary64: f64 tensors, and truncations that the kernels do not do
 *   matrix    from a setup: matrix.h
 *   pattern   scalar, binary64: fixed patterns; of a whole dtype, 'pattern' or 0
 */
enum ti_sampler_path {
    TI_SAMPLER_CONSTANT,
    TI_SAMPLER_KERNEL,
    TI_SAMPLER_SCALAR,
    TI_SAMPLER_PATTERN,
    TI_SAMPLER_ORTHOGONAL
};

/*
 * 'mirrored': one half of the words is the other with its sign changed, which all but
 * asymmetric truncations are; these count from the lower end as far as the middle, then from
 * the upper end, by 'upper_offset'.
 *
 * All numbers are binary64 but hold binary32 values where the compute type is binary32. For
 * TI_SAMPLER_KERNEL the tail is in units of 2^-32, else of 2^-64.
 */
struct ti_sampler {
    enum ti_sampler_path path;
    enum ti_kernel kernel;
    enum ti_dtype dtype;
    unsigned char pattern[8]; /* bytes of the one element that is not 0 */
    bool mirrored;
    bool masked;  /* some elements are 0: 'mask' says which */
    bool clamped; /* values to [low, high], after everything else */
    double offset, scale;
    double low, high;
    double tail_offset, upper_offset, tail_scale;
    double z_low, z_high;
    struct ti_pattern fixed;
    struct ti_sparse_mask mask;
    struct ti_matrix matrix;
    uint64_t first_block; /* of element 0: the lane in the top two bits */
    struct ti_philox philox;
    struct ti_transform transform; /* the same numbers, for kernels */
};

/*
 * Rounds a law to a dtype. Returns TI_OK, or TI_EVALUE with the field at fault: a number that
 * the compute type does not hold, uniform bounds that meet when rounded, or a dtype that does
 * not hold the largest possible value.
 */
enum ti_status ti_sampler_make(const struct ti_dist *dist, enum ti_dtype dtype,
                               uint64_t seed, uint64_t stream, struct ti_sampler *sampler,
                               struct ti_error *error);

#endif
