/* SPDX-License-Identifier: MIT */
/*
 * core/formats and core/request/body: headers as numpy writes them, any range of bytes,
 * and JSON text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/fence.h"
#include "support/random.h"
#include "support/test.h"

static struct ti_body *body_of(const struct ti_plan *plan) {
    struct ti_body *body;
    assert_int_equal(ti_body_make(plan, &body, NULL), TI_OK);
    return body;
}

/*
 * Dict and length of the header, from numpy 1.24: write_array_header_1_0() of
 * numpy.lib.format. The last pairs are where it grows from 128 to 192 bytes.
 */
static const struct {
    const char *query, *dict;
    size_t bytes;
} headers[] = {
    {"shape=scalar", "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 128},
    {"shape=0", "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", 128},
    {"shape=3", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 128},
    {"shape=512,784", "{'descr': '<f4', 'fortran_order': False, 'shape': (512, 784), }",
     128},
    {"shape=512,784&dtype=f64",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (512, 784), }", 128},
    {"shape=2,3,4&dtype=f16",
     "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3, 4), }", 128},
    {"shape=2,3,4&dtype=bf16",
     "{'descr': '<V2', 'fortran_order': False, 'shape': (2, 3, 4), }", 128},
    {"shape=1234567890,0",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1234567890, 0), }", 128},
    {"shape=1,1,1,1,1,1,1,1,1,1,1,1,1,10",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
     "1, 10), }",
     128},
    {"shape=1,1,1,1,1,1,1,1,1,1,1,1,1,100",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
     "1, 100), }",
     192},
    {"shape=1,1,1,1,1,1,1,1,1,1,10000000000",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
     "10000000000), }",
     128},
    {"shape=1,1,1,1,1,1,1,1,1,1,100000000000",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
     "100000000000), }",
     192},
};

static void npy_headers(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        const char *dict = headers[i].dict;
        const size_t bytes = headers[i].bytes;
        char query[200] = "scheme=normal&format=npy&";
        unsigned char expected[192] = "\x93NUMPY\x01", header[192];
        strcat(query, headers[i].query);
        struct ti_plan *plan = test_plan(query);
        struct ti_body *body = body_of(plan);
        expected[8] = (unsigned char)(bytes - 10);
        memset(expected + 10, ' ', bytes - 10);
        memcpy(expected + 10, dict, strlen(dict));
        expected[bytes - 1] = '\n';
        assert_row(ti_body_bytes(body) == bytes + ti_plan_info(plan)->body_bytes, query);
        assert_int_equal(ti_body_read(body, 0, bytes, header, NULL), TI_OK);
        assert_row(memcmp(header, expected, bytes) == 0, query);
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

/* The longest possible header: 32 dims with a product below 2^63. */
static void npy_header_of_many_dims(void **state) {
    char query[2000] = "scheme=zeros&format=npy&shape=2305843009213693000";
    (void)state;
    for (int i = 1; i < TI_MAX_RANK; i++) strcat(query, ",1");
    struct ti_plan *plan = test_plan(query);
    struct ti_body *body = body_of(plan);
    unsigned char header[1024];
    const uint64_t bytes = ti_body_bytes(body) - ti_plan_info(plan)->body_bytes;
    assert_int_equal(bytes % 64, 0);
    assert_in_range(bytes, 1, sizeof header);
    assert_int_equal(ti_body_read(body, 0, (size_t)bytes, header, NULL), TI_OK);
    assert_int_equal(header[bytes - 1], '\n');
    assert_int_equal(header[8] + 256 * header[9], bytes - 10);
    ti_body_free(body);
    ti_plan_free(plan);
}

/* The header of a safetensors file, without the spaces at its end. */
static const struct {
    const char *query, *header;
} safetensors_headers[] = {
    {"shape=5,3&scheme=ones",
     "{\"__metadata__\":{\"format\":\"pt\"},"
     "\"tensor\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,60]}}"},
    {"shape=5,3&scheme=ones&metadata=none&name=w",
     "{\"__metadata__\":{\"format\":\"pt\"},"
     "\"w\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,60]}}"},
    {"metadata=full&scheme=he&shape=5,3&name=a%20%22&dtype=bf16&seed=0x10",
     "{\"__metadata__\":{\"format\":\"pt\",\"spec\":\"" TI_SPEC_NAME "\","
     "\"query\":\"shape=5,3&scheme=he_normal&seed=16&name=a%20%22&dtype=bf16"
     "&format=safetensors&metadata=full\","
     "\"full_query\":\"shape=5,3&scheme=he_normal&seed=16&name=a%20%22&dtype=bf16"
     "&format=safetensors&metadata=full\"},"
     "\"a \\\"\":{\"dtype\":\"BF16\",\"shape\":[5,3],\"data_offsets\":[0,30]}}"},
    {"metadata=full&scheme=orthogonal&shape=4,6&permute=1,0&shard=0:1/2&gain=2&name=slice",
     "{\"__metadata__\":{\"format\":\"pt\",\"spec\":\"" TI_SPEC_NAME "\","
     "\"query\":\"shape=4,6&scheme=orthogonal&name=slice&format=safetensors&permute=1,0"
     "&slice=3:&metadata=full&gain=2\","
     "\"full_query\":\"shape=4,6&scheme=orthogonal&name=slice&format=safetensors"
     "&metadata=full&gain=2\"},"
     "\"slice\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]}}"},
};

static void safetensors_header(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(safetensors_headers); i++) {
        const char *expected = safetensors_headers[i].header;
        const size_t text_bytes = (strlen(expected) + 7) / 8 * 8;
        char query[200] = "format=safetensors&";
        unsigned char header[1024];
        strcat(query, safetensors_headers[i].query);
        struct ti_plan *plan = test_plan(query);
        struct ti_body *body = body_of(plan);
        assert_row(ti_body_bytes(body) == 8 + text_bytes + ti_plan_info(plan)->body_bytes,
                   query);
        assert_int_equal(ti_body_read(body, 0, 8 + text_bytes, header, NULL), TI_OK);
        assert_int_equal(header[0] + 256 * header[1], text_bytes);
        assert_row(memcmp(header + 8, expected, strlen(expected)) == 0, query);
        for (size_t k = strlen(expected); k < text_bytes; k++)
            assert_row(header[8 + k] == ' ', query);
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

/* The longest possible names and queries of a safetensors file. */
static void longest_header(void **state) {
    char query[8000] =
        "scheme=variance_scaling&format=safetensors&metadata=full&mode=fan_geo_avg"
        "&distribution=untruncated_normal&scale=1.2345678901234567e-300"
        "&seed=18446744073709551615&dtype=f8_e4m3&shape=288230376151711743";
    (void)state;
    for (int i = 1; i < TI_MAX_RANK; i++) strcat(query, ",1");
    strcat(query, "&permute=31");
    for (int i = 1; i < TI_MAX_RANK; i++) sprintf(query + strlen(query), ",%d", 31 - i);
    strcat(query, "&slice=0:1");
    for (int i = 2; i < TI_MAX_RANK; i++) strcat(query, ",0:0");
    strcat(query, ",288230376151711740:100000000000000001:-100000000000000003");
    strcat(query, "&in_axis=0&out_axis=1&batch_axis=2");
    for (int i = 3; i < TI_MAX_RANK; i++) sprintf(query + strlen(query), ",%d", i);
    strcat(query, "&name=");
    for (int i = 0; i < TI_MAX_NAME_BYTES; i++) strcat(query, "%01");
    struct ti_plan *plan = test_plan(query);
    struct ti_body *body = body_of(plan);
    const uint64_t bytes = ti_body_bytes(body);
    unsigned char *header = malloc((size_t)bytes);
    assert_int_equal(ti_plan_info(plan)->body_bytes, 0);
    assert_in_range(bytes, 6 * TI_MAX_NAME_BYTES + 2 * 3 * TI_MAX_NAME_BYTES, 24576);
    assert_int_equal(ti_body_read(body, 0, (size_t)bytes, header, NULL), TI_OK);
    assert_int_equal(header[0] + 256 * header[1], bytes - 8);
    free(header);
    ti_body_free(body);
    ti_plan_free(plan);
}

static const char *const bodies[] = {
    "shape=5,3&scheme=normal",
    "shape=5,3&scheme=normal&format=npy",
    "shape=5,3&scheme=normal&format=npy&dtype=f64",
    "shape=5,3&scheme=uniform&format=npy&dtype=f16",
    "shape=5,3&scheme=he_normal&format=npy&dtype=bf16",
    "shape=5,3&scheme=ones&format=npy",
    "shape=0,3&scheme=normal&format=npy",
    "shape=0,3&scheme=normal",
    "shape=scalar&scheme=normal&format=npy",
    "shape=5,3&scheme=normal&format=safetensors&name=a%22b",
    "shape=5,3&scheme=normal&format=npy&slice=::-2,1:",
    "shape=5,3&scheme=normal&dtype=f8_e4m3",
};

/* The header, then the elements of the plan. */
static void body_is_header_and_elements(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct ti_plan *plan = test_plan(bodies[i]);
        struct ti_body *body = body_of(plan);
        const struct ti_plan_info *info = ti_plan_info(plan);
        unsigned char full[1024], elems[1024];
        const size_t bytes = (size_t)ti_body_bytes(body);
        assert_true(bytes <= sizeof full);
        assert_int_equal(ti_body_read(body, 0, bytes, full, NULL), TI_OK);
        assert_int_equal(ti_plan_fill(plan, 0, info->elems, elems, NULL), TI_OK);
        assert_memory_equal(full + bytes - info->body_bytes, elems, info->body_bytes);
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

/* All ranges of a small body, into memory that ends with the range. */
static void all_ranges(void **state) {
    struct fence fence = fence_make(1024);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct ti_plan *plan = test_plan(bodies[i]);
        struct ti_body *body = body_of(plan);
        unsigned char full[1024];
        const size_t bytes = (size_t)ti_body_bytes(body);
        assert_int_equal(ti_body_read(body, 0, bytes, full, NULL), TI_OK);
        for (size_t from = 0; from <= bytes; from++) {
            for (size_t n = 0; n <= bytes - from; n++) {
                unsigned char *out = fence_tail(&fence, n);
                if (ti_body_read(body, from, n, out, NULL) != TI_OK ||
                    memcmp(out, full + from, n) != 0) {
                    fail_msg("%s: %zu bytes from %zu", bodies[i], n, from);
                }
            }
        }
        ti_body_free(body);
        ti_plan_free(plan);
    }
    fence_free(&fence);
}

/* A longer body in chunks of random lengths, as a stream reads it. */
static void chunks(void **state) {
    static const char *const queries[] = {
        "shape=1000,37&scheme=he_normal&format=npy",
        "shape=1000,37&scheme=he_normal&format=npy&dtype=f64",
        "shape=1000,37&scheme=glorot_uniform&dtype=bf16",
    };
    uint64_t random = 11;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        struct ti_body *body = body_of(plan);
        const size_t bytes = (size_t)ti_body_bytes(body);
        unsigned char *full = malloc(bytes), *out = malloc(bytes);
        assert_int_equal(ti_body_read(body, 0, bytes, full, NULL), TI_OK);
        for (int round = 0; round < 20; round++) {
            memset(out, 0, bytes);
            for (size_t at = 0, n; at < bytes; at += n) {
                n = random_below(&random, round % 2 ? 9000 : 700);
                if (n > bytes - at) n = bytes - at;
                assert_int_equal(ti_body_read(body, at, n, out + at, NULL), TI_OK);
            }
            assert_memory_equal(out, full, bytes);
        }
        free(full);
        free(out);
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

static void out_of_range(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct ti_plan *plan = test_plan(bodies[i]);
        struct ti_body *body = body_of(plan);
        const uint64_t bytes = ti_body_bytes(body);
        const uint64_t ranges[][2] = {
            {0, bytes + 1},  {bytes, 1},    {bytes + 1, 0},         {1, bytes},
            {UINT64_MAX, 1}, {1, SIZE_MAX}, {UINT64_MAX, SIZE_MAX}, {bytes, SIZE_MAX},
        };
        for (size_t k = 0; k < COUNT_OF(ranges); k++) {
            unsigned char out[1024], untouched[1024];
            memset(out, 0x55, sizeof out);
            memset(untouched, 0x55, sizeof untouched);
            assert_int_equal(
                ti_body_read(body, ranges[k][0], (size_t)ranges[k][1], out, NULL),
                TI_ERANGE);
            assert_memory_equal(out, untouched, sizeof out);
        }
        ti_body_free(body);
        ti_plan_free(plan);
    }
    ti_body_free(NULL);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(ti_format_name(TI_FORMAT_RAW), "raw");
    assert_string_equal(ti_format_name(TI_FORMAT_NPY), "npy");
    assert_string_equal(ti_format_extension(TI_FORMAT_RAW), "bin");
    assert_string_equal(ti_format_extension(TI_FORMAT_NPY), "npy");
    assert_string_equal(ti_format_media_type(TI_FORMAT_RAW), "application/octet-stream");
    assert_string_equal(ti_format_media_type(TI_FORMAT_NPY), "application/x-npy");
    struct ti_plan *plan = test_plan("shape=3&scheme=ones&format=npy");
    struct ti_body *body = body_of(plan);
    assert_int_equal(ti_body_format(body), TI_FORMAT_NPY);
    ti_body_free(body);
    ti_plan_free(plan);
}

/* All of a body by ti_body_next(), at most that many elements a call (0: no limit), in a buffer
   that ends at a guard page. */
static size_t all_of(const struct ti_body *body, uint64_t max_elems, size_t capacity,
                     char *text, size_t max) {
    struct fence fence = fence_make(capacity);
    unsigned char *out = fence_tail(&fence, capacity);
    struct ti_body_cursor cursor = {.max_elems = max_elems};
    size_t used = 0, written;
    do {
        assert_int_equal(ti_body_next(body, &cursor, capacity, out, &written, NULL),
                         TI_OK);
        assert_true(written <= capacity && used + written < max);
        memcpy(text + used, out, written);
        used += written;
    } while (written > 0);
    fence_free(&fence);
    text[used] = '\0';
    return used;
}

static const struct {
    const char *query, *text;
} json_texts[] = {
    {"shape=scalar&scheme=ones", "1.0\n"},
    {"shape=2,2&scheme=identity", "[[1.0,0.0],[0.0,1.0]]\n"},
    {"shape=2,1,2&scheme=zeros", "[[[0.0,0.0]],[[0.0,0.0]]]\n"},
    {"shape=2,2&scheme=ones&json=flat", "[1.0,1.0,1.0,1.0]\n"},
    {"shape=0&scheme=ones", "[]\n"},
    {"shape=2,0,3&scheme=ones", "[[],[]]\n"},
    {"shape=2,3,0&scheme=ones", "[[[],[],[]],[[],[],[]]]\n"},
    {"shape=2&scheme=constant&value=-128&dtype=i8", "[-128,-128]\n"},
    {"shape=1&scheme=constant&value=255&dtype=u8", "[255]\n"},
    {"shape=1&scheme=constant&value=-2147483648&dtype=i32", "[-2147483648]\n"},
    {"shape=1&scheme=constant&value=-9223372036854775808&dtype=i64",
     "[\"-9223372036854775808\"]\n"},
    {"shape=1&scheme=constant&value=9007199254740992&dtype=u64",
     "[\"9007199254740992\"]\n"},
    {"shape=2&scheme=ones&dtype=bool", "[true,true]\n"},
    {"shape=1&scheme=constant&value=0.1&dtype=bf16", "[0.1]\n"},
    {"shape=1&scheme=constant&value=-65504&dtype=f16", "[-65500.0]\n"},
    {"shape=1&scheme=constant&value=0.1&dtype=f64", "[0.1]\n"},
};

static void json_text(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(json_texts); i++) {
        char query[200], text[200];
        sprintf(query, "format=json&%s", json_texts[i].query);
        struct ti_plan *plan = test_plan(query);
        struct ti_body *body = body_of(plan);
        all_of(body, 0, TI_BODY_CAPACITY_MIN, text, sizeof text);
        assert_string_equal(text, json_texts[i].text);
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

/* An array of shape[0] arrays, each of them likewise; '*elem' is the next element. */
static char *nested(char *at, unsigned rank, const uint64_t *shape, const float **elem) {
    if (rank == 0) return at + sprintf(at, "%.9g", (double)*(*elem)++);
    *at++ = '[';
    for (uint64_t i = 0; i < shape[0]; i++) {
        if (i > 0) *at++ = ',';
        at = nested(at, rank - 1, shape + 1, elem);
    }
    *at++ = ']';
    return at;
}

/* The text does not depend on the capacity: all brackets, and numbers that read back. */
static void json_capacities(void **state) {
    static const char *const shapes[] = {
        "9000", "9000,1", "1,9000", "40,1,77,3", "2,2,2,2,2,2,2,2,2,2,2,2,2", "100,99"};
    enum { TEXT_MAX = 400000 };
    static char text[TEXT_MAX], other[TEXT_MAX], expected[TEXT_MAX];
    static float elems[10000];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        char query[200];
        sprintf(query, "format=json&scheme=normal&name=json&shape=%s", shapes[i]);
        struct ti_plan *plan = test_plan(query);
        struct ti_body *body = body_of(plan);
        const struct ti_plan_info *info = ti_plan_info(plan);
        const float *elem = elems;
        assert_int_equal(ti_plan_fill(plan, 0, info->elems, elems, NULL), TI_OK);
        *nested(expected, info->rank, info->shape, &elem) = '\0';
        all_of(body, 0, TI_BODY_CAPACITY_MIN, text, TEXT_MAX);
        all_of(body, 1, TI_BODY_CAPACITY_MIN, other, TEXT_MAX);
        assert_row(strcmp(text, other) == 0, query);
        for (size_t capacity = TI_BODY_CAPACITY_MIN + 1; capacity < 60000;
             capacity += 7919) {
            all_of(body, capacity % 300, capacity, other, TEXT_MAX);
            assert_row(strcmp(text, other) == 0, query);
        }
        char *a = text, *b = expected;
        while (*a && *b) {
            if (strchr("[],", *a)) {
                assert_row(*a++ == *b++, query);
            } else {
                const float x = strtof(a, &a), y = strtof(b, &b);
                assert_row(x == y, query);
            }
        }
        assert_string_equal(a, "\n");
        assert_string_equal(b, "");
        ti_body_free(body);
        ti_plan_free(plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_headers),
        cmocka_unit_test(npy_header_of_many_dims),
        cmocka_unit_test(body_is_header_and_elements),
        cmocka_unit_test(all_ranges),
        cmocka_unit_test(chunks),
        cmocka_unit_test(out_of_range),
        cmocka_unit_test(names),
        cmocka_unit_test(safetensors_header),
        cmocka_unit_test(longest_header),
        cmocka_unit_test(json_text),
        cmocka_unit_test(json_capacities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
