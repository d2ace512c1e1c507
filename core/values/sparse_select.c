/* SPDX-License-Identifier: MIT */
/*
 * Hoare's selection (Algorithm 65: "Find", CACM 4(7), 1961): see sparse_select.h. Keys are
 * random, so the one in the middle divides well.
 */
#include "core/values/sparse_select.h"

static void swap(uint64_t *a, uint64_t *b) {
    const uint64_t former = *a;
    *a = *b;
    *b = former;
}

uint64_t ti_sparse_select(uint64_t *keys, size_t count, size_t rank) {
    size_t first = 0, last = count - 1;
    for (;;) {
        size_t less = first;
        swap(&keys[first + (last - first) / 2], &keys[last]);
        const uint64_t pivot = keys[last];
        /* Without a branch, which random keys would mislead. */
        for (size_t i = first; i < last; i++) {
            const size_t is_less = keys[i] < pivot;
            swap(&keys[less], &keys[i]);
            less += is_less;
        }
        keys[last] = keys[less];
        keys[less] = pivot;
        if (rank == less) return pivot;
        if (rank < less) {
            last = less - 1;
        } else {
            first = less + 1;
        }
    }
}
