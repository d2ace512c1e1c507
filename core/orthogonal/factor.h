/* SPDX-License-Identifier: MIT */
/* Inside of a struct ti_factor: made by setup.c, read by matrix.c. */
#ifndef TI_ORTHOGONAL_FACTOR_H
#define TI_ORTHOGONAL_FACTOR_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tensorinit/factor.h>

#include "core/values/sampler.h"

/*
 * An upper triangular or trapezoidal matrix, m[l][c] = 0 for c < l, kept by blocks of TI_BLOCK
 * rows, of which the last may have fewer: of each block the columns from its first row's number
 * on. There is room for
 * TI_PRODUCT_COLS more numbers behind the last, which is read but does not count.
 *
 *   width  columns, a multiple of TI_BLOCK
 *   data   binary32 or binary64
 */
struct ti_upper {
    size_t width;
    void *data;
};

/* Where a block begins, in numbers; its rows are width - block * TI_BLOCK numbers long. */
static inline size_t ti_upper_at(size_t width, size_t block) {
    return TI_BLOCK * (block * width - TI_BLOCK / 2 * block * (block - (block > 0)));
}

/* How many of a matrix's rows a block has. */
static inline size_t ti_block_rows(size_t rows, size_t block) {
    const size_t left = rows - block * TI_BLOCK;
    return left < TI_BLOCK ? left : TI_BLOCK;
}

/* Numbers of so many rows, with the room behind them. */
static inline size_t ti_upper_count(size_t width, size_t rows) {
    const size_t blocks = rows / TI_BLOCK, rest = rows % TI_BLOCK;
    return ti_upper_at(width, blocks) + rest * (width - blocks * TI_BLOCK) +
           TI_PRODUCT_COLS;
}

/*
 *   n, k    the longer and the shorter side of the matrix
 *   f64     numbers are binary64
 *   v       k reflectors of n coordinates
 *   t       k by k
 *   sign    k signs, 1 or -1
 *   u, x    while it is computed: products of reflectors, and t in binary64; blocks (i, j),
 *           i <= j, of TI_BLOCK * TI_BLOCK numbers, column after column of blocks
 *   left    pieces of the last stage that have not ended
 */
struct ti_factor {
    size_t n, k, blocks;
    bool f64;
    struct ti_sampler normal;
    const struct ti_kernels *kernels;
    struct ti_upper v, t;
    double *sign, *u, *x;
    atomic_size_t left;
};

/* Bytes of a factorization: complete, and the maximum while it is computed. */
size_t ti_factor_bytes(size_t n, size_t k, bool f64);
size_t ti_factor_peak_bytes(size_t n, size_t k, bool f64);

/*
 * Allocates the factorization of an orthogonal sampler's matrix, which has elements; computes
 * nothing. TI_OK or TI_ENOMEM.
 */
enum ti_status ti_factor_of_sampler(const struct ti_sampler *sampler,
                                    const struct ti_kernels *kernels,
                                    struct ti_factor **factor, struct ti_error *error);

#endif
