/* SPDX-License-Identifier: MIT */
/*
 * core/matrix: orthogonal tensors, bit for bit what docs/SPEC.md says of them, whole and in
 * parts, in every dtype; and orthogonal. Setups have tests of their own: test_setup.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/oracle.h"
#include "support/orthogonal.h"
#include "support/random.h"
#include "support/test.h"

/* A plan with its setup, complete, and a workspace of its own. */
struct tensor {
    struct ti_plan *plan;
    struct ti_setup *setup;
    const struct ti_plan_info *info;
    void *workspace;
};

static struct tensor tensor_of(const char *query) {
    struct tensor tensor = {.plan = test_plan(query)};
    tensor.info = ti_plan_info(tensor.plan);
    assert_int_equal(ti_setup_make(tensor.plan, &tensor.setup, NULL), TI_OK);
    ti_setup_run_all(tensor.setup);
    ti_plan_use(tensor.plan, tensor.setup);
    const size_t room = (tensor.info->workspace_bytes + 63) / 64 * 64;
    tensor.workspace = room > 0 ? aligned_alloc(64, room) : NULL;
    return tensor;
}

static void release(struct tensor *tensor) {
    ti_plan_free(tensor->plan);
    ti_setup_free(tensor->setup);
    free(tensor->workspace);
}

static unsigned char *bytes_of(const struct tensor *tensor) {
    unsigned char *out = malloc(tensor->info->body_bytes + 1);
    assert_non_null(out);
    assert_int_equal(
        ti_plan_fill(tensor->plan, 0, tensor->info->elems, out, tensor->workspace),
        TI_OK);
    return out;
}

static unsigned char *body(const char *query) {
    struct tensor tensor = tensor_of(query);
    unsigned char *out = bytes_of(&tensor);
    release(&tensor);
    return out;
}

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

/* Whole tensors against the oracle -------------------------------------------------------- */

/* A request, and the matrix that it stands for. */
static void check_whole(const char *shape, size_t rows, size_t cols, const char *dtype,
                        const char *layout, double gain) {
    char query[300], number[40], *plus;
    snprintf(number, sizeof number, "%.17g", gain);
    plus = strchr(number, '+'); /* a space, in a query */
    if (plus) memmove(plus, plus + 1, strlen(plus));
    snprintf(query, sizeof query,
             "shape=%s&scheme=orthogonal&dtype=%s&layout=%s&gain=%s&seed=-7&name=w",
             shape, dtype, layout, number);
    struct tensor tensor = tensor_of(query);
    const size_t bytes = dtype_bytes(dtype);
    const struct orthogonal of = {rows,
                                  cols,
                                  bytes == 8,
                                  strcmp(layout, "io") == 0,
                                  UINT64_MAX - 6,
                                  tensor.info->stream,
                                  gain};
    double *wanted = orthogonal_wanted(&of);
    unsigned char *out = bytes_of(&tensor), expected[8];
    assert_int_equal(tensor.info->elems, rows * cols);
    for (size_t i = 0; i < rows * cols; i++) {
        encode(dtype, wanted[i], expected);
        if (memcmp(expected, out + i * bytes, bytes) != 0) {
            fail_msg("%s: element %zu is not %a", query, i, wanted[i]);
        }
        /* nor is any 0 negative, whatever the oracle says */
        if (wanted[i] == 0) assert_false(signbit(wanted[i]));
    }
    free(out), free(wanted);
    release(&tensor);
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

static void narrow_dtypes(void **state) {
    static const char *const dtypes[] = {"bf16", "f16", "f8_e4m3", "f8_e5m2"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dtypes); i++) {
        check_whole("70,101", 70, 101, dtypes[i], "oi", 1);
        check_whole("70,101", 70, 101, dtypes[i], "io", -3);
        check_whole("1,1", 1, 1, dtypes[i], "oi", 1.0625);
        check_whole("513,2", 513, 2, dtypes[i], "oi", 0);
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
        unsigned char *x = body(oi), *y = body(io);
        assert_memory_equal(x, y, 4 * a * b);
        free(x), free(y);
    }
}

/* Delta: the matrix at the kernel's centre ------------------------------------------------ */

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
    struct tensor tensor = tensor_of(query);
    const struct orthogonal of = {io ? in : out,       io ? out : in, bytes == 8, io, 0,
                                  tensor.info->stream, 0.75};
    double *matrix = orthogonal_wanted(&of);
    unsigned char *got = bytes_of(&tensor), expected[8];
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
    release(&tensor);
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

/* Parts ------------------------------------------------------------------------------------ */

#define RANK_MAX 5

/* A random part: for each permuted axis where it starts, its step, and how many places. */
struct part {
    unsigned rank;
    size_t axis[RANK_MAX], size[RANK_MAX];
    long start[RANK_MAX], step[RANK_MAX];
    size_t count[RANK_MAX];
    bool index[RANK_MAX];
};

static void random_permutation(uint64_t *random, struct part *part) {
    for (unsigned i = 0; i < part->rank; i++) part->axis[i] = i;
    for (unsigned i = part->rank; i-- > 1;) {
        const size_t other = random_below(random, i + 1), kept = part->axis[i];
        part->axis[i] = part->axis[other];
        part->axis[other] = kept;
    }
}

/* Takes part of axis i, which has 'dim' places, and adds it to the text of a slice. */
static void random_item(uint64_t *random, struct part *part, unsigned i, size_t dim,
                        char *text) {
    char item[80];
    const long start = (long)random_below(random, dim);
    const long most = 1 + (long)random_below(random, random_below(random, 3) ? 3 : 90);
    const long step = random_below(random, 2) ? most : -most;
    const size_t room = (size_t)(step > 0 ? (long)dim - 1 - start : start);
    part->start[i] = start;
    part->step[i] = step;
    part->count[i] = random_below(random, room / (size_t)most + 2);
    const long stop = start + (long)part->count[i] * step;
    part->index[i] = random_below(random, 6) == 0;
    if (part->index[i]) {
        part->count[i] = 1;
        snprintf(item, sizeof item, "%s%ld", i ? "," : "",
                 random_below(random, 2) ? start : start - (long)dim);
    } else if (random_below(random, 4) == 0) { /* whole */
        part->start[i] = 0, part->step[i] = 1, part->count[i] = dim;
        snprintf(item, sizeof item, "%s:", i ? "," : "");
    } else if (stop < 0) { /* only an open end says "as far as the first place" */
        snprintf(item, sizeof item, "%s%ld::%ld", i ? "," : "", start, step);
        part->count[i] = (size_t)(start / most) + 1;
    } else {
        snprintf(item, sizeof item, "%s%ld:%ld:%ld", i ? "," : "", start, stop, step);
    }
    strcat(text, item);
}

/* torch.chunk's rule, axis after axis: docs/SPEC.md, "Part". */
static void random_shard(uint64_t *random, struct part *part, const size_t *dim,
                         char *text) {
    for (unsigned i = 0; i < part->rank; i++) {
        char item[60];
        const size_t parts = 1 + random_below(random, 4);
        const size_t which = random_below(random, parts);
        const size_t n = dim[part->axis[i]], size = (n + parts - 1) / parts;
        const size_t from = which * size < n ? which * size : n;
        part->start[i] = (long)from, part->step[i] = 1;
        part->count[i] = n - from < size ? n - from : size;
        snprintf(item, sizeof item, "%s%u:%zu/%zu", i ? "," : "", i, which, parts);
        strcat(text, item);
    }
}

/* The number, in the full tensor, of each element of the part, in its order. */
static size_t *list_elems(const struct part *part, const size_t *dim, size_t *count) {
    size_t stride[RANK_MAX], places[RANK_MAX] = {0}, total = 1, size = 1;
    for (unsigned i = part->rank; i-- > 0;) {
        stride[i] = size;
        size *= dim[i];
    }
    for (unsigned i = 0; i < part->rank; i++) total *= part->count[i];
    size_t *list = malloc((total + 1) * sizeof *list);
    assert_non_null(list);
    for (size_t e = 0; e < total; e++) {
        list[e] = 0;
        for (unsigned i = 0; i < part->rank; i++) {
            const long place = part->start[i] + (long)places[i] * part->step[i];
            list[e] += (size_t)place * stride[part->axis[i]];
        }
        for (unsigned i = part->rank; i-- > 0;) {
            if (++places[i] < part->count[i]) break;
            places[i] = 0;
        }
    }
    *count = total;
    return list;
}

/* The whole part, and odd pieces of it, to odd addresses, with nothing written beside. */
static void compare_part(const char *query, uint64_t *random, const unsigned char *full,
                         const size_t *list, size_t count) {
    struct tensor tensor = tensor_of(query);
    const size_t bytes = ti_dtype_bytes(tensor.info->dtype);
    unsigned char *expected = malloc((count + 1) * bytes);
    unsigned char *out = malloc((count + 1) * bytes + 64);
    if (tensor.info->elems != count) fail_msg("%s: not %zu elements", query, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(expected + i * bytes, full + list[i] * bytes, bytes);
    }
    for (int round = 0; round < 5; round++) {
        size_t first = random_below(random, count + 1), odd = random_below(random, 32);
        size_t now = random_below(random, count - first + 1);
        if (round == 0) first = 0, now = count;
        if (round == 1 && now > 70) now = random_below(random, 70);
        memset(out, 0x55, (count + 1) * bytes + 64);
        assert_int_equal(
            ti_plan_fill(tensor.plan, first, now, out + odd, tensor.workspace), TI_OK);
        if (memcmp(out + odd, expected + first * bytes, now * bytes) != 0) {
            fail_msg("%s: elements %zu to %zu differ", query, first, first + now);
        }
        if (odd > 0) assert_int_equal(out[odd - 1], 0x55);
        assert_int_equal(out[odd + now * bytes], 0x55);
    }
    free(expected), free(out);
    release(&tensor);
}

static void check_parts(const char *request, const size_t *dim, unsigned rank, int rounds,
                        uint64_t *random) {
    unsigned char *full = body(request);
    for (int round = 0; round < rounds; round++) {
        struct part part = {.rank = rank};
        char query[900], items[500] = "", axes[60] = "";
        size_t count;
        const int kind =
            round % 4; /* slice, permute and slice, shard, permute and shard */
        random_permutation(random, &part);
        for (unsigned i = 0; i < rank; i++) {
            if (kind % 2 == 0) part.axis[i] = i;
            snprintf(axes + strlen(axes), 8, "%s%zu", i ? "," : "", part.axis[i]);
        }
        if (kind < 2) {
            for (unsigned i = 0; i < rank; i++)
                random_item(random, &part, i, dim[part.axis[i]], items);
        } else {
            random_shard(random, &part, dim, items);
        }
        snprintf(query, sizeof query, "%s&permute=%s&%s=%s", request, axes,
                 kind < 2 ? "slice" : "shard", items);
        size_t *list = list_elems(&part, dim, &count);
        compare_part(query, random, full, list, count);
        free(list);
    }
    free(full);
}

static void parts(void **state) {
    static const struct {
        const char *request;
        unsigned rank;
        size_t dim[RANK_MAX];
    } rows[] = {
        {"shape=130,70&scheme=orthogonal", 2, {130, 70}},
        {"shape=70,130&scheme=orthogonal&dtype=f64&gain=-1", 2, {70, 130}},
        {"shape=66,1100&scheme=orthogonal", 2, {66, 1100}},
        {"shape=1100,66&scheme=orthogonal&layout=io&dtype=bf16", 2, {1100, 66}},
        {"shape=1,9&scheme=orthogonal", 2, {1, 9}},
        {"shape=90,11,7&scheme=orthogonal", 3, {90, 11, 7}},
        {"shape=90,11,7&scheme=orthogonal&layout=io&dtype=f16", 3, {90, 11, 7}},
        {"shape=12,5,6,7&scheme=orthogonal&dtype=f64", 4, {12, 5, 6, 7}},
        {"shape=80,70,3&scheme=delta_orthogonal", 3, {80, 70, 3}},
        {"shape=4,66,90&scheme=delta_orthogonal&layout=io&dtype=f64", 3, {4, 66, 90}},
        {"shape=30,20,3,4&scheme=delta_orthogonal&dtype=bf16", 4, {30, 20, 3, 4}},
        {"shape=2,3,20,30&scheme=delta_orthogonal&layout=io", 4, {2, 3, 20, 30}},
        {"shape=16,16,2,3,3&scheme=delta_orthogonal", 5, {16, 16, 2, 3, 3}},
        {"shape=3,1,2,16,17&scheme=delta_orthogonal&layout=io", 5, {3, 1, 2, 16, 17}},
        {"shape=65,65,1,1&scheme=delta_orthogonal&gain=2", 4, {65, 65, 1, 1}},
    };
    uint64_t random = 7;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_parts(rows[i].request, rows[i].dim, rows[i].rank, 40, &random);
    }
}

/* Far out in a tensor with many elements that are not of the matrix. */
static void far_deltas(void **state) {
    uint64_t random = 8;
    (void)state;
    for (int io = 0; io < 2; io++) {
        char query[200];
        snprintf(query, sizeof query,
                 "shape=%s&scheme=delta_orthogonal&layout=%s&slice=%s",
                 io ? "1000003,5,9" : "9,5,1000003", io ? "io" : "oi",
                 io ? "500001,:,:" : ":,:,500001");
        unsigned char *matrix = body(query), *zeros = calloc(45, 4), *out = calloc(3, 4);
        *strstr(query, "&slice") = '\0';
        struct tensor tensor = tensor_of(query);
        assert_memory_not_equal(matrix, zeros, 180);
        for (size_t i = 0; i < 45; i++) {
            const uint64_t at = io ? 500001 * 45 + i : i * 1000003 + 500001;
            assert_int_equal(
                ti_plan_fill(tensor.plan, at - !io, 2, out, tensor.workspace), TI_OK);
            assert_memory_equal(out + (io ? 0 : 4), matrix + 4 * i, 4);
            if (!io) assert_memory_equal(out, zeros, 4);
        }
        for (int round = 0; round < 100; round++) { /* never at the centre */
            const uint64_t at = random_below(&random, 45 * 1000003);
            if (io ? at / 45 == 500001 : at % 1000003 == 500001) continue;
            assert_int_equal(ti_plan_fill(tensor.plan, at, 1, out, tensor.workspace),
                             TI_OK);
            assert_memory_equal(out, zeros, 4);
        }
        free(matrix), free(zeros), free(out);
        release(&tensor);
    }
}

/* Orthogonal ------------------------------------------------------------------------------- */

static void check_error(size_t rows, size_t cols, const char *dtype, double gain,
                        double most) {
    char query[200];
    snprintf(query, sizeof query, "shape=%zu,%zu&scheme=orthogonal&dtype=%s&gain=%g",
             rows, cols, dtype, gain);
    unsigned char *out = body(query);
    double *elems = malloc(rows * cols * sizeof *elems);
    for (size_t i = 0; i < rows * cols; i++) {
        float x;
        memcpy(&x, out + 4 * i,
               4); /* of an f64 tensor as well: at most half of its bytes */
        elems[i] = (double)x;
        if (strcmp(dtype, "f64") == 0) memcpy(&elems[i], out + 8 * i, 8);
    }
    const double error = orthogonal_error(elems, rows, cols, gain);
    if (!(error <= most)) fail_msg("%s: off by %g", query, error);
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
        cmocka_unit_test(narrow_dtypes),
        cmocka_unit_test(layouts_are_transposed),
        cmocka_unit_test(deltas),
        cmocka_unit_test(parts),
        cmocka_unit_test(far_deltas),
        cmocka_unit_test(is_orthogonal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
