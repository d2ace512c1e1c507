/* SPDX-License-Identifier: MIT */
/*
 * core/orthogonal: any part of an orthogonal tensor has the elements of the full tensor,
 * which test_orthogonal.c compares with docs/SPEC.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/random.h"
#include "support/tensor.h"

#define RANK_MAX 5

/* A random part: start, step and count for each permuted axis. */
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
        const size_t other = random_below(random, i + 1), stored = part->axis[i];
        part->axis[i] = part->axis[other];
        part->axis[other] = stored;
    }
}

/* Selects a part of axis i, whose size is 'dim', and adds it to the text of a slice. */
static void random_item(uint64_t *random, struct part *part, unsigned i, size_t dim,
                        char *text) {
    char item[80];
    const long start = (long)random_below(random, dim);
    const long max = 1 + (long)random_below(random, random_below(random, 3) ? 3 : 90);
    const long step = random_below(random, 2) ? max : -max;
    const size_t capacity = (size_t)(step > 0 ? (long)dim - 1 - start : start);
    part->start[i] = start;
    part->step[i] = step;
    part->count[i] = random_below(random, capacity / (size_t)max + 2);
    const long stop = start + (long)part->count[i] * step;
    part->index[i] = random_below(random, 6) == 0;
    if (part->index[i]) {
        part->count[i] = 1;
        snprintf(item, sizeof item, "%s%ld", i ? "," : "",
                 random_below(random, 2) ? start : start - (long)dim);
    } else if (random_below(random, 4) == 0) { /* all */
        part->start[i] = 0, part->step[i] = 1, part->count[i] = dim;
        snprintf(item, sizeof item, "%s:", i ? "," : "");
    } else if (stop < 0) { /* only an open end includes index 0 */
        snprintf(item, sizeof item, "%s%ld::%ld", i ? "," : "", start, step);
        part->count[i] = (size_t)(start / max) + 1;
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

/* Indices in the full tensor of the elements of the part, in order. */
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

/* The part, and random ranges of it, to unaligned addresses; nothing is written
   outside. */
static void compare_part(const char *query, uint64_t *random, const unsigned char *full,
                         const size_t *list, size_t count) {
    struct test_tensor tensor = test_tensor(query);
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
    test_tensor_clear(&tensor);
}

static void check_parts(const char *request, const size_t *dim, unsigned rank, int rounds,
                        uint64_t *random) {
    unsigned char *full = test_body(request);
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
        {"shape=5,30,70&scheme=orthogonal&batch_axis=0", 3, {5, 30, 70}},
        {"shape=30,5,7,2&scheme=orthogonal&batch_axis=1,3&dtype=f64", 4, {30, 5, 7, 2}},
        {"shape=70,6,3,9&scheme=orthogonal&batch_axis=2&layout=io&dtype=f16",
         4,
         {70, 6, 3, 9}},
        {"shape=3,4,2,5,6&scheme=orthogonal&batch_axis=0,2", 5, {3, 4, 2, 5, 6}},
        {"shape=400,2,3&scheme=orthogonal&batch_axis=0&gain=-1", 3, {400, 2, 3}},
        {"shape=9,3,7,4&scheme=delta_orthogonal&batch_axis=1", 4, {9, 3, 7, 4}},
        {"shape=3,2,3,7,9&scheme=delta_orthogonal&batch_axis=1&layout=io",
         5,
         {3, 2, 3, 7, 9}},
    };
    uint64_t random = 7;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_parts(rows[i].request, rows[i].dim, rows[i].rank, 40, &random);
    }
}

/* Far inside a tensor with many elements outside the matrix. */
static void far_deltas(void **state) {
    uint64_t random = 8;
    (void)state;
    for (int io = 0; io < 2; io++) {
        char query[200];
        snprintf(query, sizeof query,
                 "shape=%s&scheme=delta_orthogonal&layout=%s&slice=%s",
                 io ? "1000003,5,9" : "9,5,1000003", io ? "io" : "oi",
                 io ? "500001,:,:" : ":,:,500001");
        unsigned char *matrix = test_body(query), *zeros = calloc(45, 4),
                      *out = calloc(3, 4);
        *strstr(query, "&slice") = '\0';
        struct test_tensor tensor = test_tensor(query);
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
        test_tensor_clear(&tensor);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(far_deltas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
