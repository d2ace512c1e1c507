/* SPDX-License-Identifier: MIT */
/*
 * Chi-square tests of the words of every stream (support/streams.h), 2^22 words each, which
 * makes 15 tests a stream.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/parallel.h"
#include "support/statistics.h"
#include "support/streams.h"

#define WORDS ((size_t)1 << 22)
#define BINS 65536

static void even(const char *stream, const char *test, const uint64_t *count,
                 size_t bins) {
    parallel_lock();
    test_note(stream, test, p_even(count, bins));
    parallel_unlock();
}

/* Each byte; the upper and the lower half. */
static void frequencies(const char *stream, const uint32_t *w) {
    static const char *const names[] = {"byte 0", "byte 1", "byte 2", "byte 3"};
    uint64_t *count = calloc(BINS, sizeof *count);
    for (int byte = 0; byte < 4; byte++) {
        memset(count, 0, BINS * sizeof *count);
        for (size_t i = 0; i < WORDS; i++) count[w[i] >> 8 * byte & 0xff]++;
        even(stream, names[byte], count, 256);
    }
    for (int half = 0; half < 2; half++) {
        memset(count, 0, BINS * sizeof *count);
        for (size_t i = 0; i < WORDS; i++) count[w[i] >> 16 * half & 0xffff]++;
        even(stream, half ? "upper half" : "lower half", count, BINS);
    }
    free(count);
}

/* Pairs of bytes at a distance: the next word, the one after it, the next block, and further;
   then the last byte of a word with the first of the next. */
static void pairs(const char *stream, const uint32_t *w) {
    static const size_t distances[] = {1, 2, 4, 128};
    uint64_t *count = calloc(BINS, sizeof *count);
    for (size_t d = 0; d < sizeof distances / sizeof *distances; d++) {
        char name[40];
        snprintf(name, sizeof name, "pairs at %zu", distances[d]);
        memset(count, 0, BINS * sizeof *count);
        /* Pairs that do not share a word, or their counts would not be independent. */
        for (size_t i = 0; i + distances[d] < WORDS; i++) {
            if (i / distances[d] % 2) continue;
            count[w[i] >> 24 << 8 | w[i + distances[d]] >> 24]++;
        }
        even(stream, name, count, BINS);
    }
    memset(count, 0, BINS * sizeof *count);
    for (size_t i = 0; i + 1 < WORDS; i++) count[(w[i] & 0xff) << 8 | w[i + 1] >> 24]++;
    even(stream, "lowest and highest byte", count, BINS);
    free(count);
}

static int ones(uint32_t x) {
    int n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}

/* Bits that differ between words at a distance: binomial. */
static void differences(const char *stream, const uint32_t *w) {
    static const size_t distances[] = {1, 4, 16};
    double expected[33], ways = ldexp(1, -32);
    for (int k = 0; k <= 32; k++) {
        expected[k] = ways;
        ways = ways * (32 - k) / (k + 1);
    }
    for (size_t d = 0; d < sizeof distances / sizeof *distances; d++) {
        uint64_t count[33] = {0};
        double scaled[33];
        char name[40];
        snprintf(name, sizeof name, "bits that differ at %zu", distances[d]);
        for (size_t i = 0; i + distances[d] < WORDS; i++) {
            count[ones(w[i] ^ w[i + distances[d]])]++;
        }
        for (int k = 0; k <= 32; k++) {
            scaled[k] = expected[k] * (double)(WORDS - distances[d]);
        }
        parallel_lock();
        test_note(stream, name, p_chi_square(count, scaled, 33));
        parallel_unlock();
    }
}

/* Each bit by itself: 32 times a fair coin. */
static void bits(const char *stream, const uint32_t *w) {
    uint64_t count[32] = {0};
    for (size_t i = 0; i < WORDS; i++) {
        for (int b = 0; b < 32; b++) count[b] += w[i] >> b & 1;
    }
    double sum = 0;
    for (int b = 0; b < 32; b++) {
        const double z = ((double)count[b] - WORDS / 2.0) / sqrt(WORDS / 4.0);
        sum += z * z;
    }
    parallel_lock();
    /* chi-square of 32 degrees is nearly normal after Wilson and Hilferty's cube root */
    const double h = 2.0 / (9 * 32);
    test_note(stream, "single bits", p_normal((cbrt(sum / 32) - (1 - h)) / sqrt(h)));
    parallel_unlock();
}

static void check(void *context, uint64_t number) {
    const struct stream *stream = &streams[number];
    uint32_t *w = malloc(WORDS * sizeof *w);
    (void)context;
    stream->words(0, WORDS / 4, w);
    frequencies(stream->name, w);
    pairs(stream->name, w);
    differences(stream->name, w);
    bits(stream->name, w);
    free(w);
}

int main(void) {
    uint64_t count = 0;
    while (streams[count].name) count++;
    parallel(count, check, NULL);
    return test_sum();
}
