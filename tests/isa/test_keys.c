/* SPDX-License-Identifier: MIT */
/*
 * Keys of sparse matrices by every instruction set, against their definition in kernels.h, in
 * buffers that lie against pages that must not be touched.
 */
#include <stdio.h>

#include "core/kernels/dispatch.h"
#include "support/fence.h"
#include "support/random.h"
#include "support/test.h"

#define COUNT_MAX 300

enum { WORDS, THRESHOLDS, ROWS, OUT, FENCES };

static struct fence fences[FENCES];

static int open_fences(void **state) {
    (void)state;
    for (int i = 0; i < FENCES; i++) fences[i] = fence_make(8 * COUNT_MAX);
    return 0;
}

static int close_fences(void **state) {
    (void)state;
    for (int i = 0; i < FENCES; i++) fence_free(&fences[i]);
    return 0;
}

/* 'count' numbers that end where a fence does. */
static void *at_end(int which, size_t count, size_t bytes) {
    return fences[which].end - count * bytes;
}

/* Words near each other, so that all outcomes of comparing occur, or anywhere. */
static uint32_t random_word(uint64_t *random, uint32_t near) {
    const uint32_t word = (uint32_t)random_u64(random);
    return word % 4 ? near + word / 4 % 5 - 2 : word;
}

static const uint32_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

static void check_found(const struct ti_kernels *kernels,
                        const struct ti_key_range *range, const uint32_t *words,
                        size_t count) {
    uint32_t *below = at_end(THRESHOLDS, count, sizeof *below);
    uint16_t *found = at_end(OUT, count, sizeof *found);
    size_t expected = 0;
    for (size_t i = 0; i < count; i++) below[i] = (uint32_t)i + 7;
    const size_t used = kernels->find_keys(range, words, count, below, found);
    for (size_t i = 0; i < count; i++) {
        const uint64_t first = range->first, last = first + range->span;
        assert_int_equal(below[i], i + 7 + (words[i] < first));
        if (words[i] < first || words[i] > last) continue;
        assert_true(expected < used);
        assert_int_equal(found[expected++], i);
    }
    assert_int_equal(used, expected);
}

static void finds(void **state) {
    const struct ti_kernels *kernels;
    uint64_t random = 31;
    (void)state;
    for (size_t round = 0; round < 3000; round++) {
        const size_t count = random_below(&random, COUNT_MAX + 1);
        uint32_t *words = at_end(WORDS, count, sizeof *words);
        struct ti_key_range range = {edges[round % COUNT_OF(edges)], 0};
        /* The last key of a range is at most the largest one. */
        if (round % 3 == 1) range.span = UINT32_MAX - range.first;
        if (round % 3 == 2 && range.first < UINT32_MAX) range.span = 1;
        for (size_t i = 0; i < count; i++)
            words[i] = random_word(&random, range.first + (i % 2 ? range.span : 0));
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++)
            check_found(kernels, &range, words, count);
    }
}

static void check_cleared(const struct ti_kernels *kernels, size_t count, size_t bytes,
                          uint32_t row) {
    const uint32_t *words = at_end(WORDS, count, sizeof *words),
                   *threshold = at_end(THRESHOLDS, count, sizeof *threshold),
                   *last_row = at_end(ROWS, count, sizeof *last_row);
    unsigned char *out = at_end(OUT, count, bytes);
    for (size_t i = 0; i < count * bytes; i++) out[i] = (unsigned char)(i % 255 + 1);
    kernels->clear_keys(words, threshold, last_row, row, count, bytes, out);
    for (size_t i = 0; i < count * bytes; i++) {
        const size_t k = i / bytes;
        const bool zero =
            words[k] < threshold[k] || (words[k] == threshold[k] && row <= last_row[k]);
        assert_int_equal(out[i], zero ? 0 : (unsigned char)(i % 255 + 1));
    }
}

static void clears(void **state) {
    static const size_t sizes[] = {1, 2, 4, 8};
    const struct ti_kernels *kernels;
    uint64_t random = 32;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        const size_t count = random_below(&random, COUNT_MAX + 1);
        const uint32_t row = edges[random_below(&random, COUNT_OF(edges))];
        uint32_t *words = at_end(WORDS, count, sizeof *words),
                 *threshold = at_end(THRESHOLDS, count, sizeof *threshold),
                 *last_row = at_end(ROWS, count, sizeof *last_row);
        for (size_t i = 0; i < count; i++) {
            threshold[i] = edges[random_below(&random, COUNT_OF(edges))];
            words[i] = random_word(&random, threshold[i]);
            last_row[i] = random_word(&random, row);
        }
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++)
            check_cleared(kernels, count, sizes[round % 4], row);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(clears),
    };
    return cmocka_run_group_tests(tests, open_fences, close_fences);
}
