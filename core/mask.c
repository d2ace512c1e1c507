/* SPDX-License-Identifier: MIT */
/*
 * The swap-or-not shuffle (Hoang, Morris, Rogaway: "An enciphering scheme based on a card
 * shuffle", CRYPTO 2012) of each column's rows: see mask.h.
 *
 * In each of 32 rounds a place meets its partner, pivot - place modulo the rows; a random bit
 * of the pair says whether they swap. The bit is of the lane-2 word of the larger place's
 * element, one bit a round; the pivots of a column are words of lane 3. Rounds are done for
 * many elements together, so that their words come from the kernels at full speed.
 */
#include "core/mask.h"

#define ROUNDS 32
#define BATCH TI_TILE_WORDS

/* One word of each element that 'elem' lists, in a lane. */
static void words_of(const struct ti_philox *philox, const struct ti_kernels *kernels,
                     unsigned lane, const uint64_t elem[BATCH], uint32_t word[BATCH]) {
    uint64_t list[BATCH];
    uint32_t words[4 * BATCH];
    const struct ti_blocks blocks = {0, list};
    for (size_t i = 0; i < BATCH; i++) list[i] = (uint64_t)lane << 62 | elem[i] / 4;
    kernels->words(philox, blocks, 4 * BATCH, words);
    for (size_t i = 0; i < BATCH; i++) word[i] = words[4 * i + elem[i] % 4];
}

static void shuffle(const struct ti_mask *mask, const struct ti_philox *philox,
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

void ti_mask_get(const struct ti_mask *mask, const struct ti_philox *philox,
                 const struct ti_kernels *kernels, struct ti_blocks blocks, size_t count,
                 bool *zero) {
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
        for (size_t i = 0; i < now; i++) zero[done + i] = row[i] < mask->zeros;
    }
}
