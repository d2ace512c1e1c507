/* SPDX-License-Identifier: MIT */
/* The factorizations of orthogonal matrices: factor.c computes them, orthogonal_fill.c reads them. */
#ifndef TI_ORTHOGONAL_FACTOR_H
#define TI_ORTHOGONAL_FACTOR_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/factor_class.h"
#include "core/base/view.h"
#include "core/values/sampler.h"

/*
 * An upper triangular or trapezoidal matrix, m[l][c] = 0 for c < l, stored as blocks of
 * TI_BLOCK rows (the last block may have fewer), each from its diagonal on: the rows of
 * block b have the columns from b * TI_BLOCK on. Padded by TI_PRODUCT_COLS values that
 * kernels may read.
 */
struct ti_upper {
    /* columns, a multiple of TI_BLOCK */
    size_t width;
    /* binary32 or binary64 */
    void *data;
};

/* Values before block 'block', whose rows have width - block * TI_BLOCK values. */
static inline size_t ti_upper_offset(size_t width, size_t block) {
    return TI_BLOCK * (block * width - TI_BLOCK / 2 * block * (block - (block > 0)));
}

/* Rows of block 'block' in a matrix with 'rows' rows. */
static inline size_t ti_block_rows(size_t rows, size_t block) {
    const size_t rest = rows - block * TI_BLOCK;
    return rest < TI_BLOCK ? rest : TI_BLOCK;
}

/* Values of a matrix with 'rows' rows, padding included. */
static inline size_t ti_upper_count(size_t width, size_t rows) {
    const size_t blocks = rows / TI_BLOCK, rest = rows % TI_BLOCK;
    return ti_upper_offset(width, blocks) + rest * (width - blocks * TI_BLOCK) +
           TI_PRODUCT_COLS;
}

/* V, T and the signs of docs/SPEC.md, "Orthogonal", of one matrix: k reflectors of n coordinates,
   k by k, and k signs, 1 or -1. */
struct ti_orthogonal_matrix {
    struct ti_upper v, t;
    double *sign;
};

/* Those of some matrices of a stack. */
struct ti_orthogonal_factor {
    struct ti_factor base;
    /* the numbers of the matrices, in ascending order; simplified, and its steps are above 0 */
    struct ti_view batches;
    /* longer and shorter side of a matrix */
    size_t n, k;
    /* number of row blocks of V and T: k / TI_BLOCK, rounded up */
    size_t blocks;
    /* the compute type is binary64, else binary32 */
    bool f64;
    /* samples the coordinates of the reflectors */
    struct ti_sampler normal;
    const struct ti_kernels *kernels;
    /* V, T and signs of all matrices, one after another */
    void *v, *t;
    double *sign;
    /* matrices that are computed at the same time */
    size_t group;
    /* until the factorization is complete, for as many matrices: the products U of reflectors,
       and T in binary64, as square blocks (i, j), i <= j, of TI_BLOCK * TI_BLOCK values, one
       column of blocks after another */
    double *u, *x;
    /* tasks of the last phase that have not ended; the last one frees u and x */
    atomic_size_t tasks_left;
};

/* What a factorization has. */
struct ti_orthogonal_size {
    /* sides of a matrix, and the number of matrices: none is 0 */
    uint64_t rows, cols, count;
    bool f64;
};

/* Memory of a factorization in bytes: when complete, and the maximum while it is
   computed. SIZE_MAX for more. */
size_t ti_orthogonal_factor_bytes(const struct ti_orthogonal_size *size);
size_t ti_orthogonal_factor_peak_bytes(const struct ti_orthogonal_size *size);

/*
 * Allocates the factorization of some of an orthogonal sampler's matrices, which have elements:
 * those that 'batches' has, as ti_orthogonal_factor says. Computes nothing. TI_OK or TI_ENOMEM.
 */
enum ti_status ti_orthogonal_factor_make(const struct ti_sampler *sampler,
                                         const struct ti_view *batches,
                                         const struct ti_kernels *kernels,
                                         struct ti_factor **factor,
                                         struct ti_error *error);

/* The matrix of a number in the stack, which the factorization must have. */
struct ti_orthogonal_matrix
ti_orthogonal_matrix_get(const struct ti_orthogonal_factor *factor, uint64_t batch);

#endif
