/* SPDX-License-Identifier: MIT */
/*
 * The normal kernels at both ends of every octave and on 2^24 words in runs at random
 * places, untruncated and cut at several distances: the part of 'make test-exhaustive'
 * that every instruction set can do, also under an emulator.
 */
#include <math.h>
#include <stdio.h>

#include "support/quantile.h"
#include "support/random.h"
#include "support/test.h"

#define MAGNITUDES 0x80000000u

static void run(struct quantile *q, double from) {
    if (from < 0) from = 0;
    if (from > (double)(MAGNITUDES - QUANTILE_RUN)) from = MAGNITUDES - QUANTILE_RUN;
    q->next = 0; /* runs are apart */
    if (!quantile_run(q, (uint32_t)from)) fail_msg("%s", q->fault);
}

/* Around the magnitudes at which the tail passes a power of two. */
static void edges(struct quantile *q) {
    run(q, 0);
    run(q, MAGNITUDES);
    for (int e = 0; e < 31; e++) {
        run(q, (ldexp(1, e - 32) - q->outside) / q->step - QUANTILE_RUN / 2);
    }
}

static void report(const struct quantile *q) {
    printf("cut %g: %llu words, worst error %.3g at magnitude %lu, |z| %.3g to %.9g\n",
           q->cut, (unsigned long long)q->words, q->worst, (unsigned long)q->worst_at,
           q->min, q->max);
}

static void octave_edges(void **state) {
    static const double cuts[] = {INFINITY, 2, 0.5, 1, 2.5, 3, 4.5, 6, 6.3, 7, 40};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct quantile q;
        quantile_init(&q, cuts[i]);
        edges(&q);
        report(&q);
        assert_true(q.max <= cuts[i]);
    }
}

static void random_runs(void **state) {
    static const double cuts[] = {INFINITY, 2};
    uint64_t random = 7;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct quantile q;
        quantile_init(&q, cuts[i]);
        while (q.words < (uint64_t)1 << 23) {
            run(&q, (double)random_below(&random, MAGNITUDES - QUANTILE_RUN));
        }
        report(&q);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octave_edges),
        cmocka_unit_test(random_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
