/* SPDX-License-Identifier: MIT */
/* The exact quantiles of tests/bits/vectors, for words of 32 and 64 bits, plain and cut
   at 2. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/kernels/dispatch.h"
#include "core/values/sampler.h"
#include "support/test.h"
#include "support/tsv.h"
#include "support/values.h"

static struct ti_sampler sample_of(enum ti_distribution distribution,
                                   enum ti_dtype dtype) {
    const struct ti_dist dist = {
        .distribution = distribution, .sigma = 1, .z_low = -2, .z_high = 2};
    struct ti_sampler sampler;
    assert_int_equal(ti_sampler_make(&dist, dtype, 0, 0, &sampler, NULL), TI_OK);
    return sampler;
}

struct worst {
    double error;
    char word[24];
};

/* Weighted as in docs/SPEC.md, "Accuracy". */
static void note(struct worst *worst, const char *word, double z, const char *exact) {
    const long double expected = strtold(exact, NULL);
    const double error =
        (double)(fabsl(z - expected) / (fabsl(expected) > 1 ? fabsl(expected) : 1));
    if (error < worst->error) return;
    worst->error = error;
    snprintf(worst->word, sizeof worst->word, "%s", word);
}

static void report(const char *what, const struct worst *worst, double limit) {
    printf("%s: worst error %.3g at word %s\n", what, worst->error, worst->word);
    if (!(worst->error <= limit)) fail_msg("%s is above %g", what, limit);
}

static void words_of_32_bits(void **state) {
    const struct ti_sampler samplers[] = {
        sample_of(TI_DISTRIBUTION_NORMAL, TI_DTYPE_F32),
        sample_of(TI_DISTRIBUTION_TRUNCATED_NORMAL, TI_DTYPE_F32)};
    struct worst worst[2] = {{0}};
    struct tsv tsv;
    int rows = 0;
    (void)state;
    for (tsv_open(&tsv, "tests/bits/vectors/quantile32.tsv"); tsv_next(&tsv); rows++) {
        const uint32_t word = (uint32_t)strtoul(tsv.field[0], NULL, 10);
        uint32_t in[TI_TILE_WORDS] = {word};
        for (int i = 0; i < 2; i++) {
            const struct ti_kernels *kernels;
            for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
                float out[TI_TILE_WORDS];
                kernels->map[samplers[i].kernel](&samplers[i].transform, in,
                                                 TI_TILE_WORDS, out);
                note(&worst[i], tsv.field[0], (double)out[0], tsv.field[1 + i]);
                assert_true((out[0] > 0) == (word >= 0x80000000));
            }
        }
    }
    assert_int_equal(rows, 2000);
    report("normal", &worst[0], 3e-7);
    report("cut at 2", &worst[1], 3e-7);
}

static void words_of_64_bits(void **state) {
    const struct ti_sampler samplers[] = {
        sample_of(TI_DISTRIBUTION_NORMAL, TI_DTYPE_F64),
        sample_of(TI_DISTRIBUTION_TRUNCATED_NORMAL, TI_DTYPE_F64)};
    struct worst worst[2] = {{0}};
    struct tsv tsv;
    int rows = 0;
    (void)state;
    for (tsv_open(&tsv, "tests/bits/vectors/quantile64.tsv"); tsv_next(&tsv); rows++) {
        const uint64_t word = strtoull(tsv.field[0], NULL, 10);
        for (int i = 0; i < 2; i++) {
            const double z = values_f64(&samplers[i], word);
            note(&worst[i], tsv.field[0], z, tsv.field[1 + i]);
            assert_true((z > 0) == (word >> 63));
            assert_true(values_f64(&samplers[i], ~word) == -z);
        }
    }
    assert_int_equal(rows, 2000);
    report("normal", &worst[0], 1e-15);
    report("cut at 2", &worst[1], 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_32_bits),
        cmocka_unit_test(words_of_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
