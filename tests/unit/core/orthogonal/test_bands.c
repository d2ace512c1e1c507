/* SPDX-License-Identifier: MIT */
/*
 * core/orthogonal/orthogonal_band: a reader that has bands computed gets the bytes that
 * ti_plan_fill() computes by itself, however it reads.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <tensorinit/body.h>

#include "support/random.h"
#include "support/tensor.h"

/* Bands in number, of many parts: each is larger than what 2 ms are enough for. */
static const char *const queries[] = {
    "shape=1000,1000&scheme=orthogonal",
    "shape=1000,900&scheme=orthogonal&dtype=f64&permute=1,0",
    "shape=900,1100&scheme=orthogonal&dtype=bf16&slice=::-2,3::",
    "shape=1000,1000&scheme=orthogonal&slice=7:,::3&permute=1,0",
    "shape=2,400,900&scheme=orthogonal&layout=io&permute=2,1,0&dtype=f8_e4m3",
    "shape=20,30000&scheme=orthogonal",
    /* the largest band is two lines and a part of a third one */
    "shape=10,100000&scheme=orthogonal&dtype=f64",
    "shape=500,400,3,3&scheme=delta_orthogonal&permute=3,1,2,0&dtype=f16",
    "shape=1,9&scheme=orthogonal",
};

/* All elements, each range computed by itself; the caller frees them. */
static unsigned char *compute(const struct test_tensor *tensor) {
    const size_t bytes = ti_dtype_bytes(tensor->info->dtype);
    unsigned char *out = malloc(tensor->info->body_bytes);
    void *workspace;
    assert_non_null(out);
    assert_int_equal(ti_workspace_make(tensor->plan, &workspace, NULL), TI_OK);
    for (uint64_t at = 0; at < tensor->info->elems;) {
        const uint64_t left = tensor->info->elems - at,
                       now = left < 300000 ? left : 300000;
        assert_int_equal(ti_plan_fill(tensor->plan, at, now, out + at * bytes, workspace),
                         TI_OK);
        at += now;
    }
    ti_workspace_free(workspace);
    return out;
}

/* Prepares until some elements are there, and returns their number. */
static uint64_t prepare(const struct test_tensor *tensor, uint64_t first, uint64_t end,
                        double max_ns) {
    uint64_t count = 0;
    for (unsigned steps = 0; count == 0 && first < end; steps++) {
        assert_int_equal(
            ti_plan_prepare(tensor->plan, first, end, max_ns, tensor->workspace, &count),
            TI_OK);
        assert_true(count <= end - first);
        assert_true(steps < 100000);
        assert_true(count > 0 || max_ns < INFINITY);
    }
    return count;
}

static void compare(const struct test_tensor *tensor, const unsigned char *expected,
                    uint64_t first, uint64_t count) {
    const size_t bytes = ti_dtype_bytes(tensor->info->dtype);
    unsigned char *out = malloc(count * bytes + 1);
    assert_non_null(out);
    out[count * bytes] = 0x55;
    assert_int_equal(ti_plan_fill(tensor->plan, first, count, out, tensor->workspace),
                     TI_OK);
    if (memcmp(out, expected + first * bytes, count * bytes) != 0)
        fail_msg("%s: elements %zu to %zu differ", tensor->info->query, (size_t)first,
                 (size_t)(first + count));
    assert_int_equal(out[count * bytes], 0x55);
    free(out);
}

/* From the start on, in ranges of any size. */
static void in_order(void **state) {
    static const double times[] = {1, 3e4, 2e6, INFINITY};
    uint64_t random = 1;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct test_tensor tensor = test_tensor(queries[i]);
        const uint64_t elems = tensor.info->elems;
        unsigned char *expected = compute(&tensor);
        for (uint64_t at = 0; at < elems;) {
            uint64_t ready = prepare(&tensor, at, elems, times[random_below(&random, 4)]);
            while (ready > 0) {
                const uint64_t now = 1 + random_below(&random, ready);
                compare(&tensor, expected, at, now);
                at += now, ready -= now;
            }
        }
        free(expected);
        test_tensor_clear(&tensor);
    }
}

/* Ranges anywhere, bands that are begun and left, and elements that no band has. */
static void out_of_order(void **state) {
    uint64_t random = 2;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct test_tensor tensor = test_tensor(queries[i]);
        const uint64_t elems = tensor.info->elems;
        unsigned char *expected = compute(&tensor);
        for (int round = 0; round < 30; round++) {
            const uint64_t first = random_below(&random, elems);
            const uint64_t end = first + 1 + random_below(&random, elems - first);
            uint64_t count, now = 1 + random_below(&random, end - first);
            if (now > 20000) now = 20000;
            for (int step = 0; step < 1 + round % 3; step++)
                assert_int_equal(ti_plan_prepare(tensor.plan, first, end, 1e5,
                                                 tensor.workspace, &count),
                                 TI_OK);
            if (round % 2) compare(&tensor, expected, random_below(&random, elems), 1);
            if (round % 5) count = prepare(&tensor, first, end, 1e5);
            compare(&tensor, expected, first, now);
        }
        free(expected);
        test_tensor_clear(&tensor);
    }
}

/* Bodies, whose header and elements are cut anywhere. */
static void bodies(void **state) {
    static const char *const formats[] = {"raw", "npy", "safetensors"};
    uint64_t random = 3;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        char query[100];
        struct ti_body *body;
        sprintf(query, "shape=500,600&scheme=orthogonal&format=%s", formats[i]);
        struct test_tensor tensor = test_tensor(query);
        assert_int_equal(ti_body_make(tensor.plan, &body, NULL), TI_OK);
        const uint64_t bytes = ti_body_bytes(body), header = ti_body_header_bytes(body);
        unsigned char *expected = compute(&tensor), out[5000];
        assert_int_equal(ti_body_prepare(body, 0, bytes + 1, 1e6, tensor.workspace, NULL),
                         TI_ERANGE);
        for (uint64_t at = 0; at < bytes;) {
            uint64_t ready;
            assert_int_equal(
                ti_body_prepare(body, at, bytes, 1e5, tensor.workspace, &ready), TI_OK);
            assert_true(ready <= bytes - at);
            if (ready > sizeof out) ready = 1 + random_below(&random, sizeof out);
            assert_int_equal(ti_body_read(body, at, ready, out, tensor.workspace), TI_OK);
            if (at >= header)
                assert_memory_equal(out, expected + (at - header), ready);
            else if (at + ready > header)
                assert_memory_equal(out + (header - at), expected, at + ready - header);
            at += ready;
        }
        free(expected);
        ti_body_free(body);
        test_tensor_clear(&tensor);
    }
}

/* What cannot be prepared, and what needs no preparation. */
static void limits(void **state) {
    struct test_tensor tensor = test_tensor("shape=4,5&scheme=orthogonal");
    struct ti_plan *plan = test_plan("shape=4,5&scheme=orthogonal"),
                   *other = test_plan("shape=4,5&scheme=normal");
    uint64_t count = 77;
    (void)state;
    assert_int_equal(ti_plan_prepare(tensor.plan, 0, 21, 1, tensor.workspace, &count),
                     TI_ERANGE);
    assert_int_equal(ti_plan_prepare(tensor.plan, 3, 2, 1, tensor.workspace, &count),
                     TI_ERANGE);
    assert_int_equal(ti_plan_prepare(plan, 0, 20, 1, tensor.workspace, &count),
                     TI_EFACTOR);
    assert_int_equal(ti_plan_prepare(plan, 20, 20, 1, NULL, &count), TI_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ti_plan_prepare(other, 2, 20, 1, NULL, &count), TI_OK);
    assert_int_equal(count, 18);
    ti_plan_free(other);
    ti_plan_free(plan);
    test_tensor_clear(&tensor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(out_of_order),
        cmocka_unit_test(bodies),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
