/* SPDX-License-Identifier: MIT */
/* Parts of responses, and fetches of them with the expected result. */
#ifndef TESTS_UNIT_CLIENT_RESPONSES_H
#define TESTS_UNIT_CLIENT_RESPONSES_H

#include <tensorinit/client.h>

#include "tests/unit/client/scripted_server.h"

#define SPEC "Tensor-Spec: 1-draft.2\r\n"
#define TENSOR SPEC "Tensor-Shape: 2,3\r\nTensor-Dtype: f32\r\n"
#define RAW "Content-Type: application/octet-stream\r\n"
#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n"
#define PART "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n"
#define TAG "ETag: \"abc\"\r\n"
#define LENGTH "Content-Length: 24\r\n\r\n"
#define BODY "0123456789abcdefghijklmn"
#define GOOD OK TENSOR RAW LENGTH BODY

static inline struct tic_request *request_of(const struct scripted_server *server) {
    struct tic_request *request = NULL;
    struct ti_error error;
    assert_int_equal(tic_request_make(server->url, &request, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "shape", "2,3", &error), TI_OK);
    /* Retries come at once. */
    tic_request_number(request, TIC_RETRY_WAIT_MS, 0);
    return request;
}

/* Declares a server with these responses, and a request to it. */
#define SERVE(server, request, ...)                                                      \
    const struct server_response responses[] = {__VA_ARGS__};                            \
    struct scripted_server server;                                                       \
    server_start(&server, responses, COUNT_OF(responses));                               \
    struct tic_request *request = request_of(&server)

static inline void finish(struct scripted_server *server, struct tic_request *request) {
    tic_request_free(request);
    server_stop(server);
}

/* Expects the bytes of 'wanted' after 'tries' exchanges. */
static inline void expect_bytes(struct tic_request *request, const char *wanted,
                                unsigned tries) {
    struct ti_error error = {.text = "none"};
    struct tic_info info = {.struct_bytes = sizeof info};
    void *data;
    if (tic_fetch_new(request, &data, &info, &error) != TI_OK) fail_msg("%s", error.text);
    assert_int_equal(info.count_bytes, strlen(wanted));
    assert_string_equal(data, wanted);
    assert_int_equal(info.tries, tries);
    free(data);
}

static inline bool count_bytes(void *state, const void *data, size_t bytes) {
    (void)data;
    *(size_t *)state += bytes;
    return true;
}

/* Expects a failure after 'delivered' bytes; returns its text. */
static inline const char *expect_failure(struct tic_request *request, enum ti_status code,
                                         size_t delivered) {
    static struct ti_error error;
    struct tic_info info, untouched;
    size_t seen = 0;
    const struct tic_sink sink = {
        .struct_bytes = sizeof sink, .write = count_bytes, .state = &seen};
    memset(&info, 0x5a, sizeof info);
    info.struct_bytes = sizeof info;
    untouched = info;
    enum ti_status status = tic_fetch(request, &sink, &info, &error);
    if (status != code) fail_msg("%s: %s", ti_status_name(status), error.text);
    assert_int_equal(error.code, code);
    assert_int_equal(seen, delivered);
    assert_memory_equal(&info, &untouched, sizeof info);
    return error.text;
}

#endif
