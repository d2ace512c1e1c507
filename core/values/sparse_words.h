/* SPDX-License-Identifier: MIT */
/* Words of lane 2 of some columns of a sparse matrix, as many rows at a time as are quick. */
#ifndef TI_SPARSE_WORDS_H
#define TI_SPARSE_WORDS_H

#include "core/values/sparse_factor.h"

/* Columns [first, first + count) of those that the factorization is for. */
struct ti_col_range {
    uint64_t first, count;
};

/* Max columns of a range. */
#define TI_SPARSE_COLS ((uint64_t)256)

#define TI_SPARSE_BLOCKS ((size_t)8 * TI_TILE_BLOCKS)

struct ti_sparse_words {
    uint64_t list[TI_SPARSE_BLOCKS];
    /* the words of a row are neighbours, from words[start] on */
    uint32_t words[4 * TI_SPARSE_BLOCKS];
    uint16_t start[4 * TI_SPARSE_BLOCKS];
};

/* Makes the words of rows from 'row' on, not beyond 'end'; returns how many rows. */
uint64_t ti_sparse_words_make(const struct ti_sparse_factor *sparse,
                              struct ti_col_range cols, uint64_t row, uint64_t end,
                              struct ti_sparse_words *made);

#endif
