/* SPDX-License-Identifier: MIT */
/* Which response headers tic_verify() accepts, and where the requested part lies. */
#include "support/test.h"

#include "client/verify.h"

static void reads_shapes(void **state) {
    (void)state;
    uint64_t shape[TI_MAX_RANK], elems;
    unsigned rank;
    static const char *const wrong[] = {
        "",
        ",",
        "2,",
        ",2",
        "2,,3",
        "2, 3",
        "-1",
        "+1",
        "0x2",
        "2;3",
        " 2",
        "2 ",
        "a",
        "scalar,",
        "18446744073709551616",
        "4294967296,4294967296",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_row(!tic_read_shape(wrong[i], &rank, shape, &elems), wrong[i]);
    }
    assert_true(tic_read_shape("scalar", &rank, shape, &elems) && rank == 0 &&
                elems == 1);
    assert_true(tic_read_shape("4294967296,4294967296,0", &rank, shape, &elems));
    assert_true(rank == 3 && elems == 0);
    assert_true(tic_read_shape("007,2", &rank, shape, &elems) && elems == 14);
    char many[2 * (TI_MAX_RANK + 1)];
    for (size_t i = 0; i < sizeof many; i++) many[i] = i % 2 ? ',' : '1';
    many[2 * TI_MAX_RANK - 1] = '\0';
    assert_true(tic_read_shape(many, &rank, shape, &elems) && rank == TI_MAX_RANK);
    many[2 * TI_MAX_RANK - 1] = ',';
    many[sizeof many - 1] = '\0';
    assert_false(tic_read_shape(many, &rank, shape, &elems));
}

/* A request for a part of a tensor, a response, and what tic_verify() makes of them. */
struct row {
    const char *query;
    uint64_t first_byte, count_bytes;
    const char *header; /* lines, each with its line end */
    enum ti_status code;
    uint64_t total_bytes, skip_bytes, extent_bytes;
    /* For a continuation: what the first response was. */
    const struct tic_info *earlier;
    bool head;
};

#define OK "HTTP/1.1 200 OK\r\n"
#define PART "HTTP/1.1 206 Partial Content\r\n"
#define SPEC "Tensor-Spec: 1-draft.2\r\n"
#define F32 "Tensor-Dtype: f32\r\n"
#define SHAPE "Tensor-Shape: 2,3\r\n"
#define TENSOR SPEC SHAPE F32
#define RAW "Content-Type: application/octet-stream\r\n"
#define NPY "Content-Type: application/x-npy\r\n"
#define JSON "Content-Type: application/json\r\n"
#define LENGTH(bytes) "Content-Length: " #bytes "\r\n"
#define RANGE(range) "Content-Range: bytes " range "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define ALL 0, TIC_TO_END
#define MISMATCH TI_EMISMATCH, 0, 0, 0
#define BEYOND TI_ERANGE, 0, 0, 0

static void check_row(const struct row *row) {
    struct tic_request *request = NULL;
    struct tic_response response = {0};
    struct tic_info info;
    struct tic_extent extent;
    struct ti_error error = {.text = "no error"};
    const struct tic_expected expected = {
        .first_byte = row->first_byte,
        .count_bytes = row->count_bytes,
        .ranged = row->first_byte > 0 || row->count_bytes != TIC_TO_END,
        .head = row->head,
        .earlier = row->earlier,
    };
    assert_int_equal(tic_request_make("http://h", &request, NULL), TI_OK);
    assert_int_equal(tic_request_set_query(request, row->query, NULL), TI_OK);
    tic_request_number(request, TIC_SKIP_BYTES, 20);
    for (const char *line = row->header; *line;) {
        const size_t bytes = (size_t)(strstr(line, "\r\n") + 2 - line);
        assert_int_equal(tic_response_line(&response, line, bytes), TIC_LINE_OK);
        line += bytes;
    }
    const enum ti_status status =
        tic_verify(request, &response, &expected, &info, &extent, &error);
    if (status != row->code) {
        fail_msg("%s\n%s: %s, %s", row->query, row->header, ti_status_name(status),
                 error.text);
    }
    if (status == TI_OK) {
        assert_row(info.total_bytes == row->total_bytes, row->header);
        assert_row(extent.skip_bytes == row->skip_bytes, row->header);
        assert_row(extent.count_bytes == row->extent_bytes, row->header);
        assert_int_equal(info.struct_bytes, sizeof info);
    }
    tic_response_clear(&response);
    tic_request_free(request);
}

#define CHECK(rows)                                                                      \
    for (size_t i = 0; i < COUNT_OF(rows); i++) check_row(&(rows)[i])

static void checks_lengths(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* Raw: exactly the elements. */
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(24), TI_OK, 24, 0, 24, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(23), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(25), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(0), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(-24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(24x), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(9223372036854775808), MISMATCH, NULL,
         false},
        {"shape=2,3", ALL, OK TENSOR RAW LENGTH(24) LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW CHUNKED, TI_OK, 24, 0, 24, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW, TI_OK, 24, 0, 24, NULL, false},
        {"shape=0,3", ALL, OK SPEC F32 "Tensor-Shape: 0,3\r\n" RAW LENGTH(0), TI_OK, 0, 0,
         0, NULL, false},
        {"shape=scalar", ALL, OK SPEC F32 "Tensor-Shape: scalar\r\n" RAW LENGTH(4), TI_OK,
         4, 0, 4, NULL, false},
        /* Other binary formats have a header, too. */
        {"shape=2,3&format=npy", ALL, OK TENSOR NPY LENGTH(152), TI_OK, 152, 0, 152, NULL,
         false},
        {"shape=2,3&format=npy", ALL, OK TENSOR NPY LENGTH(23), MISMATCH, NULL, false},
        {"shape=2,3&format=npy", ALL, OK TENSOR NPY CHUNKED, TI_OK, TIC_UNKNOWN, 0,
         TIC_UNKNOWN, NULL, false},
        {"shape=2,3&format=npy", ALL, OK TENSOR NPY, MISMATCH, NULL, false},
        /* Text: any length but 0. */
        {"shape=2,3&format=json", ALL, OK TENSOR JSON LENGTH(2), TI_OK, 2, 0, 2, NULL,
         false},
        {"shape=2,3&format=json", ALL, OK TENSOR JSON LENGTH(0), MISMATCH, NULL, false},
        {"shape=2,3&format=json", ALL, OK TENSOR JSON CHUNKED, TI_OK, TIC_UNKNOWN, 0,
         TIC_UNKNOWN, NULL, false},
        {"shape=2,3&format=json", ALL, OK TENSOR JSON, MISMATCH, NULL, false},
        {"shape=2,3&format=json", ALL, OK TENSOR JSON, TI_OK, TIC_UNKNOWN, 0, TIC_UNKNOWN,
         NULL, true},
        {"shape=2,3&format=json", ALL, "HTTP/2 200\r\n" TENSOR JSON, TI_OK, TIC_UNKNOWN,
         0, TIC_UNKNOWN, NULL, false},
        /* Formats and dtypes of a newer server: nothing is known of the length. */
        {"shape=2,3&format=new", ALL, OK TENSOR JSON LENGTH(7), TI_OK, 7, 0, 7, NULL,
         false},
        {"shape=2,3&dtype=f4", ALL, OK SPEC SHAPE "Tensor-Dtype: f4\r\n" RAW LENGTH(3),
         TI_OK, 3, 0, 3, NULL, false},
        /* Shapes that are no body. */
        {"shape=2,3", ALL,
         OK SPEC F32 "Tensor-Shape: 4611686018427387904\r\n" RAW CHUNKED, MISMATCH, NULL,
         false},
    };
    CHECK(rows);
}

static void checks_fields(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"shape=2,3", ALL, OK SHAPE F32 RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK SPEC SHAPE RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK SPEC F32 RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR SHAPE RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR NPY LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW "Content-Encoding: br\r\n" LENGTH(24), MISMATCH,
         NULL, false},
        {"shape=2,3", ALL, OK TENSOR RAW "Content-Encoding: Identity\r\n" LENGTH(24),
         TI_OK, 24, 0, 24, NULL, false},
        {"shape=2,3", ALL,
         OK TENSOR "Content-Type: Application/Octet-Stream; a=b\r\n" LENGTH(24), TI_OK,
         24, 0, 24, NULL, false},
        {"shape=3,2", ALL, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3,1", ALL, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=6", ALL, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,03", ALL, OK TENSOR RAW LENGTH(24), TI_OK, 24, 0, 24, NULL, false},
        {"shape=4,3&shard=0:0/2", ALL,
         OK TENSOR "Tensor-Full-Shape: 4,3\r\n" RAW LENGTH(24), TI_OK, 24, 0, 24, NULL,
         false},
        {"shape=4,3&shard=0:0/2", ALL,
         OK TENSOR "Tensor-Full-Shape: 4,4\r\n" RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=3,2&permute=1,0", ALL, OK TENSOR RAW LENGTH(24), TI_OK, 24, 0, 24, NULL,
         false},
        {"shape=2,3&dtype=i32", ALL, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3&dtype=float", ALL, OK TENSOR RAW LENGTH(24), TI_OK, 24, 0, 24, NULL,
         false},
        {"shape=2,3&spec=2", ALL, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", ALL,
         OK TENSOR RAW LENGTH(24) "ETag: \"0123456789012345678901234567890123456789"
                                  "01234567890123456789012345678901234567890123456789"
                                  "01234567890123456789012345678901234567\"\r\n",
         MISMATCH, NULL, false},
    };
    CHECK(rows);
}

static void checks_parts(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* 206 */
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/24") LENGTH(8), TI_OK, 24, 0, 8,
         NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/24"), TI_OK, 24, 0, 8, NULL,
         false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/*"), TI_OK, 24, 0, 8, NULL,
         false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/24") LENGTH(7), MISMATCH, NULL,
         false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/25"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("5-12/24"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("3-10/24"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-10/24"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-12/24"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("*/24"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/24 "), TI_OK, 24, 0, 8, NULL,
         false},
        {"shape=2,3", 4, 8, PART TENSOR RAW RANGE("4-11/24x"), MISMATCH, NULL, false},
        {"shape=2,3", 4, 8, PART TENSOR RAW LENGTH(8), MISMATCH, NULL, false},
        {"shape=2,3", 4, TIC_TO_END, PART TENSOR RAW RANGE("4-23/24"), TI_OK, 24, 0, 20,
         NULL, false},
        {"shape=2,3", 4, TIC_TO_END, PART TENSOR RAW RANGE("4-22/24"), MISMATCH, NULL,
         false},
        {"shape=2,3", 20, 8, PART TENSOR RAW RANGE("20-23/24"), BEYOND, NULL, false},
        {"shape=2,3", ALL, PART TENSOR RAW RANGE("0-23/24"), MISMATCH, NULL, false},
        /* 200: the part is taken from the full body, after at most 20 bytes. */
        {"shape=2,3", 4, 8, OK TENSOR RAW LENGTH(24), TI_OK, 24, 4, 8, NULL, false},
        {"shape=2,3", 4, TIC_TO_END, OK TENSOR RAW LENGTH(24), TI_OK, 24, 4, 20, NULL,
         false},
        {"shape=2,3", 20, 4, OK TENSOR RAW LENGTH(24), TI_OK, 24, 20, 4, NULL, false},
        {"shape=2,3", 21, 3, OK TENSOR RAW LENGTH(24), MISMATCH, NULL, false},
        {"shape=2,3", 21, 3, OK TENSOR RAW LENGTH(24), TI_OK, 24, 21, 3, NULL, true},
        {"shape=2,3", 20, 5, OK TENSOR RAW LENGTH(24), BEYOND, NULL, false},
        {"shape=2,3", 24, TIC_TO_END, OK TENSOR RAW LENGTH(24), BEYOND, NULL, false},
        {"shape=2,3", 25, 0, OK TENSOR RAW LENGTH(24), BEYOND, NULL, true},
        {"shape=2,3", 24, 0, OK TENSOR RAW LENGTH(24), TI_OK, 24, 24, 0, NULL, true},
        {"shape=2,3&format=json", 4, TIC_TO_END, OK TENSOR JSON CHUNKED, TI_OK,
         TIC_UNKNOWN, 4, TIC_UNKNOWN, NULL, false},
    };
    CHECK(rows);
}

/* After 12 bytes of a first response, with and without an entity tag. */
static void checks_continuations(void **state) {
    (void)state;
    static const struct tic_info tagged = {.struct_bytes = sizeof tagged,
                                           .spec = "1-draft.2",
                                           .dtype = "f32",
                                           .etag = "\"abc\"",
                                           .shape = {2, 3},
                                           .rank = 2,
                                           .elems = 6,
                                           .total_bytes = 24};
    static struct tic_info untagged, weak;
    untagged = weak = tagged;
    strcpy(untagged.etag, "");
    strcpy(weak.etag, "W/\"abc\"");
#define TAG "ETag: \"abc\"\r\n"
#define REST RANGE("12-23/24") LENGTH(12)
    const struct row rows[] = {
        {"shape=2,3", 12, 12, PART TAG REST, TI_OK, 24, 0, 12, &tagged, false},
        {"shape=2,3", 12, 12, PART TAG TENSOR RAW REST, TI_OK, 24, 0, 12, &tagged, false},
        {"shape=2,3", 12, 12, PART TENSOR RAW REST, MISMATCH, &tagged, false},
        {"shape=2,3", 12, 12, PART "ETag: \"abd\"\r\n" TENSOR RAW REST, MISMATCH, &tagged,
         false},
        {"shape=2,3", 12, 12, PART TAG "Tensor-Spec: 2\r\n" REST, MISMATCH, &tagged,
         false},
        {"shape=2,3", 12, 12, PART TAG "Tensor-Dtype: i32\r\n" REST, MISMATCH, &tagged,
         false},
        {"shape=2,3", 12, 12, PART TAG "Tensor-Shape: 3,2\r\n" REST, MISMATCH, &tagged,
         false},
        {"shape=2,3", 12, 12, PART TAG RANGE("12-23/28") LENGTH(12), MISMATCH, &tagged,
         false},
        {"shape=2,3", 12, 12, OK TAG TENSOR RAW LENGTH(24), TI_OK, 24, 12, 12, &tagged,
         false},
        {"shape=2,3", 12, 12, OK TENSOR RAW LENGTH(24), MISMATCH, &tagged, false},
        {"shape=2,3", 12, 12, PART TENSOR RAW REST, TI_OK, 24, 0, 12, &untagged, false},
        {"shape=2,3", 12, 12, PART REST, MISMATCH, &untagged, false},
        /* A weak tag does not imply the other fields. */
        {"shape=2,3", 12, 12, PART "ETag: W/\"abc\"\r\n" REST, MISMATCH, &weak, false},
        {"shape=2,3", 12, 12, PART "ETag: W/\"abc\"\r\n" TENSOR RAW REST, TI_OK, 24, 0,
         12, &weak, false},
    };
    CHECK(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_shapes),         cmocka_unit_test(checks_lengths),
        cmocka_unit_test(checks_fields),        cmocka_unit_test(checks_parts),
        cmocka_unit_test(checks_continuations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
