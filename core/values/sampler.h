/* SPDX-License-Identifier: MIT */
/*
 * A distribution in a dtype: which words become which values, with every number rounded to the
 * compute type, binary64 for f64 and binary32 for all others. Made by plan.c; immutable.
 */
#ifndef TI_SAMPLER_H
#define TI_SAMPLER_H

#include <tensorinit/dtype.h>

#include "core/base/error.h"
#include "core/base/view.h"
#include "core/kernels/kernels.h"
#include "core/values/distribution.h"

struct ti_sampler;
struct ti_sparse_factor;

/* Writes 'count' values, a multiple of TI_TILE_WORDS, of the blocks to 'out', any alignment. */
typedef void ti_sampler_function(const struct ti_sampler *sampler,
                                 const struct ti_kernels *kernels,
                                 struct ti_blocks blocks, size_t count, void *out);

/* How elements are produced: one row of the table in tiles.c for each way. */
struct ti_sampler_class {
    /* in each compute type; NULL where tiles.c does not make the elements */
    ti_sampler_function *f32, *f64;
    /* low and high bound every value; else the bounds follow from offset, scale and z */
    bool has_bounds;
};

extern const struct ti_sampler_class ti_sampler_constant, /* element_bytes everywhere */
    ti_sampler_kernel,  /* from Philox words, by SIMD kernels */
    ti_sampler_mapped,  /* from kernels' uniform numbers, one by one */
    ti_sampler_pattern, /* from an element's place; integer dtypes: element_bytes or 0 */
    ti_sampler_orthogonal; /* from a factorization: orthogonal_fill.h */

/* All numbers are binary64 but hold binary32 values where the compute type is binary32, except
   tails that are computed in binary64 (kernels.h says where). */
struct ti_sampler {
    const struct ti_sampler_class *class;
    enum ti_kernel kernel;
    enum ti_dtype dtype;
    /* the one element that is not 0, of a constant or of an integer dtype */
    unsigned char element_bytes[8];
    /* 'mask' says which elements are 0 */
    bool masked;
    /* values are clamped to [low, high], after everything else */
    bool clamped;
    double offset, scale;
    double low, high;
    /* in units of 2^-64, of the kernel 'truncated' 2^-32 */
    double tail_offset, upper_offset, tail_scale;
    double z_low, z_high;
    struct ti_pattern pattern;
    struct ti_mapping mapping;
    /* elements that are 0 */
    struct ti_run zeros;
    struct ti_copies copies;
    struct ti_sparse_mask mask;
    /* of the mask: borrowed, NULL until they are computed and where the mask needs none */
    const struct ti_sparse_factor *thresholds;
    struct ti_matrix matrix;
    /* of element 0: the lane in the top two bits */
    uint64_t first_block;
    struct ti_philox philox;
    /* the same numbers, for kernels */
    struct ti_transform transform;
};

/* Whether the values are uniform by a kernel, which clamps them as it goes. */
static inline bool ti_sampler_is_uniform(const struct ti_sampler *sampler) {
    return sampler->kernel == TI_KERNEL_uniform || sampler->kernel == TI_KERNEL_symmetric;
}

/*
 * Rounds a distribution to a dtype. Returns TI_OK, or TI_EVALUE with the field at fault: a
 * number that the compute type does not hold, uniform bounds that meet when rounded, or a dtype
 * that does not hold the largest possible value.
 */
enum ti_status ti_sampler_make(const struct ti_dist *dist, enum ti_dtype dtype,
                               uint64_t seed, uint64_t stream, struct ti_sampler *sampler,
                               struct ti_error *error);

/*
 * The bounds of the values in the sampler's dtype, the bounds of 'dist' rounded as values are;
 * -infinity and infinity if it has none. No value is beyond them. A uniform distribution
 * reaches 'high' only if rounding to a dtype narrower than f32 does.
 */
void ti_sampler_bounds(const struct ti_sampler *sampler, const struct ti_dist *dist,
                       double *low, double *high);

/*
 * Writes elements [first, first + count) of a simplified view of the tensor to 'out', which has
 * any alignment. Not for ti_sampler_orthogonal.
 */
void ti_sampler_fill(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                     const struct ti_view *view, uint64_t first, uint64_t count,
                     void *out);

/*
 * Nanoseconds of one core that ti_sampler_fill() takes for an element of the view: an order
 * of magnitude. Not for ti_sampler_orthogonal.
 */
double ti_sampler_ns_per_elem(const struct ti_sampler *sampler,
                              const struct ti_kernels *kernels,
                              const struct ti_view *view);

#endif
