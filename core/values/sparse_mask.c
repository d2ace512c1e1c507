/* SPDX-License-Identifier: MIT */
/*
 * The swap-or-not shuffle (Hoang, Morris, Rogaway: "An enciphering scheme based on a card
 * shuffle", CRYPTO 2012) of each column's rows: see mask.h.
 *
 * In each of 32 rounds a place meets its partner, pivot - place modulo the rows; a random bit
 * of the pair says whether they swap. The bit is of the lane-2 word of the larger place's
 * element, one bit a round; the pivots of a column are words of lane 3.
 *
 * There are two ways. An element alone needs two words a round: many elements take their rounds
 * together, so that the kernels make their words at full speed. Where a run covers enough rows,
 * all words of some columns are made first, and rounds only look them up.
 */
#include "core/values/sparse_mask.h"

#include <stdbool.h>
#include <string.h>

#define ROUNDS 32
#define BATCH TI_TILE_WORDS
#define LANE(n) ((uint64_t)(n) << 62)

/* One at a time ------------------------------------------------------------------------- */

/* One word of each element that 'elem' lists, in a lane. */
static void words_of(const struct ti_philox *philox, const struct ti_kernels *kernels,
                     unsigned lane, const uint64_t elem[BATCH], uint32_t word[BATCH]) {
    uint64_t list[BATCH];
    uint32_t words[4 * BATCH];
    const struct ti_blocks blocks = {0, list};
    for (size_t i = 0; i < BATCH; i++) list[i] = LANE(lane) | elem[i] / 4;
    kernels->words(philox, blocks, 4 * BATCH, words);
    for (size_t i = 0; i < BATCH; i++) word[i] = words[4 * i + elem[i] % 4];
}

static void shuffle(const struct ti_sparse_mask *mask, const struct ti_philox *philox,
                    const struct ti_kernels *kernels, uint64_t row[BATCH],
                    const uint64_t col[BATCH]) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t elem[BATCH], partner[BATCH];
        uint32_t word[BATCH];
        for (size_t i = 0; i < BATCH; i++) elem[i] = col[i] * ROUNDS + round;
        words_of(philox, kernels, 3, elem, word);
        for (size_t i = 0; i < BATCH; i++) {
            const uint64_t pivot = word[i] * mask->rows >> 32;
            partner[i] = pivot >= row[i] ? pivot - row[i] : pivot + mask->rows - row[i];
            const uint64_t larger = row[i] > partner[i] ? row[i] : partner[i];
            elem[i] = larger * mask->cols + col[i];
        }
        words_of(philox, kernels, 2, elem, word);
        for (size_t i = 0; i < BATCH; i++) {
            if (word[i] >> round & 1) row[i] = partner[i];
        }
    }
}

static void clear_listed(const struct ti_sparse_mask *mask,
                         const struct ti_philox *philox, const struct ti_kernels *kernels,
                         struct ti_blocks blocks, size_t count, size_t bytes,
                         unsigned char *out) {
    for (size_t done = 0; done < count; done += BATCH) {
        uint64_t row[BATCH], col[BATCH];
        const size_t now = count - done < BATCH ? count - done : BATCH;
        for (size_t i = 0; i < BATCH; i++) {
            /* Places beyond the end count as the first one. */
            const size_t at = done + (i < now ? i : 0);
            const uint64_t block =
                blocks.list ? blocks.list[at / 4] : blocks.first + at / 4;
            const uint64_t elem = 4 * block + at % 4;
            row[i] = elem / mask->cols, col[i] = elem % mask->cols;
            if (row[i] >= mask->rows) row[i] = col[i] = 0;
        }
        shuffle(mask, philox, kernels, row, col);
        for (size_t i = 0; i < now; i++) {
            if (row[i] < mask->zeros) memset(out + bytes * (done + i), 0, bytes);
        }
    }
}

/* Whole columns ------------------------------------------------------------------------- */

/* Words that a table holds, most columns of a table, rows that take their rounds together. */
#define TABLE_WORDS 32768
#define TABLE_COLS 8
#define ABREAST 8

/* Lane-2 words of whole columns [first, first + cols), one column after another. */
struct table {
    uint64_t first;
    size_t cols;
    uint32_t pivot[TABLE_COLS][ROUNDS];
    uint32_t word[TABLE_WORDS];
};

/* Neighbours of a row, blocks that they lie in, a tile's worth of rows at a time. */
static void table_words(const struct ti_sparse_mask *mask, const struct ti_philox *philox,
                        const struct ti_kernels *kernels, struct table *table) {
    enum { BLOCKS = 2 * TI_TILE_BLOCKS };
    const size_t a_row = (table->cols + 3 + 3) / 4, rows = (size_t)mask->rows;
    uint64_t list[BLOCKS] = {0};
    uint32_t words[4 * BLOCKS];
    const struct ti_blocks blocks = {0, list};
    for (size_t row = 0, now; row < rows; row += now) {
        now = BLOCKS / a_row < rows - row ? BLOCKS / a_row : rows - row;
        for (size_t i = 0; i < now; i++) {
            const uint64_t elem = (row + i) * mask->cols + table->first;
            for (size_t k = 0; k < a_row; k++)
                list[i * a_row + k] = LANE(2) | (elem / 4 + k);
        }
        kernels->words(philox, blocks, 4 * BLOCKS, words);
        for (size_t i = 0; i < now; i++) {
            const uint64_t elem = (row + i) * mask->cols + table->first;
            for (size_t c = 0; c < table->cols; c++) {
                table->word[c * rows + row + i] = words[4 * i * a_row + elem % 4 + c];
            }
        }
    }
}

static void table_pivots(const struct ti_sparse_mask *mask,
                         const struct ti_philox *philox, const struct ti_kernels *kernels,
                         struct table *table) {
    uint32_t words[TABLE_COLS * ROUNDS];
    const struct ti_blocks blocks = {LANE(3) | table->first * (ROUNDS / 4), NULL};
    kernels->words(philox, blocks, TABLE_COLS * ROUNDS, words);
    for (size_t i = 0; i < TABLE_COLS * ROUNDS; i++) {
        table->pivot[i / ROUNDS][i % ROUNDS] = (uint32_t)(words[i] * mask->rows >> 32);
    }
}

/*
 * Places of ABREAST neighbouring rows after all rounds, without a branch that random bits would
 * mislead. In 64 bits: of 32 the compiler makes SSE2 vectors, which it has to take apart for
 * every look-up.
 */
static void rounds(const uint32_t *word, const uint32_t *pivot, uint64_t rows,
                   uint64_t place[ABREAST]) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < ABREAST; i++) {
            const uint64_t x = place[i], apart = pivot[round] - x;
            const uint64_t partner = apart + (rows & (0 - (apart >> 63)));
            const uint64_t larger = x > partner ? x : partner;
            const uint64_t swaps = 0 - (uint64_t)(word[larger] >> round & 1);
            place[i] = x ^ ((x ^ partner) & swaps);
        }
    }
}

/* Clears one column's zeros among elements [first, first + count). */
static void clear_column(const struct ti_sparse_mask *mask, const struct table *table,
                         size_t c, uint64_t first, size_t count, size_t bytes,
                         unsigned char *out) {
    const uint64_t cols = mask->cols, col = table->first + c;
    const uint64_t rows = mask->rows;
    uint64_t row = first > col ? (first - col + cols - 1) / cols : 0;
    for (; row < rows && row * cols + col < first + count; row += ABREAST) {
        uint64_t place[ABREAST];
        for (unsigned i = 0; i < ABREAST; i++) {
            place[i] = row + i < rows ? row + i : 0;
        }
        rounds(table->word + c * rows, table->pivot[c], rows, place);
        for (unsigned i = 0; i < ABREAST && row + i < rows; i++) {
            const uint64_t elem = (row + i) * cols + col;
            if (elem >= first + count) break;
            if (place[i] < mask->zeros) memset(out + bytes * (elem - first), 0, bytes);
        }
    }
}

static void clear_columns(const struct ti_sparse_mask *mask,
                          const struct ti_philox *philox,
                          const struct ti_kernels *kernels, uint64_t first, size_t count,
                          size_t bytes, unsigned char *out) {
    struct table table;
    const size_t room = TABLE_WORDS / (size_t)mask->rows;
    const size_t most = room < TABLE_COLS ? room : TABLE_COLS;
    for (uint64_t col = 0; col < mask->cols; col += table.cols) {
        table.first = col;
        table.cols = mask->cols - col < most ? (size_t)(mask->cols - col) : most;
        table_words(mask, philox, kernels, &table);
        table_pivots(mask, philox, kernels, &table);
        for (size_t c = 0; c < table.cols; c++) {
            clear_column(mask, &table, c, first, count, bytes, out);
        }
    }
}

/* A table costs about what 1/128 of its rows cost alone. */
static bool is_worth_tables(const struct ti_sparse_mask *mask, size_t count) {
    return mask->rows <= TABLE_WORDS && count / mask->cols >= 1 + mask->rows / 128;
}

void ti_sparse_mask_clear(const struct ti_sparse_mask *mask,
                          const struct ti_philox *philox,
                          const struct ti_kernels *kernels, struct ti_blocks blocks,
                          size_t count, size_t bytes, void *out) {
    if (mask->zeros == 0) return;
    if (!blocks.list && is_worth_tables(mask, count)) {
        clear_columns(mask, philox, kernels, 4 * blocks.first, count, bytes, out);
    } else {
        clear_listed(mask, philox, kernels, blocks, count, bytes, out);
    }
}
