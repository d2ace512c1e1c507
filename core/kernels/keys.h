/* SPDX-License-Identifier: MIT */
/*
 * Keys of sparse matrices, words of 32 bits: which of a row's keys may be the thresholds of
 * their columns, and which elements are 0 by thresholds. See kernels.h.
 */
#ifndef TI_KERNELS_KEYS_H
#define TI_KERNELS_KEYS_H

/* The lanes of a vector that are in a vector of all ones or zeros, from bit 0 on. */
#define KEYS_ALL_LANES (((uint32_t)2 << (V_LANES - 1)) - 1)

static size_t find_keys(const struct ti_key_range *range, const uint32_t *words,
                        size_t count, uint32_t *below, uint16_t *found) {
    const v_u32 first = v_u32_set(range->first), span = v_u32_set(range->span);
    const v_u32 minus_first = v_u32_set(0 - range->first);
    size_t i = 0, used = 0;
    for (; V_LANES > 1 && i + V_LANES <= count; i += V_LANES) {
        const v_u32 word = v_u32_load(words + i);
        const v_u32 less = v_u32_shr(v_u32_below(word, first), 31);
        const v_u32 beyond = v_u32_below(span, v_u32_add(word, minus_first));
        v_u32_store(below + i, v_u32_add(v_u32_load(below + i), less));
        for (uint32_t lanes = ~v_u32_lanes(beyond) & KEYS_ALL_LANES; lanes;
             lanes &= lanes - 1) {
            found[used++] = (uint16_t)(i + (size_t)__builtin_ctz(lanes));
        }
    }
    for (; i < count; i++) {
        below[i] += words[i] < range->first;
        found[used] = (uint16_t)i;
        used += words[i] - range->first <= range->span;
    }
    return used;
}

/* All ones where the element stays, else 0; the rest of a row in portable C. */
static inline v_u32 keys_above(const uint32_t *words, const uint32_t *threshold,
                               const uint32_t *last_row, v_u32 row) {
    const v_u32 word = v_u32_load(words), limit = v_u32_load(threshold);
    const v_u32 later = v_u32_below(v_u32_load(last_row), row);
    return v_u32_or(v_u32_below(limit, word), v_u32_and(v_u32_equal(limit, word), later));
}

static void keys_mask(const uint32_t *words, const uint32_t *threshold,
                      const uint32_t *last_row, uint32_t row, size_t count,
                      uint32_t *mask) {
    size_t i = 0;
    for (; i + V_LANES <= count; i += V_LANES) {
        v_u32_store(mask + i,
                    keys_above(words + i, threshold + i, last_row + i, v_u32_set(row)));
    }
    for (; i < count; i++) {
        const uint32_t tie = (words[i] == threshold[i]) & (row > last_row[i]);
        mask[i] = 0 - ((words[i] > threshold[i]) | tie);
    }
}

#define KEYS_BATCH ((size_t)256)

/* An element's bits, or none; a mask of ones lengthens to one of 64 bits. */
#define KEYS_CLEAR(type)                                                                 \
    for (size_t i = 0; i < count; i++) {                                                 \
        type value;                                                                      \
        memcpy(&value, to + sizeof value * i, sizeof value);                             \
        value &= (type)(int64_t)(int32_t)mask[i];                                        \
        memcpy(to + sizeof value * i, &value, sizeof value);                             \
    }

static inline void keys_apply(const uint32_t *mask, size_t count, size_t bytes,
                              unsigned char *to) {
    switch (bytes) {
    case 1:
        KEYS_CLEAR(uint8_t) break;
    case 2:
        KEYS_CLEAR(uint16_t) break;
    case 4:
        KEYS_CLEAR(uint32_t) break;
    default:
        KEYS_CLEAR(uint64_t) break;
    }
}

static void clear_keys(const uint32_t *words, const uint32_t *threshold,
                       const uint32_t *last_row, uint32_t row, size_t count, size_t bytes,
                       void *out) {
    uint32_t mask[KEYS_BATCH];
    for (size_t done = 0, now; done < count; done += now) {
        now = count - done < KEYS_BATCH ? count - done : KEYS_BATCH;
        keys_mask(words + done, threshold + done, last_row + done, row, now, mask);
        keys_apply(mask, now, bytes, (unsigned char *)out + done * bytes);
    }
}

#endif
