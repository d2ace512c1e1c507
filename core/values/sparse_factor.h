/* SPDX-License-Identifier: MIT */
/*
 * Thresholds of a sparse matrix: docs/SPEC.md, "Sparse". In each column the elements with the
 * smallest keys (word, row) are 0; the largest of these keys is the column's threshold, so that
 * one comparison tells what an element is. Computed once for the columns that a part touches.
 */
#ifndef TI_SPARSE_FACTOR_H
#define TI_SPARSE_FACTOR_H

#include "core/base/error.h"
#include "core/base/factor_class.h"
#include "core/values/sampler.h"

/* 'first', first + step, ...: 'count' columns. */
struct ti_columns {
    uint64_t first, step, count;
};

/* Max of rows * columns whose thresholds are computed for one request. */
#define TI_SPARSE_WORK_MAX ((uint64_t)1 << 32)

struct ti_sparse_factor {
    struct ti_factor base;
    struct ti_sparse_mask mask;
    struct ti_philox philox;
    const struct ti_kernels *kernels;
    struct ti_columns columns;
    /* for each column: an element is 0 if its word is less, or equal and its row at most that */
    uint32_t *word, *row;
    /* what is computed together: columns of a batch and of a task, and rows of a task */
    uint64_t batch_cols, task_cols, task_rows;
    /* where thresholds are likely, and the max of keys of a column there */
    struct ti_key_range range;
    uint64_t keys_max;
    /* for each column of a batch, and keys_max of them: keys in the range */
    struct ti_sparse_col *col;
    uint64_t *keys;
};

/* Whether the mask needs thresholds at all: not if no element or all of them are 0. */
bool ti_sparse_needs_factor(const struct ti_sparse_mask *mask);

/* Bytes of a factorization: complete, and the maximum while it is computed. */
size_t ti_sparse_factor_bytes(const struct ti_columns *columns);
size_t ti_sparse_factor_peak_bytes(const struct ti_sparse_mask *mask,
                                   const struct ti_columns *columns);

/*
 * Allocates the thresholds of the columns, at least one; computes nothing. TI_OK or TI_ENOMEM.
 */
enum ti_status ti_sparse_factor_make(const struct ti_sampler *sampler,
                                     const struct ti_kernels *kernels,
                                     const struct ti_columns *columns,
                                     struct ti_factor **factor, struct ti_error *error);

/*
 * Sets to +0 those of the elements of the blocks that the mask says are 0: 'count' elements, a
 * multiple of TI_TILE_WORDS, of 'bytes' bytes each, at 'out'. 'factor' is complete, or NULL if
 * the mask needs none. Elements of columns that it does not know are left as they are.
 */
void ti_sparse_clear(const struct ti_sparse_mask *mask,
                     const struct ti_sparse_factor *factor,
                     const struct ti_philox *philox, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, size_t bytes, void *out);

#endif
