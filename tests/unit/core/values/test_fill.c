/* SPDX-License-Identifier: MIT */
/*
 * core/values/fill and gather: an element is a function of its word alone, so any range
 * of a tensor, in any buffer and by any instruction set, has the same bytes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/kernels/dispatch.h"
#include "core/values/fill.h"
#include "core/request/plan.h"
#include "support/fence.h"
#include "support/oracle.h"
#include "support/random.h"
#include "support/test.h"
#include "support/values.h"

#define BIG "1152921504606846976" /* 2^60 elements */

/* Every class of samplers; clamps; both ends of a tail. */
static const char *const requests[] = {
    "scheme=he_normal&fan_in=784",
    "scheme=glorot_uniform&fan_in=784&fan_out=512",
    "scheme=kaiming_normal&fan_in=784",
    "scheme=uniform&low=-0.3&high=7",
    "scheme=normal&mean=1&std=0.02",
    "scheme=truncated_normal&truncation=0.3",
    "scheme=truncated_normal&truncation=3&mean=2",
    "scheme=truncated_normal&truncation=-1,2.5",
    "scheme=truncated_normal&truncation=0.5,inf",
    "scheme=truncated_normal&truncation=-inf,-3",
    "scheme=truncated_normal&low=-1.9&high=2.1&mean=0.1",
    "scheme=truncated_normal&low=-2&high=2&std=0.5",
    "scheme=uniform&low=1.7&high=1.7",
    "scheme=constant&value=-1.7",
    "scheme=ones",
    "scheme=zeros",
};

static struct ti_plan *plan_of(const char *dist, const char *dtype, const char *shape) {
    char query[300];
    snprintf(query, sizeof query, "shape=%s&seed=0xfeedface12345678&name=t&dtype=%s&%s",
             shape, dtype, dist);
    return test_plan(query);
}

#define WHOLE 1100

/* One request on one instruction set: random ranges, with the output ending at a guard
   page. */
static void check_cuts(const struct ti_plan *plan, const struct ti_kernels *kernels,
                       const unsigned char *full, const struct fence *fence,
                       uint64_t *random) {
    const size_t bytes = ti_dtype_bytes(plan->info.dtype);
    for (int i = 0; i < 60; i++) {
        const size_t first = random_below(random, WHOLE);
        const size_t count = random_below(random, i % 2 ? WHOLE - first + 1 : 9);
        if (first + count > WHOLE) continue;
        /* at the end of the pages, or unaligned */
        unsigned char *out = fence_tail(fence, count * bytes);
        if (i % 3 == 0) out = fence->start + random_below(random, 64);
        ti_fill(&plan->sampler, kernels, first, count, out);
        if (memcmp(out, full + first * bytes, count * bytes) != 0) {
            fail_msg("%s, %s on %s: elements %zu to %zu", plan->info.scheme,
                     ti_dtype_name(plan->info.dtype), kernels->name, first,
                     first + count);
        }
    }
}

static void any_cut_on_any_isa(void **state) {
    struct fence fence = fence_make(WHOLE * 8 + 64);
    uint64_t random = 3;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
            if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
            struct ti_plan *plan = plan_of(requests[i], ti_dtype_name(dtype), "11,100");
            const struct ti_kernels *kernels;
            unsigned char full[WHOLE * 8];
            ti_fill(&plan->sampler, &ti_kernels_portable, 0, WHOLE, full);
            for (size_t isa = 0; (kernels = ti_dispatch_at(isa)); isa++) {
                check_cuts(plan, kernels, full, &fence, &random);
            }
            ti_plan_free(plan);
        }
    }
    fence_free(&fence);
}

/* Nothing is written before or after. */
static void writes_only_its_own(void **state) {
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
        struct ti_plan *plan =
            plan_of(requests[dtype % 3], ti_dtype_name(dtype), "11,100");
        const size_t bytes = ti_dtype_bytes(plan->info.dtype);
        for (size_t count = 0; count < 300; count += 7) {
            unsigned char out[16 + 300 * 8 + 16];
            memset(out, 0xa5, sizeof out);
            assert_int_equal(ti_plan_fill(plan, 5, count, out + 16, NULL), TI_OK);
            for (size_t i = 0; i < 16; i++) assert_int_equal(out[i], 0xa5);
            for (size_t i = 16 + count * bytes; i < sizeof out; i++) {
                assert_int_equal(out[i], 0xa5);
            }
        }
        ti_plan_free(plan);
    }
}

/* The value of an element, from the oracle's Philox. */
static double value_of(const struct ti_plan *plan, uint64_t elem) {
    const uint64_t seed = plan->info.seed, stream = plan->info.stream;
    const uint32_t word = oracle_word(seed, stream, 0, elem);
    const struct ti_sampler *sampler = &plan->sampler;
    if (sampler->class != &ti_sampler_kernel) return sampler->low;
    if (sampler->dtype != TI_DTYPE_F64) return (double)values_f32(sampler, word);
    return values_f64(sampler, (uint64_t)word << 32 | oracle_word(seed, stream, 1, elem));
}

/* Beginnings of ranges: the tensor's, carries of the counter, and the bytes at element
   2^59. */
static const uint64_t places[] = {
    0,
    1,
    127,
    (uint64_t)1 << 32,
    ((uint64_t)1 << 34) - 260, /* block 2^32 */
    ((uint64_t)1 << 34) - 3,
    ((uint64_t)1 << 35) - 131,
    ((uint64_t)3 << 34) - 65,
    (uint64_t)1 << 59,
    ((uint64_t)1 << 59) + 12345,
    ((uint64_t)1 << 60) - 300,
};

static void elements_are_their_words(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        for (int f64 = 0; f64 < 2; f64++) {
            struct ti_plan *plan = plan_of(requests[i], f64 ? "f64" : "f32",
                                           f64 ? "576460752303423488" : BIG);
            for (size_t k = 0; k < COUNT_OF(places); k++) {
                unsigned char out[300 * 8];
                if (places[k] + 300 > plan->info.elems) continue;
                assert_int_equal(ti_plan_fill(plan, places[k], 300, out, NULL), TI_OK);
                for (size_t e = 0; e < 300; e++) {
                    double x;
                    float narrow;
                    memcpy(&narrow, out + 4 * e, 4);
                    memcpy(&x, out + 8 * e, 8);
                    if (!f64) x = (double)narrow;
                    if (x != value_of(plan, places[k] + e)) {
                        fail_msg("%s: element %llu is %a, not %a", requests[i],
                                 (unsigned long long)(places[k] + e), x,
                                 value_of(plan, places[k] + e));
                    }
                }
            }
            ti_plan_free(plan);
        }
    }
}

static struct ti_plan *plan_5(const char *query, const char *dtype) {
    char text[120];
    snprintf(text, sizeof text, "shape=4000&seed=5&dtype=%s&%s", dtype, query);
    return test_plan(text);
}

/* Both kinds of uniform, in f32 and f64, from the formulas of docs/SPEC.md section 4. */
static void uniform_by_the_formula(void **state) {
    static const struct {
        const char *query;
        double low, width, bound; /* a bound: symmetric */
    } rows[] = {
        {"scheme=uniform&low=-1.5&high=2", -1.5, 3.5, 0},
        {"scheme=uniform&low=-1&high=1", -1, 2, 0},
        {"scheme=uniform", 0, 1, 0},
        /* sqrt(6 / 24) = 1/2 */
        {"scheme=he_uniform&fan_in=24", 0, 0, 0.5},
    };
    (void)state;
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        struct ti_plan *plan = plan_5(rows[r].query, "f32");
        float x[4000];
        assert_int_equal(ti_plan_fill(plan, 0, 4000, x, NULL), TI_OK);
        ti_plan_free(plan);
        plan = plan_5(rows[r].query, "f64");
        double y[4000];
        assert_int_equal(ti_plan_fill(plan, 0, 4000, y, NULL), TI_OK);
        ti_plan_free(plan);
        for (uint64_t i = 0; i < 4000; i++) {
            const uint32_t high = oracle_word(5, 0, 0, i);
            const uint64_t word = (uint64_t)high << 32 | oracle_word(5, 0, 1, i);
            float product = (float)rows[r].width * ((float)(high >> 8) / 16777216.0f);
            double f64 = rows[r].width * ((double)(word >> 11) / 9007199254740992.0);
            if (rows[r].bound > 0) {
                const int64_t odd = 2 * (int64_t)(high >> 8) + 1 - (1 << 24);
                const int64_t odd_64 = 2 * (int64_t)(word >> 11) + 1 - ((int64_t)1 << 53);
                product = (float)rows[r].bound * ((float)odd / 16777216.0f);
                f64 = rows[r].bound * ((double)odd_64 / 9007199254740992.0);
            }
            assert_row(x[i] == (float)rows[r].low + product, rows[r].query);
            assert_row(y[i] == rows[r].low + f64, rows[r].query);
        }
    }
}

/* Narrow types are the f32 tensor rounded; f64 has the f32 words with 32 more bits. */
static void types_agree(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        float x[WHOLE];
        double y[WHOLE];
        struct ti_plan *plan = plan_of(requests[i], "f32", "1100");
        assert_int_equal(ti_plan_fill(plan, 0, WHOLE, x, NULL), TI_OK);
        ti_plan_free(plan);
        plan = plan_of(requests[i], "f64", "1100");
        assert_int_equal(ti_plan_fill(plan, 0, WHOLE, y, NULL), TI_OK);
        ti_plan_free(plan);
        for (size_t e = 0; e < WHOLE; e++) {
            assert_row(fabs((double)x[e] - y[e]) <= 2e-6 * fmax(1, fabs(y[e])),
                       requests[i]);
        }
        for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
            const size_t bytes = ti_dtype_bytes(dtype);
            const struct oracle_type *type = oracle_type_of(ti_dtype_name(dtype));
            unsigned char out[WHOLE * 2];
            if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT || bytes > 2) continue;
            if (!type) fail_msg("no oracle for %s", ti_dtype_name(dtype));
            plan = plan_of(requests[i], ti_dtype_name(dtype), "1100");
            assert_int_equal(ti_plan_fill(plan, 0, WHOLE, out, NULL), TI_OK);
            ti_plan_free(plan);
            for (size_t e = 0; e < WHOLE; e++) {
                uint16_t code = 0;
                memcpy(&code, out + bytes * e, bytes);
                assert_row(code == oracle_narrow(type, x[e]), requests[i]);
            }
        }
    }
}

/* Elements depend on seed and name, not on the shape. */
static void seeds_and_names(void **state) {
    static const char *const queries[] = {
        "shape=1000&scheme=normal&seed=1&name=a",
        "shape=50,20&scheme=normal&seed=1&name=a",
        "shape=9000&scheme=normal&seed=1&name=a",
        "shape=1000&scheme=normal&seed=2&name=a",
        "shape=1000&scheme=normal&seed=1&name=b",
        "shape=1000&scheme=normal&seed=1",
        "shape=1000&scheme=normal&seed=-1&name=a",
        "shape=1000&scheme=normal&seed=4294967297&name=a",
    };
    float x[COUNT_OF(queries)][1000];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        assert_int_equal(ti_plan_fill(plan, 0, 1000, x[i], NULL), TI_OK);
        ti_plan_free(plan);
        for (size_t k = 0; k < i; k++) {
            const bool same = i < 3 && k < 3;
            assert_row((memcmp(x[i], x[k], sizeof x[i]) == 0) == same, queries[i]);
        }
    }
}

static void out_of_range(void **state) {
    static const struct {
        uint64_t first, count;
    } ranges[] = {
        {0, 13},         {12, 1},
        {13, 0},         {1, 12},
        {UINT64_MAX, 1}, {UINT64_MAX, 0},
        {1, UINT64_MAX}, {12, UINT64_MAX},
        {0, UINT64_MAX}, {UINT64_MAX, UINT64_MAX},
    };
    (void)state;
    for (size_t k = 0; k < COUNT_OF(requests); k++) {
        struct ti_plan *plan = plan_of(requests[k], "f64", "3,4");
        for (size_t i = 0; i < COUNT_OF(ranges); i++) {
            unsigned char out[8 * 13], expected[8 * 13];
            memset(out, 0x55, sizeof out);
            memset(expected, 0x55, sizeof expected);
            assert_int_equal(
                ti_plan_fill(plan, ranges[i].first, ranges[i].count, out, NULL),
                TI_ERANGE);
            assert_memory_equal(out, expected, sizeof out);
        }
        assert_int_equal(ti_plan_fill(plan, 12, 0, NULL, NULL), TI_OK);
        ti_plan_free(plan);
    }
}

/* Parts have the elements of the full tensor, in order; so has any range of a part. */
static void parts(void **state) {
    float full[6 * 7 * 8];
    struct ti_plan *plan = test_plan("shape=6,7,8&scheme=normal");
    assert_int_equal(ti_plan_fill(plan, 0, 6 * 7 * 8, full, NULL), TI_OK);
    ti_plan_free(plan);
    plan = test_plan("shape=6,7,8&scheme=normal&slice=1:6:2,::-2,-1:1:-3");
    const uint64_t count = ti_plan_info(plan)->elems;
    assert_int_equal(count, 3 * 4 * 2);
    (void)state;
    for (uint64_t first = 0; first < count; first++) {
        for (uint64_t n = 0; n <= count - first; n++) {
            float out[3 * 4 * 2];
            assert_int_equal(ti_plan_fill(plan, first, n, out, NULL), TI_OK);
            for (uint64_t i = 0; i < n; i++) {
                const uint64_t at = first + i;
                const uint64_t a = 1 + 2 * (at / 8), b = 6 - 2 * (at / 2 % 4);
                const uint64_t c = 7 - 3 * (at % 2);
                assert_true(out[i] == full[(a * 7 + b) * 8 + c]);
            }
        }
    }
    ti_plan_free(plan);
}

/* icnr: outputs that a pixel shuffle puts side by side are those of the small tensor. */
static void equal_outputs(void **state) {
    enum { REST = 5 * 3 * 3, DISTINCT = 4, COPIES = 9 };
    for (int io = 0; io < 2; io++) {
        float small[DISTINCT * REST], full[COPIES * DISTINCT * REST], part[100];
        struct ti_plan *plan =
            test_plan(io ? "shape=3,3,5,4&scheme=kaiming_normal&layout=io"
                         : "shape=4,5,3,3&scheme=kaiming_normal");
        assert_int_equal(ti_plan_fill(plan, 0, COUNT_OF(small), small, NULL), TI_OK);
        ti_plan_free(plan);
        plan = test_plan(io ? "shape=3,3,5,36&scheme=kaiming_normal&layout=io&icnr=3"
                            : "shape=36,5,3,3&scheme=kaiming_normal&icnr=3");
        assert_int_equal(ti_plan_fill(plan, 0, COUNT_OF(full), full, NULL), TI_OK);
        for (size_t i = 0; i < COUNT_OF(full); i++) {
            const size_t output = io ? i % 36 : i / REST, rest = io ? i / 36 : i % REST;
            const size_t source =
                io ? rest * DISTINCT + output % DISTINCT : output / COPIES * REST + rest;
            assert_true(full[i] == small[source]);
        }
        for (uint64_t first = 0; first < COUNT_OF(full) - 100; first += 7) {
            assert_int_equal(ti_plan_fill(plan, first, 100, part, NULL), TI_OK);
            assert_memory_equal(part, full + first, sizeof part);
        }
        ti_plan_free(plan);
    }
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_on_any_isa),
        cmocka_unit_test(writes_only_its_own),
        cmocka_unit_test(elements_are_their_words),
        cmocka_unit_test(uniform_by_the_formula),
        cmocka_unit_test(types_agree),
        cmocka_unit_test(seeds_and_names),
        cmocka_unit_test(out_of_range),
        cmocka_unit_test(parts),
        cmocka_unit_test(equal_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
