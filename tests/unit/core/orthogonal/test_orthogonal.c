/* SPDX-License-Identifier: MIT */
/*
 * core/orthogonal: tensors equal docs/SPEC.md's definition bit for bit, in every dtype,
 * and are orthogonal. test_orthogonal_parts.c and test_factor.c test parts and
 * factorizations.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/oracle.h"
#include "support/orthogonal.h"
#include "support/tensor.h"

/* The bytes of a number of the compute type in a dtype. */
static void encode(const char *dtype, double x, unsigned char *out) {
    if (strcmp(dtype, "f64") == 0) {
        memcpy(out, &x, 8);
    } else if (strcmp(dtype, "f32") == 0) {
        const float narrow = (float)x;
        memcpy(out, &narrow, 4);
    } else {
        const struct oracle_type *type = oracle_types;
        while (strcmp(type->name, dtype) != 0) type++;
        const uint16_t bits = oracle_narrow(type, (float)x);
        memcpy(out, &bits, *type->name == 'f' && type->name[1] == '8' ? 1 : 2);
    }
}

static size_t dtype_bytes(const char *dtype) {
    if (strcmp(dtype, "f64") == 0) return 8;
    if (strcmp(dtype, "f32") == 0) return 4;
    return dtype[1] == '8' ? 1 : 2;
}

/* Tensors against the oracle --------------------------------------------------------- */

/* A request and its matrix. */
static void check_whole(const char *shape, size_t rows, size_t cols, const char *dtype,
                        const char *layout, double gain) {
    char query[300], number[40], *plus;
    snprintf(number, sizeof number, "%.17g", gain);
    plus = strchr(number, '+'); /* a space, in a query */
    if (plus) memmove(plus, plus + 1, strlen(plus));
    snprintf(query, sizeof query,
             "shape=%s&scheme=orthogonal&dtype=%s&layout=%s&gain=%s&seed=-7&name=w",
             shape, dtype, layout, number);
    struct test_tensor tensor = test_tensor(query);
    const size_t bytes = dtype_bytes(dtype);
    const struct orthogonal of = {rows,
                                  cols,
                                  bytes == 8,
                                  strcmp(layout, "io") == 0,
                                  UINT64_MAX - 6,
                                  tensor.info->stream,
                                  gain};
    double *wanted = orthogonal_wanted(&of);
    unsigned char *out = test_tensor_bytes(&tensor), expected[8];
    assert_int_equal(tensor.info->elems, rows * cols);
    for (size_t i = 0; i < rows * cols; i++) {
        encode(dtype, wanted[i], expected);
        if (memcmp(expected, out + i * bytes, bytes) != 0) {
            fail_msg("%s: element %zu is not %a", query, i, wanted[i]);
        }
        /* and no element is -0 */
        if (wanted[i] == 0) assert_false(signbit(wanted[i]));
    }
    free(out), free(wanted);
    test_tensor_clear(&tensor);
}

static void squares_and_rectangles(void **state) {
    static const size_t sides[][2] = {
        {1, 1},   {1, 2},   {1, 9},     {2, 1},     {7, 1},    {2, 2},    {3, 3},
        {5, 3},   {3, 5},   {63, 63},   {64, 64},   {65, 64},  {64, 65},  {65, 65},
        {1, 130}, {130, 1}, {129, 130}, {130, 129}, {200, 70}, {70, 200}, {128, 128},
        {127, 3}, {3, 127}, {64, 600},  {600, 64},  {31, 33},  {97, 32},  {2, 1030},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        char shape[40];
        const size_t rows = sides[i][0], cols = sides[i][1];
        snprintf(shape, sizeof shape, "%zu,%zu", rows, cols);
        check_whole(shape, rows, cols, "f32", "oi", 1);
        check_whole(shape, rows, cols, "f64", "oi", 1);
        check_whole(shape, rows, cols, "f32", "io", 1);
        check_whole(shape, rows, cols, "f64", "io", -2.25);
    }
}

static void more_dims(void **state) {
    static const struct {
        const char *shape;
        size_t oi[2], io[2];
    } rows[] = {
        {"4,3,5", {4, 15}, {12, 5}},
        {"70,3,3", {70, 9}, {210, 3}},
        {"3,3,20,70", {3, 4200}, {180, 70}},
        {"70,20,3,3", {70, 180}, {4200, 3}},
        {"2,3,4,5,6", {2, 360}, {120, 6}},
        {"1,1,1", {1, 1}, {1, 1}},
        {"6,1,1,1,1,1,1,11", {6, 11}, {6, 11}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_whole(rows[i].shape, rows[i].oi[0], rows[i].oi[1], "f32", "oi", 1);
        check_whole(rows[i].shape, rows[i].io[0], rows[i].io[1], "f32", "io", 0.5);
        check_whole(rows[i].shape, rows[i].oi[0], rows[i].oi[1], "f64", "oi", 3);
        check_whole(rows[i].shape, rows[i].io[0], rows[i].io[1], "f64", "io", 1);
    }
}

static void gains(void **state) {
    static const double all[] = {0,
                                 -0.0,
                                 1,
                                 -1,
                                 1.5,
                                 -1.5,
                                 0.1,
                                 1e-30,
                                 1e-320,
                                 1e30,
                                 1e-45,
                                 0x1p-149,
                                 1.4142135623730951};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        check_whole("66,9", 66, 9, "f64", "oi", all[i]);
        check_whole("9,66", 9, 66, "f32", "oi", all[i]);
        check_whole("9,66", 9, 66, "bf16", "oi", all[i]);
    }
}

static void float_dtypes(void **state) {
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        const char *name = ti_dtype_name(dtype);
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
        check_whole("70,101", 70, 101, name, "oi", 1);
        check_whole("70,101", 70, 101, name, "io", -3);
        check_whole("1,1", 1, 1, name, "oi", 1.0625);
        check_whole("513,2", 513, 2, name, "oi", 0);
    }
}

/* io of (a, b) is the transpose of oi of (b, a): the same matrix of the same name. */
static void layouts_are_transposed(void **state) {
    static const size_t sides[][2] = {{3, 5}, {70, 70}, {65, 130}, {200, 64}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        const size_t a = sides[i][0], b = sides[i][1];
        char oi[120], io[120];
        snprintf(oi, sizeof oi, "shape=%zu,%zu&scheme=orthogonal&name=t&permute=1,0", b,
                 a);
        snprintf(io, sizeof io, "shape=%zu,%zu&scheme=orthogonal&name=t&layout=io", a, b);
        unsigned char *x = test_body(oi), *y = test_body(io);
        assert_memory_equal(x, y, 4 * a * b);
        free(x), free(y);
    }
}

/* Delta: the matrix at the kernel's centre ------------------------------------------- */

static void check_delta(const uint64_t *kernel, unsigned kernel_rank, uint64_t out,
                        uint64_t in, bool io, const char *dtype) {
    char kernel_text[60] = "", shape[100], query[200];
    size_t taps = 1, centre = 0;
    for (unsigned i = 0; i < kernel_rank; i++) {
        snprintf(kernel_text + strlen(kernel_text), 20, "%s%llu", i ? "," : "",
                 (unsigned long long)kernel[i]);
        centre = centre * kernel[i] + (kernel[i] - 1) / 2;
        taps *= kernel[i];
    }
    snprintf(shape, sizeof shape, io ? "%s,%zu,%zu" : "%2$zu,%3$zu,%1$s", kernel_text,
             (size_t)(io ? in : out), (size_t)(io ? out : in));
    snprintf(query, sizeof query,
             "shape=%s&scheme=delta_orthogonal&gain=0.75&dtype=%s&layout=%s&name=d",
             shape, dtype, io ? "io" : "oi");
    const size_t bytes = dtype_bytes(dtype);
    struct test_tensor tensor = test_tensor(query);
    const struct orthogonal of = {io ? in : out,       io ? out : in, bytes == 8, io, 0,
                                  tensor.info->stream, 0.75};
    double *matrix = orthogonal_wanted(&of);
    unsigned char *got = test_tensor_bytes(&tensor), expected[8];
    assert_int_equal(tensor.info->elems, taps * out * in);
    for (size_t i = 0; i < taps * out * in; i++) {
        const size_t tap = io ? i / (in * out) : i % taps;
        const size_t place = io ? i % (in * out) : i / taps;
        encode(dtype, tap == centre ? matrix[place] : 0, expected);
        if (memcmp(expected, got + i * bytes, bytes) != 0) {
            fail_msg("%s: element %zu differs", query, i);
        }
    }
    free(got), free(matrix);
    test_tensor_clear(&tensor);
}

static void deltas(void **state) {
    static const struct {
        unsigned rank;
        uint64_t kernel[3];
    } kernels[] = {{1, {1}},       {1, {3}},       {1, {4}},      {2, {3, 3}},
                   {2, {1, 1}},    {2, {2, 5}},    {2, {6, 1}},   {3, {3, 3, 3}},
                   {3, {2, 4, 3}}, {3, {1, 1, 1}}, {3, {1, 5, 2}}};
    static const uint64_t sides[][2] = {{1, 1}, {8, 8}, {70, 66}, {130, 1}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        for (size_t k = 0; k < COUNT_OF(sides); k++) {
            for (int io = 0; io < 2; io++) {
                check_delta(kernels[i].kernel, kernels[i].rank, sides[k][0], sides[k][1],
                            io, "f32");
            }
        }
        check_delta(kernels[i].kernel, kernels[i].rank, 9, 4, i % 2, "f64");
        check_delta(kernels[i].kernel, kernels[i].rank, 9, 4, i % 2, "bf16");
        check_delta(kernels[i].kernel, kernels[i].rank, 9, 4, i % 2, "f8_e5m2");
    }
}

/* Orthogonal ------------------------------------------------------------------------- */

static void check_error(size_t rows, size_t cols, const char *dtype, double gain,
                        double max) {
    char query[200];
    snprintf(query, sizeof query, "shape=%zu,%zu&scheme=orthogonal&dtype=%s&gain=%g",
             rows, cols, dtype, gain);
    unsigned char *out = test_body(query);
    double *elems = malloc(rows * cols * sizeof *elems);
    for (size_t i = 0; i < rows * cols; i++) {
        float x;
        memcpy(&x, out + 4 * i, 4); /* f64 tensors as well: at most half of their bytes */
        elems[i] = (double)x;
        if (strcmp(dtype, "f64") == 0) memcpy(&elems[i], out + 8 * i, 8);
    }
    const double error = orthogonal_error(elems, rows, cols, gain);
    if (!(error <= max)) fail_msg("%s: off by %g", query, error);
    free(out), free(elems);
}

static void is_orthogonal(void **state) {
    (void)state;
    check_error(2, 2, "f32", 1, 1e-6);
    check_error(512, 512, "f32", 1, 1e-6);
    check_error(512, 200, "f32", 1.5, 1e-6);
    check_error(200, 512, "f32", -0.1, 1e-6);
    check_error(1024, 1024, "f32", 1, 2e-6);
    check_error(2000, 300, "f32", 1, 2e-6);
    check_error(512, 512, "f64", 1.5, 1e-12);
    check_error(300, 700, "f64", -3, 1e-12);
    check_error(1024, 1024, "f64", 1, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares_and_rectangles),
        cmocka_unit_test(more_dims),
        cmocka_unit_test(gains),
        cmocka_unit_test(float_dtypes),
        cmocka_unit_test(layouts_are_transposed),
        cmocka_unit_test(deltas),
        cmocka_unit_test(is_orthogonal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
