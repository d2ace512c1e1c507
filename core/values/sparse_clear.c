/* SPDX-License-Identifier: MIT */
/* Zeros of sparse matrices from complete thresholds: see sparse_factor.h. */
#include <string.h>

#include "core/values/sparse_factor.h"

#define BATCH ((size_t)8 * TI_TILE_WORDS)

/* Lane-2 words of the elements of some blocks. */
static void key_words(const struct ti_philox *philox, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, uint32_t words[BATCH]) {
    uint64_t list[BATCH / 4];
    struct ti_blocks keys = {TI_LANE(2) | blocks.first, NULL};
    if (blocks.list) {
        for (size_t i = 0; i < count / 4; i++) list[i] = TI_LANE(2) | blocks.list[i];
        keys.list = list;
    }
    kernels->words(philox, keys, count, words);
}

/* Splits elements [elem, elem + count) into runs of known columns within a row. */
static void clear_elems(const struct ti_sparse_factor *factor,
                        const struct ti_kernels *kernels, uint64_t elem,
                        const uint32_t *words, size_t count, size_t bytes,
                        unsigned char *out) {
    const struct ti_columns *columns = &factor->columns;
    const uint64_t cols = factor->mask.cols;
    uint64_t row = elem / cols, col = elem % cols;
    for (size_t i = 0, now; i < count && row < factor->mask.rows; i += now) {
        const uint64_t ahead =
            col - columns->first; /* wraps for columns before the first */
        const uint64_t k = ahead / columns->step;
        const bool known =
            col >= columns->first && ahead % columns->step == 0 && k < columns->count;
        now = 1;
        if (known && columns->step == 1) {
            const uint64_t run = columns->count - k;
            now = count - i < run ? count - i : (size_t)run;
        }
        if (known) {
            kernels->clear_keys(words + i, factor->word + k, factor->row + k,
                                (uint32_t)row, now, bytes, out + i * bytes);
        }
        col += now;
        if (col == cols) row++, col = 0;
    }
}

void ti_sparse_clear(const struct ti_sparse_mask *mask,
                     const struct ti_sparse_factor *factor,
                     const struct ti_philox *philox, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, size_t bytes, void *out) {
    unsigned char *to = out;
    if (mask->zeros == 0) return;
    if (mask->zeros == mask->rows) {
        memset(out, 0, count * bytes);
        return;
    }
    for (size_t done = 0, now; done < count; done += now) {
        uint32_t words[BATCH];
        now = count - done < BATCH ? count - done : BATCH;
        struct ti_blocks at = blocks;
        at.first += done / 4;
        if (at.list) at.list += done / 4;
        key_words(philox, kernels, at, now, words);
        for (size_t i = 0, run; i < now / 4; i += run) {
            for (run = at.list ? 1 : now / 4; i + run < now / 4; run++) {
                if (at.list[i + run] != at.list[i] + run) break;
            }
            clear_elems(factor, kernels, 4 * (at.list ? at.list[i] : at.first),
                        words + 4 * i, 4 * run, bytes, to + (done + 4 * i) * bytes);
        }
    }
}
