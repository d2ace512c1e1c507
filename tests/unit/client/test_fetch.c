/* SPDX-License-Identifier: MIT */
/* Fetches from a server with prepared responses, valid and invalid. */
#include "tests/unit/client/responses.h"

static void fetches_a_tensor(void **state) {
    (void)state;
    SERVE(server, request, {.text = OK TENSOR RAW TAG "Tensor-Std: 0.5\r\n" LENGTH BODY});
    char data[24];
    struct tic_info info = {.struct_bytes = sizeof info};
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
    assert_string_equal(tic_response_field(request, "tensor-STD"), "0.5");
    assert_null(tic_response_field(request, "Tensor-Bound"));
    const char *sent = server.requests[0];
    assert_non_null(strstr(
        sent, "GET /v1/tensor?shape=2,3&name=a%20b%26c%3D%C3%A9%2B%25%2F HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "\r\nAccept: application/octet-stream\r\n"));
    assert_null(strstr(sent, "Range"));
    assert_null(strstr(sent, "Accept-Encoding"));
    finish(&server, request);
}

/* The body's shape does not depend on the parameter shape alone. */
static void fetches_shards(void **state) {
    (void)state;
    SERVE(
        server, request, {.text = OK TENSOR "Tensor-Full-Shape: 4,3\r\n" RAW LENGTH BODY},
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
    finish(&server, request);
}

static void writes_a_descriptor(void **state) {
    (void)state;
    SERVE(server, request, {.text = GOOD}, {.text = GOOD});
    FILE *file = tmpfile();
    struct ti_error error;
    char data[25] = "";
    assert_int_equal(tic_fetch_fd(request, fileno(file), NULL, &error), TI_OK);
    assert_int_equal(pread(fileno(file), data, 24, 0), 24);
    assert_string_equal(data, BODY);
    assert_int_equal(tic_fetch_fd(request, -1, NULL, &error), TI_EIO);
    assert_int_equal(error.code, TI_EIO);
    fclose(file);
    finish(&server, request);
}

static void reuses_a_connection(void **state) {
    (void)state;
    static const char good[] = "HTTP/1.1 200 OK\r\n" TENSOR RAW LENGTH BODY;
    SERVE(server, request, {.text = good, .then = THEN_REUSE}, {.text = good});
    struct ti_error error;
    expect_bytes(request, BODY, 1);
    assert_int_equal(tic_request_set(request, "name", "w", &error), TI_OK);
    expect_bytes(request, BODY, 1);
    assert_non_null(strstr(server.requests[1], "shape=2,3&name=w "));
    finish(&server, request);
}

/* Invalid responses and their errors. None delivers a byte. */
static const struct {
    const char *about, *response;
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
    {"not found", "HTTP/1.1 404 No\r\n\r\n", TI_ESERVER, "is this the URL of"},
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
     TI_EMISMATCH, "Tensor-Spec is 2, expected 1-draft.2"},
    {"spec twice", OK TENSOR SPEC RAW LENGTH BODY, TI_EMISMATCH, "more than once"},
    {"no shape", OK SPEC "Tensor-Dtype: f32\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Shape"},
    {"shape", OK SPEC "Tensor-Shape: 3,2\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Shape is 3,2, expected 2,3"},
    {"full shape", OK TENSOR "Tensor-Full-Shape: 4,3\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Full-Shape is 4,3"},
    {"shape unreadable",
     OK SPEC "Tensor-Shape: 2,x\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY, TI_EMISMATCH,
     "Tensor-Shape"},
    {"shape folded",
     OK SPEC "Tensor-Shape: 2,\r\n 3\r\nTensor-Dtype: f32\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Shape"},
    {"dtype", OK SPEC "Tensor-Shape: 2,3\r\nTensor-Dtype: bf16\r\n" RAW LENGTH BODY,
     TI_EMISMATCH, "Tensor-Dtype is bf16, expected f32"},
    {"length", OK TENSOR RAW "Content-Length: 20\r\n\r\n" BODY, TI_EMISMATCH,
     "has 20 bytes, expected 24 for its Tensor-Shape and Tensor-Dtype"},
    {"part", PART TENSOR RAW "Content-Range: bytes 0-23/24\r\n" LENGTH BODY, TI_EMISMATCH,
     "the full body was requested"},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", TI_EMISMATCH, "is not HTTP"},
};

static void refuses(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        SERVE(server, request, {.text = refusals[i].response});
        struct ti_error error;
        tic_request_number(request, TIC_RETRY_FOR_MS, 0);
        assert_int_equal(tic_request_set(request, "dtype", "f32", &error), TI_OK);
        assert_int_equal(tic_request_text(request, TIC_EXPECT_SPEC, "1-draft.2", &error),
                         TI_OK);
        const char *text = expect_failure(request, refusals[i].code, 0);
        if (!strstr(text, refusals[i].text)) fail_msg("%s: %s", refusals[i].about, text);
        finish(&server, request);
    }
}

static void quotes_the_field(void **state) {
    (void)state;
    SERVE(server, request, {.text = refusals[0].response});
    struct ti_error error;
    assert_int_equal(tic_fetch_fd(request, -1, NULL, &error), TI_EVALUE);
    assert_string_equal(error.field, "scheme");
    finish(&server, request);
}

static void expects_what_is_pinned(void **state) {
    (void)state;
    SERVE(server, request, {.text = GOOD}, {.text = GOOD}, {.text = GOOD},
          {.text = GOOD});
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
    assert_string_equal(error.text, "the response has 24 bytes, expected 20");
    assert_int_equal(small[0], 1);
    assert_int_equal(tic_request_set(request, "spec", "1", &error), TI_OK);
    expect_failure(request, TI_EMISMATCH, 0);
    finish(&server, request);
}

/* The end of a chunked body is checked against the shape, in both directions. */
static void reads_chunks(void **state) {
    (void)state;
    static const char head[] = OK TENSOR RAW "Transfer-Encoding: chunked\r\n\r\n";
    static const char good[] = "c\r\n0123456789ab\r\nc\r\ncdefghijklmn\r\n0\r\n"
                               "Tensor-Spec: 9\r\n\r\n";
    static const char much[] = "19\r\n" BODY "!\r\n0\r\n\r\n";
    static const char less[] = "c\r\n0123456789ab\r\n0\r\n\r\n";
    SERVE(server, request, {head, THEN_CLOSE, good, 0}, {head, THEN_CLOSE, much, 0},
          {head, THEN_CLOSE, less, 0});
    expect_bytes(request, BODY, 1);
    assert_string_equal(tic_response_field(request, "Tensor-Spec"), "1-draft.2");
    expect_failure(request, TI_EMISMATCH, 0);
    tic_request_number(request, TIC_RETRY_FOR_MS, 0);
    expect_failure(request, TI_ENETWORK, 12);
    finish(&server, request);
}

/* The length of JSON is known only at its end: a closed connection may be too early. */
static void reads_json(void **state) {
    (void)state;
    static const char head[] = OK TENSOR "Content-Type: application/json\r\n";
    SERVE(server, request,
          {head, THEN_CLOSE, "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", 0},
          {head, THEN_CLOSE, "\r\n[]", 0},
          {head, THEN_CLOSE, "Content-Length: 0\r\n\r\n", 0});
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "format", "json", &error), TI_OK);
    expect_bytes(request, "[]", 1);
    expect_failure(request, TI_EMISMATCH, 0);
    expect_failure(request, TI_EMISMATCH, 0);
    finish(&server, request);
}

static void fetches_parts(void **state) {
    (void)state;
    SERVE(server, request,
          {.text = PART TENSOR RAW "Content-Range: bytes 4-11/24\r\n"
                                   "Content-Length: 8\r\n\r\n456789ab"},
          {.text = PART TENSOR RAW "Content-Range: bytes 20-23/24\r\n"
                                   "Content-Length: 4\r\n\r\nklmn"},
          {.text = GOOD}, {.text = GOOD}, {.text = GOOD}, {.text = OK TENSOR RAW LENGTH});
    struct ti_error error;
    assert_int_equal(tic_request_elems(request, 1, 2, &error), TI_OK);
    expect_bytes(request, "456789ab", 1);
    assert_non_null(strstr(server.requests[0], "\r\nRange: bytes=4-11\r\n"));
    assert_int_equal(tic_request_elems(request, 5, TIC_TO_END, &error), TI_OK);
    expect_bytes(request, "klmn", 1);
    assert_non_null(strstr(server.requests[1], "\r\nRange: bytes=20-\r\n"));
    /* A server without ranges: the part is taken from the full body. */
    assert_int_equal(tic_request_bytes(request, 3, 2, &error), TI_OK);
    expect_bytes(request, "34", 1);
    assert_int_equal(tic_request_bytes(request, 20, TIC_TO_END, &error), TI_OK);
    expect_bytes(request, "klmn", 1);
    tic_request_number(request, TIC_SKIP_BYTES, 19);
    assert_non_null(
        strstr(expect_failure(request, TI_EMISMATCH, 0), "20 bytes would have"));
    assert_int_equal(tic_request_bytes(request, 24, 0, &error), TI_OK);
    expect_bytes(request, "", 1);
    assert_non_null(strstr(server.requests[5], "HEAD /v1/tensor"));
    finish(&server, request);
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
        SERVE(server, request, {.text = text});
        struct ti_error error;
        assert_int_equal(tic_request_elems(request, 1, 2, &error), TI_OK);
        expect_failure(request, wrong_ranges[i].code, 0);
        finish(&server, request);
    }
    SERVE(server, request,
          {.text = PART TENSOR RAW "Content-Range: bytes 20-23/24\r\n"
                                   "Content-Length: 4\r\n\r\nklmn"},
          {.text = GOOD});
    struct ti_error error;
    assert_int_equal(tic_request_elems(request, 5, 2, &error), TI_OK);
    expect_failure(request, TI_ERANGE, 0);
    expect_failure(request, TI_ERANGE, 0);
    finish(&server, request);
}

/* Endless headers: many lines, and one long line. */
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
        SERVE(server, request, {OK, THEN_CLOSE, noises[i], BYTES});
        struct ti_error error;
        enum ti_status status = tic_fetch_memory(request, line, 0, NULL, &error);
        assert_int_equal(status, TI_EMISMATCH);
        finish(&server, request);
    }
    free(lines);
    free(line);
}

static void requests_a_head(void **state) {
    (void)state;
    SERVE(server, request, {.text = OK TENSOR RAW LENGTH},
          {.text = "HTTP/1.1 400 No\r\n\r\n"});
    struct tic_info info = {.struct_bytes = sizeof info};
    struct ti_error error;
    assert_int_equal(tic_head(request, &info, &error), TI_OK);
    assert_int_equal(info.count_bytes, 24);
    assert_int_equal(tic_head(request, &info, &error), TI_ESERVER);
    assert_non_null(strstr(server.requests[0], "HEAD /v1/tensor?shape=2,3 "));
    finish(&server, request);
}

static void is_not_reached(void **state) {
    (void)state;
    struct scripted_server server;
    server_start(&server, NULL, 0);
    server_stop(&server);
    struct tic_request *request = request_of(&server);
    tic_request_number(request, TIC_RETRY_FOR_MS, 0);
    assert_non_null(strstr(expect_failure(request, TI_ENETWORK, 0), "cannot be reached"));
    tic_request_free(request);
}

/* Neither the server's nor the proxy's user and password are in an error. */
static void hides_credentials(void **state) {
    (void)state;
    static const char there[] =
        "HTTP/1.1 307 There\r\nLocation: http://user:secret@example.invalid/x\r\n\r\n";
    static const char *const proxies[] = {
        "bogus://user:secret@127.0.0.1:1",   "http://user:secret@127.0.0.1:1",
        "http://user:secret@127.0.0.1:port", "http://user:secret@",
        "socks5://user:secret@127.0.0.1:1",  "http://user:secret@[::1",
    };
    SERVE(server, request, {.text = there});
    struct ti_error error;
    const char *text = expect_failure(request, TI_ESERVER, 0);
    assert_null(strstr(text, "secret"));
    assert_non_null(strstr(text, "example.invalid/x"));
    tic_request_number(request, TIC_RETRY_FOR_MS, 0);
    for (size_t i = 0; i < COUNT_OF(proxies); i++) {
        assert_int_equal(tic_request_text(request, TIC_PROXY, proxies[i], &error), TI_OK);
        text = expect_failure(request, TI_ENETWORK, 0);
        assert_row(!strstr(text, "secret"), text);
    }
    finish(&server, request);
}

/* A caller's struct of another version: only its own bytes are written. */
static void honours_struct_bytes(void **state) {
    (void)state;
    SERVE(server, request, {.text = GOOD}, {.text = GOOD}, {.text = GOOD},
          {.text = OK TENSOR RAW LENGTH});
    struct {
        struct tic_info info;
        char more[64];
    } larger;
    char data[24];
    size_t seen = 0;
    struct tic_sink sink = {
        .struct_bytes = sizeof sink, .write = count_bytes, .state = &seen};
    struct ti_error error;
    /* Nothing is sent if a size is missing or less than the first version's. */
    static const size_t wrong[] = {0, 1, sizeof(struct tic_info) - 1};
    memset(&larger, 0x5a, sizeof larger);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        larger.info.struct_bytes = wrong[i];
        assert_int_equal(tic_fetch(request, &sink, &larger.info, &error), TI_EVALUE);
        assert_non_null(strstr(error.text, "tic_info"));
        assert_int_equal(tic_head(request, &larger.info, NULL), TI_EVALUE);
        assert_int_equal(tic_fetch_memory(request, data, 24, &larger.info, NULL),
                         TI_EVALUE);
        assert_int_equal(larger.info.tries, 0x5a5a5a5a);
    }
    static const size_t wrong_sinks[] = {0, offsetof(struct tic_sink, retry) - 1};
    for (size_t i = 0; i < COUNT_OF(wrong_sinks); i++) {
        sink.struct_bytes = wrong_sinks[i];
        assert_int_equal(tic_fetch(request, &sink, NULL, &error), TI_EVALUE);
        assert_non_null(strstr(error.text, "tic_sink"));
    }
    sink.struct_bytes = sizeof sink;
    assert_int_equal(tic_fetch(request, &sink, NULL, &error), TI_OK);
    /* A newer header's structs are larger: what is new is not touched. */
    larger.info.struct_bytes = sizeof larger;
    sink.struct_bytes = sizeof sink + 64;
    struct {
        struct tic_sink sink;
        char more[64];
    } larger_sink = {.sink = sink};
    assert_int_equal(tic_fetch(request, &larger_sink.sink, &larger.info, &error), TI_OK);
    assert_int_equal(seen, 48);
    assert_int_equal(larger.info.struct_bytes, sizeof larger);
    assert_int_equal(larger.info.count_bytes, 24);
    assert_int_equal(larger.info.tries, 1);
    for (size_t i = 0; i < sizeof larger.more; i++) {
        assert_int_equal(larger.more[i], 0x5a);
    }
    larger.info.struct_bytes = sizeof larger.info;
    assert_int_equal(tic_fetch_memory(request, data, 24, &larger.info, &error), TI_OK);
    assert_int_equal(larger.info.struct_bytes, sizeof larger.info);
    assert_int_equal(tic_head(request, &larger.info, &error), TI_OK);
    finish(&server, request);
}

static void reads_no_proxy_variable(void **state) {
    (void)state;
    SERVE(server, request, {.text = GOOD});
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    expect_bytes(request, BODY, 1);
    unsetenv("http_proxy");
    finish(&server, request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetches_a_tensor),
        cmocka_unit_test(fetches_shards),
        cmocka_unit_test(writes_a_descriptor),
        cmocka_unit_test(reuses_a_connection),
        cmocka_unit_test(refuses),
        cmocka_unit_test(quotes_the_field),
        cmocka_unit_test(expects_what_is_pinned),
        cmocka_unit_test(reads_chunks),
        cmocka_unit_test(reads_json),
        cmocka_unit_test(fetches_parts),
        cmocka_unit_test(refuses_wrong_parts),
        cmocka_unit_test(bounds_the_header),
        cmocka_unit_test(requests_a_head),
        cmocka_unit_test(is_not_reached),
        cmocka_unit_test(reads_no_proxy_variable),
        cmocka_unit_test(hides_credentials),
        cmocka_unit_test(honours_struct_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
