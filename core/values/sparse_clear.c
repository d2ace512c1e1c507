/* SPDX-License-Identifier: MIT */
/* Zeros of sparse matrices from complete thresholds: see sparse_factor.h. */
#include <string.h>

#include "core/values/sparse_factor.h"

#define BATCH ((size_t)8 * TI_TILE_WORDS)

/* Lane-2 words of the elements of some blocks. */
static void key_words(const struct ti_philox *philox, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, uint32_t words[BATCH]) {
    uint64_t list[BATCH / 4];
    for (size_t i = 0; i < count / 4; i++) {
        list[i] = TI_LANE(2) | (blocks.list ? blocks.list[i] : blocks.first + i);
    }
    const struct ti_blocks keys = {0, list};
    kernels->words(philox, keys, count, words);
}

/* Elements of one row from place 'col' on. Without a branch, which random words would mislead. */
static void clear_run(const struct ti_sparse_factor *factor, uint32_t row, uint64_t col,
                      const uint32_t *words, size_t count, size_t bytes,
                      unsigned char *out) {
    const uint32_t *threshold = factor->word + col, *last_row = factor->row + col;
#define CLEAR(type)                                                                      \
    for (size_t i = 0; i < count; i++) {                                                 \
        type value;                                                                      \
        const unsigned zero = (words[i] < threshold[i]) |                                \
                              ((words[i] == threshold[i]) & (row <= last_row[i]));       \
        memcpy(&value, out + sizeof value * i, sizeof value);                            \
        value = (type)(zero ? 0 : value);                                                \
        memcpy(out + sizeof value * i, &value, sizeof value);                            \
    }
    switch (bytes) {
    case 1:
        CLEAR(uint8_t) break;
    case 2:
        CLEAR(uint16_t) break;
    case 4:
        CLEAR(uint32_t) break;
    default:
        CLEAR(uint64_t) break;
    }
#undef CLEAR
}

/* Splits elements [elem, elem + count) into runs of known columns within a row. */
static void clear_elems(const struct ti_sparse_factor *factor, uint64_t elem,
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
        if (known)
            clear_run(factor, (uint32_t)row, k, words + i, now, bytes, out + i * bytes);
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
        if (!at.list) {
            clear_elems(factor, 4 * at.first, words, now, bytes, to + done * bytes);
            continue;
        }
        for (size_t i = 0; i < now; i += 4) {
            clear_elems(factor, 4 * at.list[i / 4], words + i, 4, bytes,
                        to + (done + i) * bytes);
        }
    }
}
