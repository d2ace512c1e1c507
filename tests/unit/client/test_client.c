/* SPDX-License-Identifier: MIT */
/* The client library against a server that plays answers, good and bad. */
#include "tests/unit/client/scenes.h"

static void fetches_a_tensor(void **state) {
    (void)state;
    PLAY(play, request, {.text = OK TENSOR RAW TAG "Tensor-Std: 0.5\r\n" LENGTH BODY});
    char data[24];
    struct tic_info info;
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "name", "a b&c=\xc3\xa9+%/", &error),
                     TI_OK);
    assert_int_equal(tic_fetch_memory(request, data, sizeof data, &info, &error), TI_OK);
    assert_memory_equal(data, BODY, 24);
    assert_string_equal(info.spec, "1-draft.2");
    assert_string_equal(info.dtype, "f32");
    assert_string_equal(info.etag, "\"abc\"");
    assert_string_equal(info.media_type, "application/octet-stream");
    assert_int_equal(info.dtype_bytes, 4);
    assert_int_equal(info.rank, 2);
    assert_int_equal(info.shape[1], 3);
    assert_int_equal(info.elems, 6);
    assert_int_equal(info.total_bytes, 24);
    assert_int_equal(info.count_bytes, 24);
    assert_int_equal(info.tries, 1);
    assert_string_equal(tic_answer_field(request, "tensor-STD"), "0.5");
    assert_null(tic_answer_field(request, "Tensor-Bound"));
    const char *asked = play.requests[0];
    assert_non_null(strstr(
        asked, "GET /v1/tensor?shape=2,3&name=a%20b%26c%3D%C3%A9%2B%25%2F HTTP/1.1\r\n"));
    assert_non_null(strstr(asked, "\r\nAccept: application/octet-stream\r\n"));
    assert_null(strstr(asked, "Range"));
    assert_null(strstr(asked, "Accept-Encoding"));
    finish(&play, request);
}

/* What the body's shape is depends on more than the parameter shape. */
static void fetches_shards(void **state) {
    (void)state;
    PLAY(play, request, {.text = OK TENSOR "Tensor-Full-Shape: 4,3\r\n" RAW LENGTH BODY},
         {.text = GOOD}, {.text = OK TENSOR "Tensor-Full-Shape: 4,4\r\n" RAW LENGTH BODY},
         {.text = GOOD});
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "shape", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "shape", "4,3", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "shard", "0:1/2", &error), TI_OK);
    expect_bytes(request, BODY, 1);
    expect_bytes(request, BODY, 1);
    expect_failure(request, TI_EMISMATCH, 0);
    assert_int_equal(tic_request_set(request, "shard", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "permute", "1,0", &error), TI_OK);
    expect_bytes(request, BODY, 1);
    finish(&play, request);
}

static void writes_a_descriptor(void **state) {
    (void)state;
    PLAY(play, request, {.text = GOOD}, {.text = GOOD});
    FILE *file = tmpfile();
    struct ti_error error;
    char data[25] = "";
    assert_int_equal(tic_fetch_fd(request, fileno(file), NULL, &error), TI_OK);
    assert_int_equal(pread(fileno(file), data, 24, 0), 24);
    assert_string_equal(data, BODY);
    assert_int_equal(tic_fetch_fd(request, -1, NULL, &error), TI_EIO);
    assert_int_equal(error.code, TI_EIO);
    fclose(file);
    finish(&play, request);
}

static void keeps_a_connection(void **state) {
    (void)state;
    static const char good[] = "HTTP/1.1 200 OK\r\n" TENSOR RAW LENGTH BODY;
    PLAY(play, request, {.text = good, .after = PLAY_KEEP}, {.text = good});
    struct ti_error error;
    expect_bytes(request, BODY, 1);
    assert_int_equal(tic_request_set(request, "name", "w", &error), TI_OK);
    expect_bytes(request, BODY, 1);
    assert_non_null(strstr(play.requests[1], "shape=2,3&name=w "));
    finish(&play, request);
}

/* An answer and what it is to be called. None delivers a byte. */
static const struct {
    const char *about, *answer;
    enum ti_status code;
    const char *text;
} refusals[] = {
    {"problem",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\r\n"
     "{\"type\": \"/problems/invalid-parameter-value\", \"title\": \"invalid parameter "
     "value\", \"status\": 400, \"detail\": \"no such sch\\u00e9me\", "
     "\"field\": \"scheme\"}",
     TI_EVALUE, "no such sch??me"},
    {"problem of another kind", "HTTP/1.1 403 No\r\n\r\n{\"title\": \"not for you\"}",
     TI_ESERVER, "not for you"},
    {"no problem document", "HTTP/1.1 500 Oops\r\n\r\n<html>", TI_ESERVER,
     "HTTP status 500"},
    {"not found", "HTTP/1.1 404 No\r\n\r\n", TI_ESERVER, "is the URL that of"},
    {"range", "HTTP/1.1 416 No\r\n\r\n", TI_ERANGE, "outside"},
    {"too many requests", "HTTP/1.1 429 Wait\r\n\r\n", TI_ESERVER, "HTTP status 429"},
    {"patience", "HTTP/1.1 503 Wait\r\nRetry-After: 99999999999999999999\r\n\r\n",
     TI_ESERVER, "503"},
    {"redirect", "HTTP/1.1 307 There\r\nLocation: http://example.invalid/\r\n\r\n",
     TI_ESERVER, "http://example.invalid/"},
    {"no content", "HTTP/1.1 204 Nothing\r\n\r\n", TI_EMISMATCH, "204"},
    {"a page", OK "Content-Type: text/html\r\n\r\n<html>", TI_EMISMATCH, "Tensor-Spec"},
    {"media type", OK TENSOR "Content-Type: text/html\r\n" LENGTH BODY, TI_EMISMATCH,
     "Content-Type is text/html"},
    {"no media type", OK TENSOR LENGTH BODY, TI_EMISMATCH, "missing"},
    {"encoded", OK TENSOR RAW "Content-Encoding: gzip\r\n" LENGTH BODY, TI_EMISMATCH,
     "gzip"},
    {"spec",
     OK RAW "Tensor-Spec: 2\r\nTensor-Shape: 2,3\r\nTensor-Dtype: f32\r\n" LENGTH BODY,
     TI_EMISMATCH, "Tensor-Spec is 2; expected was 1-draft.2"},
    {"spec twice", OK TENSOR SPEC RAW LENGTH BODY, TI_EMISMATCH, "more than once"},
    {"no shape", OK SPEC "Tensor-Dtype: f32\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Shape"},
    {"shape", OK SPEC "Tensor-Shape: 3,2\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Shape is 3,2; expected was 2,3"},
    {"full shape", OK TENSOR "Tensor-Full-Shape: 4,3\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Full-Shape is 4,3"},
    {"shape unreadable",
     OK SPEC "Tensor-Shape: 2,x\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Shape"},
    {"shape folded",
     OK SPEC "Tensor-Shape: 2,\r\n 3\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Shape"},
    {"dtype", OK SPEC "Tensor-Shape: 2,3\r\nTensor-Dtype: bf16\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Dtype is bf16; expected was f32"},
    {"length", OK TENSOR RAW "Content-Length: 20\r\n\r\n" BODY, TI_EMISMATCH,
     "has 20 bytes; the elements of its Tensor-Shape and Tensor-Dtype are 24"},
    {"part", PART TENSOR RAW "Content-Range: bytes 0-23/24\r\n" LENGTH BODY, TI_EMISMATCH,
     "whole was asked for"},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", TI_EMISMATCH, "as HTTP"},
};

static void refuses(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        PLAY(play, request, {.text = refusals[i].answer});
        struct ti_error error;
        tic_request_number(request, TIC_RETRIES, 0);
        assert_int_equal(tic_request_set(request, "dtype", "f32", &error), TI_OK);
        assert_int_equal(tic_request_text(request, TIC_EXPECT_SPEC, "1-draft.2", &error),
                         TI_OK);
        const char *text = expect_failure(request, refusals[i].code, 0);
        if (!strstr(text, refusals[i].text)) fail_msg("%s: %s", refusals[i].about, text);
        finish(&play, request);
    }
}

static void quotes_the_field(void **state) {
    (void)state;
    PLAY(play, request, {.text = refusals[0].answer});
    struct ti_error error;
    assert_int_equal(tic_fetch_fd(request, -1, NULL, &error), TI_EVALUE);
    assert_string_equal(error.field, "scheme");
    finish(&play, request);
}

static void expects_what_is_pinned(void **state) {
    (void)state;
    PLAY(play, request, {.text = GOOD}, {.text = GOOD}, {.text = GOOD}, {.text = GOOD});
    char small[20];
    struct ti_error error;
    assert_int_equal(tic_request_text(request, TIC_EXPECT_SHAPE, "6", &error), TI_OK);
    expect_failure(request, TI_EMISMATCH, 0);
    assert_int_equal(tic_request_text(request, TIC_EXPECT_SHAPE, "2,3", &error), TI_OK);
    assert_int_equal(tic_request_text(request, TIC_EXPECT_DTYPE, "f64", &error), TI_OK);
    expect_failure(request, TI_EMISMATCH, 0);
    assert_int_equal(tic_request_text(request, TIC_EXPECT_DTYPE, NULL, &error), TI_OK);
    memset(small, 1, sizeof small);
    assert_int_equal(tic_fetch_memory(request, small, sizeof small, NULL, &error),
                     TI_EMISMATCH);
    assert_string_equal(error.text, "the answer has 24 bytes; expected were 20");
    assert_int_equal(small[0], 1);
    assert_int_equal(tic_request_set(request, "spec", "1", &error), TI_OK);
    expect_failure(request, TI_EMISMATCH, 0);
    finish(&play, request);
}

/* Chunks: their end is checked against the shape, in both directions. */
static void reads_chunks(void **state) {
    (void)state;
    static const char head[] = OK TENSOR RAW "Transfer-Encoding: chunked\r\n\r\n";
    static const char good[] = "c\r\n0123456789ab\r\nc\r\ncdefghijklmn\r\n0\r\n"
                               "Tensor-Spec: 9\r\n\r\n";
    static const char much[] = "19\r\n" BODY "!\r\n0\r\n\r\n";
    static const char less[] = "c\r\n0123456789ab\r\n0\r\n\r\n";
    PLAY(play, request, {head, PLAY_CLOSE, good, 0}, {head, PLAY_CLOSE, much, 0},
         {head, PLAY_CLOSE, less, 0});
    expect_bytes(request, BODY, 1);
    assert_string_equal(tic_answer_field(request, "Tensor-Spec"), "1-draft.2");
    expect_failure(request, TI_EMISMATCH, 0);
    tic_request_number(request, TIC_RETRIES, 0);
    expect_failure(request, TI_ENETWORK, 12);
    finish(&play, request);
}

/* JSON says its length by its end only, and a connection that closes is no end. */
static void reads_json(void **state) {
    (void)state;
    static const char head[] = OK TENSOR "Content-Type: application/json\r\n";
    PLAY(play, request,
         {head, PLAY_CLOSE, "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", 0},
         {head, PLAY_CLOSE, "\r\n[]", 0},
         {head, PLAY_CLOSE, "Content-Length: 0\r\n\r\n", 0});
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "format", "json", &error), TI_OK);
    expect_bytes(request, "[]", 1);
    expect_failure(request, TI_EMISMATCH, 0);
    expect_failure(request, TI_EMISMATCH, 0);
    finish(&play, request);
}

static void fetches_parts(void **state) {
    (void)state;
    PLAY(play, request,
         {.text = PART TENSOR RAW "Content-Range: bytes 4-11/24\r\n"
                                  "Content-Length: 8\r\n\r\n456789ab"},
         {.text = PART TENSOR RAW "Content-Range: bytes 20-23/24\r\n"
                                  "Content-Length: 4\r\n\r\nklmn"},
         {.text = GOOD}, {.text = GOOD}, {.text = GOOD}, {.text = OK TENSOR RAW LENGTH});
    struct ti_error error;
    assert_int_equal(tic_request_elems(request, 1, 2, &error), TI_OK);
    expect_bytes(request, "456789ab", 1);
    assert_non_null(strstr(play.requests[0], "\r\nRange: bytes=4-11\r\n"));
    assert_int_equal(tic_request_elems(request, 5, TIC_TO_END, &error), TI_OK);
    expect_bytes(request, "klmn", 1);
    assert_non_null(strstr(play.requests[1], "\r\nRange: bytes=20-\r\n"));
    /* A server without ranges: the part is cut from the whole. */
    assert_int_equal(tic_request_bytes(request, 3, 2, &error), TI_OK);
    expect_bytes(request, "34", 1);
    assert_int_equal(tic_request_bytes(request, 20, TIC_TO_END, &error), TI_OK);
    expect_bytes(request, "klmn", 1);
    tic_request_number(request, TIC_SKIP_BYTES, 19);
    assert_non_null(
        strstr(expect_failure(request, TI_EMISMATCH, 0), "20 bytes would have"));
    assert_int_equal(tic_request_bytes(request, 24, 0, &error), TI_OK);
    expect_bytes(request, "", 1);
    assert_non_null(strstr(play.requests[5], "HEAD /v1/tensor"));
    finish(&play, request);
}

static const struct {
    const char *range;
    enum ti_status code;
} wrong_ranges[] = {
    {"", TI_EMISMATCH},
    {"Content-Range: bytes 0-7/24\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-12/24\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-10/24\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-11/28\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-11/8\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 11-4/24\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-11/18446744073709551616\r\n", TI_EMISMATCH},
    {"Content-Range: elems 4-11/24\r\n", TI_EMISMATCH},
    {"Content-Range: bytes 4-11/24\r\nContent-Range: bytes 4-11/24\r\n", TI_EMISMATCH},
};

static void refuses_wrong_parts(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong_ranges); i++) {
        char text[512];
        snprintf(text, sizeof text, "%s%s%s", PART TENSOR RAW, wrong_ranges[i].range,
                 "Content-Length: 8\r\n\r\n456789ab");
        PLAY(play, request, {.text = text});
        struct ti_error error;
        assert_int_equal(tic_request_elems(request, 1, 2, &error), TI_OK);
        expect_failure(request, wrong_ranges[i].code, 0);
        finish(&play, request);
    }
    PLAY(play, request,
         {.text = PART TENSOR RAW "Content-Range: bytes 20-23/24\r\n"
                                  "Content-Length: 4\r\n\r\nklmn"},
         {.text = GOOD});
    struct ti_error error;
    assert_int_equal(tic_request_elems(request, 5, 2, &error), TI_OK);
    expect_failure(request, TI_ERANGE, 0);
    expect_failure(request, TI_ERANGE, 0);
    finish(&play, request);
}

/* Headers without end: many lines, and one long line. */
static void bounds_the_header(void **state) {
    (void)state;
    enum { BYTES = 1 << 20 };
    char *lines = malloc(BYTES), *line = malloc(BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        lines[i] = "X-Noise: 123456\r\n"[i % 17];
        line[i] = i == 0 ? 'X' : i == 1 ? ':' : 'y';
    }
    const void *const noises[] = {lines, line};
    for (size_t i = 0; i < COUNT_OF(noises); i++) {
        PLAY(play, request, {OK, PLAY_CLOSE, noises[i], BYTES});
        struct ti_error error;
        enum ti_status status = tic_fetch_memory(request, line, 0, NULL, &error);
        assert_int_equal(status, TI_EMISMATCH);
        finish(&play, request);
    }
    free(lines);
    free(line);
}

static void asks_by_head(void **state) {
    (void)state;
    PLAY(play, request, {.text = OK TENSOR RAW LENGTH},
         {.text = "HTTP/1.1 400 No\r\n\r\n"});
    struct tic_info info;
    struct ti_error error;
    assert_int_equal(tic_head(request, &info, &error), TI_OK);
    assert_int_equal(info.count_bytes, 24);
    assert_int_equal(tic_head(request, &info, &error), TI_ESERVER);
    assert_non_null(strstr(play.requests[0], "HEAD /v1/tensor?shape=2,3 "));
    finish(&play, request);
}

static void is_not_reached(void **state) {
    (void)state;
    struct play play;
    play_start(&play, NULL, 0);
    play_stop(&play);
    struct tic_request *request = ask(&play);
    assert_non_null(strstr(expect_failure(request, TI_ENETWORK, 0), "not reached"));
    tic_request_free(request);
}

static void reads_no_proxy_variable(void **state) {
    (void)state;
    PLAY(play, request, {.text = GOOD});
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    expect_bytes(request, BODY, 1);
    unsetenv("http_proxy");
    finish(&play, request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetches_a_tensor),
        cmocka_unit_test(fetches_shards),
        cmocka_unit_test(writes_a_descriptor),
        cmocka_unit_test(keeps_a_connection),
        cmocka_unit_test(refuses),
        cmocka_unit_test(quotes_the_field),
        cmocka_unit_test(expects_what_is_pinned),
        cmocka_unit_test(reads_chunks),
        cmocka_unit_test(reads_json),
        cmocka_unit_test(fetches_parts),
        cmocka_unit_test(refuses_wrong_parts),
        cmocka_unit_test(bounds_the_header),
        cmocka_unit_test(asks_by_head),
        cmocka_unit_test(is_not_reached),
        cmocka_unit_test(reads_no_proxy_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
