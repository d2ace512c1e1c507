/* SPDX-License-Identifier: MIT */
/*
 * Words of columns: see sparse_words.h. Blocks of several rows are listed, so that the kernels
 * make whole tiles of them even where rows are short.
 */
#include "core/values/sparse_words.h"

#include <string.h>

static size_t list_block(uint64_t *list, size_t blocks, uint64_t elem) {
    const uint64_t block = TI_LANE(2) | elem / 4;
    if (blocks > 0 && list[blocks - 1] == block) return blocks;
    list[blocks] = block;
    return blocks + 1;
}

/* Elements [elem, elem + count). */
static size_t list_neighbours(struct ti_sparse_words *made, size_t blocks, uint64_t row,
                              uint64_t elem, uint64_t count) {
    blocks = list_block(made->list, blocks, elem);
    made->start[row] = (uint16_t)(4 * (blocks - 1) + elem % 4);
    const uint64_t first = TI_LANE(2) | elem / 4,
                   last = TI_LANE(2) | (elem + count - 1) / 4;
    for (uint64_t block = first + 1; block <= last; block++) made->list[blocks++] = block;
    return blocks;
}

/* Elements a step apart: 'at' says where the word of each is, and goes on. */
static size_t list_apart(struct ti_sparse_words *made, size_t blocks, uint64_t elem,
                         uint64_t step, uint64_t count, uint16_t *at) {
    for (uint64_t i = 0; i < count; i++, elem += step) {
        blocks = list_block(made->list, blocks, elem);
        at[i] = (uint16_t)(4 * (blocks - 1) + elem % 4);
    }
    return blocks;
}

static void make_words(const struct ti_sparse_factor *sparse, size_t blocks,
                       struct ti_sparse_words *made) {
    const size_t tiles = (blocks + TI_TILE_BLOCKS - 1) / TI_TILE_BLOCKS;
    memset(made->list + blocks, 0,
           (tiles * TI_TILE_BLOCKS - blocks) * sizeof *made->list);
    const struct ti_blocks list = {0, made->list};
    sparse->kernels->words(&sparse->philox, list, tiles * TI_TILE_WORDS, made->words);
}

uint64_t ti_sparse_words_make(const struct ti_sparse_factor *sparse,
                              struct ti_col_range cols, uint64_t row, uint64_t end,
                              struct ti_sparse_words *made) {
    const struct ti_columns *columns = &sparse->columns;
    const bool neighbours = columns->step == 1 || cols.count == 1;
    const size_t max_blocks = (size_t)(neighbours ? cols.count / 4 + 2 : cols.count);
    const uint64_t col = columns->first + cols.first * columns->step;
    uint16_t at[4 * TI_SPARSE_BLOCKS];
    size_t blocks = 0, words = 0;
    uint64_t rows = 0;
    for (; row + rows < end && blocks + max_blocks <= TI_SPARSE_BLOCKS; rows++) {
        const uint64_t elem = (row + rows) * sparse->mask.cols + col;
        if (neighbours) {
            blocks = list_neighbours(made, blocks, rows, elem, cols.count);
        } else {
            made->start[rows] = (uint16_t)words;
            blocks =
                list_apart(made, blocks, elem, columns->step, cols.count, at + words);
            words += (size_t)cols.count;
        }
    }
    make_words(sparse, blocks, made);
    /* Places ascend, so nothing is overwritten before it is moved. */
    for (size_t i = 0; i < words; i++) made->words[i] = made->words[at[i]];
    return rows;
}
