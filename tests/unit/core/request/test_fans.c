/* SPDX-License-Identifier: MIT */
/*
 * core/request/fans: fans of shapes, in both layouts, transposed and grouped, as a plan
 * reports them. Expected numbers were computed by hand and are those of the frameworks
 * that comments name.
 */
#include <math.h>

#include "support/test.h"

static const struct {
    const char *query;
    uint64_t in, out;
} rows[] = {
    /* rank 2: torch Linear(784, 512) is [512, 784], Keras Dense(512) is [784, 512] */
    {"shape=512,784", 784, 512},
    {"shape=512,784&layout=oi", 784, 512},
    {"shape=784,512&layout=io", 784, 512},
    {"shape=512,784&transposed=true", 512, 784},
    {"shape=784,512&layout=io&transposed=true", 512, 784},
    {"shape=512,784&transposed=false", 784, 512},
    {"shape=6,4&groups=2", 4, 3},
    {"shape=6,4&groups=2&transposed=1", 3, 4},
    {"shape=4,6&layout=io&groups=2", 4, 3},
    {"shape=4,6&layout=io&groups=3&transposed=1", 2, 4},
    {"shape=1,1", 1, 1},
    /* convolutions: torch [out, in/g, *k], Keras [*k, in/g, out] */
    {"shape=8,3,5", 15, 40},
    {"shape=5,3,8&layout=io", 15, 40},
    {"shape=64,3,7,7", 147, 3136},
    {"shape=7,7,3,64&layout=io", 147, 3136},
    {"shape=16,8,3,3,3", 216, 432},
    {"shape=3,3,3,8,16&layout=io", 216, 432},
    {"shape=2,3,4", 12, 8}, /* Chainer's test */
    {"shape=2,3,4,5,6,7", 2520, 1680},
    /* depthwise, torch Conv2d(4, 4, 3, groups=4): both fans 9 */
    {"shape=4,1,3,3&groups=4", 9, 9},
    {"shape=4,1,3,3", 9, 36},
    {"shape=3,3,1,4&layout=io&groups=4", 9, 9},
    /* grouped, Conv2d(8, 6, 3, groups=2): [6, 4, 3, 3] */
    {"shape=6,4,3,3&groups=2", 36, 27},
    {"shape=3,3,4,6&layout=io&groups=2", 36, 27},
    /* transposed: ConvTranspose2d(8, 6, 3, groups=2) is [8, 3, 3, 3] */
    {"shape=8,3,3,3&groups=2&transposed=true", 36, 27},
    {"shape=8,6,3,3&transposed=true", 72, 54},
    /* Keras Conv2DTranspose kernel [h, w, out, in] */
    {"shape=3,3,6,8&layout=io&transposed=true", 72, 54},
    {"shape=3,3,3,8&layout=io&transposed=true&groups=2", 36, 27},
    /* icnr: of the small tensor */
    {"shape=36,5,3,3&icnr=3", 45, 36},
    {"shape=3,3,5,36&layout=io&icnr=3", 45, 36},
    {"shape=36,5,3&icnr=3&groups=4", 15, 9},
    {"shape=36,5,3&icnr=3&fan_in=7", 7, 36},
    /* one or both given */
    {"shape=512,784&fan_in=5", 5, 512},
    {"shape=512,784&fan_out=5", 784, 5},
    {"shape=512,784&fan_in=5&fan_out=6", 5, 6},
    {"shape=784,512&layout=io&fan_in=5", 5, 512},
    {"shape=6,4&groups=2&fan_in=9", 9, 3},
    {"shape=7,4&fan_in=18446744073709551615", UINT64_MAX, 7},
    {"shape=5&fan_in=3&fan_out=4", 3, 4},
    {"shape=scalar&fan_in=3&fan_out=4", 3, 4},
    /* zero dims */
    {"shape=0,5", 5, 0},
    {"shape=5,0", 0, 5},
    {"shape=0,0", 0, 0},
    {"shape=3,4,0", 0, 0},
    {"shape=0,5&groups=7", 5, 0},
    {"shape=0,4,3,3", 36, 0},
    /* axes as in JAX: all others but those of batch_axis are the kernel's */
    {"shape=7,7,3,64&in_axis=-2", 147, 3136},
    {"shape=7,7,3,64&out_axis=-1", 147, 3136},
    {"shape=64,3,7,7&in_axis=1&out_axis=0", 147, 3136}, /* PyTorch's layout */
    {"shape=64,3,7,7&out_axis=0&in_axis=1&batch_axis=none", 147, 3136},
    {"shape=12,64,3,7,7&in_axis=2&out_axis=1&batch_axis=0", 147, 3136},
    {"shape=512,8,64&in_axis=0&out_axis=1,2", 512, 512}, /* attention: query */
    {"shape=8,64,512&in_axis=0,1&out_axis=2", 512, 512}, /* and output */
    {"shape=9&in_axis=0&out_axis=none", 9, 1},
    /* the same axis twice: fan_in = in * (all / (in * out)), as JAX computes it */
    {"shape=7,9&out_axis=0", 9, 9}, /* Flax's embeddings */
    {"shape=6,4&in_axis=1", 6, 6},
    {"shape=5&in_axis=0", 1, 1},
    {"shape=2,3,4&in_axis=0,1&out_axis=1,2", 2, 4},
    {"shape=3,5&batch_axis=none", 3, 5}, /* unlike layout=oi */
    /* axes as in Keras: no others count */
    {"shape=512,8,64&input_axes=0&output_axes=1,2", 512, 512},
    {"shape=512,8,64&input_axes=0,1&output_axes=2", 4096, 64},
    {"shape=512,8,64&input_axes=-1&output_axes=-3", 64, 512},
    {"shape=512,8,64&input_axes=none&output_axes=none", 1, 1},
    {"shape=512,8,64&input_axes=1&output_axes=1", 8, 8}, /* Keras lets them overlap */
    {"shape=9&input_axes=0&output_axes=none", 9, 1},
    {"shape=scalar&input_axes=none&output_axes=none", 1, 1},
    {"shape=5,6,7&input_axes=0&output_axes=1&fan_in=3", 3, 6},
    {"shape=0,6,7&in_axis=0&out_axis=1", 0, 42},
    {"shape=5,0,7&in_axis=0&out_axis=2&batch_axis=1", 5, 7},
    /* the full shape counts, not the selected part */
    {"shape=512,784&slice=0:7,3", 784, 512},
    {"shape=512,784&shard=0:1/2,1:0/4", 784, 512},
    {"shape=512,784&permute=1,0", 784, 512},
    /* exact beyond 53 bits */
    {"shape=1,1152921504606846977", 1152921504606846977, 1},
};

static void table(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "scheme=lecun_normal&";
        strncat(query, rows[i].query, sizeof query - strlen(query) - 1);
        struct ti_plan *plan = test_plan(query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        if (!info->has_fan_in || !info->has_fan_out || info->fan_in != rows[i].in ||
            info->fan_out != rows[i].out) {
            fail_msg("%s: %llu, %llu", query, (unsigned long long)info->fan_in,
                     (unsigned long long)info->fan_out);
        }
        ti_plan_free(plan);
    }
}

/* n of each mode, from the variance 1/n of lecun_normal before correction: fans 20 and
   45. */
static void modes(void **state) {
    static const struct {
        const char *query;
        double n;
    } cases[] = {
        {"", 20},
        {"&mode=fan_in", 20},
        {"&mode=fan_out", 45},
        {"&mode=fan_avg", 32.5},
        {"&mode=fan_geo_avg", 30},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char query[200] = "shape=9,4,5&scheme=lecun_normal&corrected=false";
        strncat(query, cases[i].query, sizeof query - strlen(query) - 1);
        struct ti_plan *plan = test_plan(query);
        assert_row(ti_plan_info(plan)->sigma == sqrt(1 / cases[i].n), query);
        ti_plan_free(plan);
    }
}

/* The canonical query has the same fans. */
static void canonical_queries(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "scheme=lecun_normal&";
        strncat(query, rows[i].query, sizeof query - strlen(query) - 1);
        struct ti_plan *plan = test_plan(query);
        struct ti_plan *again = test_plan(ti_plan_info(plan)->query);
        const struct ti_plan_info *info = ti_plan_info(again);
        assert_row(info->fan_in == rows[i].in && info->fan_out == rows[i].out, query);
        assert_string_equal(info->query, ti_plan_info(plan)->query);
        assert_string_equal(info->etag, ti_plan_info(plan)->etag);
        ti_plan_free(plan);
        ti_plan_free(again);
    }
}

/* A fan that does not exist is reported as such; the other one can be used. */
static void one_fan_given(void **state) {
    (void)state;
    struct ti_plan *plan = test_plan("shape=7&scheme=he_normal&fan_in=3");
    assert_true(ti_plan_info(plan)->has_fan_in);
    assert_false(ti_plan_info(plan)->has_fan_out);
    assert_int_equal(ti_plan_info(plan)->fan_out, 0);
    ti_plan_free(plan);
    plan = test_plan("shape=7&scheme=he_normal&mode=fan_out&fan_out=3");
    assert_false(ti_plan_info(plan)->has_fan_in);
    assert_true(ti_plan_info(plan)->has_fan_out);
    ti_plan_free(plan);
    plan = test_plan("shape=7,8&scheme=normal");
    assert_false(ti_plan_info(plan)->has_fan_in || ti_plan_info(plan)->has_fan_out);
    ti_plan_free(plan);
}

static const struct {
    const char *query;
    enum ti_status code;
    const char *field;
} faults[] = {
    {"shape=scalar", TI_EVALUE, "shape"},
    {"shape=5", TI_EVALUE, "shape"},
    {"shape=0", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_out", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_out&fan_in=3", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_in&fan_out=3", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_avg&fan_in=3", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_avg&fan_out=3", TI_EVALUE, "shape"},
    {"shape=5&mode=fan_geo_avg&fan_in=3", TI_EVALUE, "shape"},
    {"shape=6,4&groups=4", TI_EVALUE, "groups"},
    {"shape=6,4&groups=7", TI_EVALUE, "groups"},
    {"shape=4,6&layout=io&groups=4", TI_EVALUE, "groups"},
    {"shape=6,4&groups=4&transposed=1", TI_EVALUE, "groups"},
    {"shape=4,6&layout=io&groups=4&transposed=1", TI_EVALUE, "groups"},
    {"shape=5,6&groups=18446744073709551615", TI_EVALUE, "groups"},
    {"shape=6,4&groups=4&fan_in=3", TI_EVALUE, "groups"},
    /* parameters about the shape's fans, if these are not used */
    {"shape=6,4&fan_in=1&fan_out=2&layout=io", TI_EINAPPLICABLE, "layout"},
    {"shape=6,4&fan_in=1&fan_out=2&groups=2", TI_EINAPPLICABLE, "groups"},
    {"shape=6,4&fan_in=1&fan_out=2&transposed=false", TI_EINAPPLICABLE, "transposed"},
    {"shape=5&fan_in=1&layout=oi", TI_EINAPPLICABLE, "layout"},
    {"shape=5&fan_in=1&groups=1", TI_EINAPPLICABLE, "groups"},
    {"shape=5&fan_in=1&transposed=true", TI_EINAPPLICABLE, "transposed"},
    {"shape=6,4&fan_in=1&fan_out=2&in_axis=0", TI_EINAPPLICABLE, "in_axis"},
    {"shape=6,4&fan_in=1&fan_out=2&batch_axis=none", TI_EINAPPLICABLE, "batch_axis"},
    {"shape=6,4&fan_in=1&fan_out=2&output_axes=0&input_axes=1", TI_EINAPPLICABLE,
     "input_axes"},
    /* two ways to name the axes */
    {"shape=6,4&layout=oi&in_axis=0", TI_EINAPPLICABLE, "in_axis"},
    {"shape=6,4&groups=1&out_axis=0", TI_EINAPPLICABLE, "out_axis"},
    {"shape=6,4&transposed=false&input_axes=0&output_axes=1", TI_EINAPPLICABLE,
     "input_axes"},
    {"shape=6,4&in_axis=0&out_axis=1&input_axes=0&output_axes=1", TI_EINAPPLICABLE,
     "input_axes"},
    /* axes that do not exist or are named twice */
    {"shape=6,4&in_axis=2&out_axis=1", TI_EVALUE, "in_axis"},
    {"shape=6,4&in_axis=0&out_axis=-3", TI_EVALUE, "out_axis"},
    {"shape=6,4&in_axis=0&out_axis=1&batch_axis=2", TI_EVALUE, "batch_axis"},
    {"shape=6,4&in_axis=0,0", TI_EVALUE, "in_axis"},
    {"shape=6,4&in_axis=0,-2", TI_EVALUE, "in_axis"},
    {"shape=6,4&batch_axis=1", TI_EVALUE, "batch_axis"},
    {"shape=6,4&in_axis=0&out_axis=0&batch_axis=0", TI_EVALUE, "batch_axis"},
    {"shape=5&out_axis=0", TI_EVALUE, "out_axis"}, /* in_axis is -2 by default */
    {"shape=scalar&in_axis=none", TI_EVALUE, "in_axis"},
    {"shape=6,4&input_axes=2&output_axes=0", TI_EVALUE, "input_axes"},
    {"shape=6,4&input_axes=0&output_axes=1,1", TI_EVALUE, "output_axes"},
    {"shape=6,4&input_axes=0", TI_EMISSING, "output_axes"},
    {"shape=6,4&output_axes=0", TI_EMISSING, "input_axes"},
    {"shape=6,4&in_axis=9223372036854775807&out_axis=0", TI_EVALUE, "in_axis"},
    {"shape=6,4&in_axis=-9223372036854775808&out_axis=0", TI_EVALUE, "in_axis"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        test_refused(faults[i].query, faults[i].code, faults[i].field);
    }
}

/* PyTorch's phrases, so that a thin client can raise them unchanged. */
static void phrases(void **state) {
    struct ti_error error = {0};
    struct ti_plan *plan;
    (void)state;
    assert_int_equal(test_plan_try("shape=5", &plan, &error), TI_EVALUE);
    assert_non_null(strstr(error.text, "fewer than 2 dimensions"));
    assert_int_equal(test_plan_try("shape=5,6&groups=2", &plan, &error), TI_EVALUE);
    assert_non_null(strstr(error.text, "dim 0 must be divisible by groups"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),         cmocka_unit_test(modes),
        cmocka_unit_test(one_fan_given), cmocka_unit_test(refusals),
        cmocka_unit_test(phrases),       cmocka_unit_test(canonical_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
