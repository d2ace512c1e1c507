/* SPDX-License-Identifier: MIT */
/* Retries, continuations and cancellation against a server with prepared responses. */
#include "tests/unit/client/responses.h"

#define HALF OK TENSOR RAW TAG LENGTH "0123456789ab"
#define REST "Content-Range: bytes 12-23/24\r\nContent-Length: 12\r\n\r\ncdefghijklmn"

static void resumes(void **state) {
    (void)state;
    SERVE(server, request, {HALF, THEN_RESET, NULL, 0}, {.text = PART TAG REST},
          {HALF, THEN_CLOSE, NULL, 0}, {.text = OK TENSOR RAW TAG LENGTH BODY});
    expect_bytes(request, BODY, 2);
    assert_null(strstr(server.requests[0], "Range: "));
    assert_non_null(strstr(server.requests[1], "\r\nRange: bytes=12-23\r\n"));
    assert_non_null(strstr(server.requests[1], "\r\nIf-Range: \"abc\"\r\n"));
    /* A server without ranges: bytes that were delivered are not delivered again. */
    expect_bytes(request, BODY, 2);
    finish(&server, request);
}

static void resumes_without_a_tag(void **state) {
    (void)state;
    static const char half[] = OK TENSOR RAW LENGTH "0123456789ab";
    SERVE(server, request, {half, THEN_RESET, NULL, 0}, {.text = PART TENSOR RAW REST},
          {half, THEN_CLOSE, NULL, 0}, {.text = PART RAW REST});
    expect_bytes(request, BODY, 2);
    assert_null(strstr(server.requests[1], "If-Range"));
    /* Without tag and spec it could be the rest of another body. */
    expect_failure(request, TI_EMISMATCH, 12);
    finish(&server, request);
}

/* The rest of another body is never appended. */
static void refuses_another_rest(void **state) {
    (void)state;
    static const char *const rests[] = {
        PART TENSOR RAW "ETag: \"xyz\"\r\n" REST,
        PART TENSOR RAW REST,
        PART RAW TAG "Tensor-Spec: 2\r\n" REST,
        PART TAG "Tensor-Shape: 3,2\r\n" REST,
        PART TAG "Tensor-Dtype: i32\r\n" REST,
        PART TAG "Content-Range: bytes 0-11/24\r\nContent-Length: 12\r\n\r\ncdefghijklmn",
        OK TENSOR RAW "ETag: \"xyz\"\r\n" LENGTH BODY,
    };
    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        SERVE(server, request, {HALF, THEN_CLOSE, NULL, 0}, {.text = rests[i]});
        expect_failure(request, TI_EMISMATCH, 12);
        finish(&server, request);
    }
}

static void fails_without_retries(void **state) {
    (void)state;
    SERVE(server, request, {HALF, THEN_CLOSE, NULL, 0});
    tic_request_number(request, TIC_RETRY_FOR_MS, 0);
    const char *text = expect_failure(request, TI_ENETWORK, 12);
    assert_non_null(strstr(text, "the connection broke after 12 bytes"));
    finish(&server, request);
}

/* The rest comes from another server, unless that has another body. */
static void changes_servers(void **state) {
    (void)state;
    const struct server_response half[] = {{HALF, THEN_CLOSE, NULL, 0}};
    const struct server_response other[] = {
        {.text = PART TENSOR RAW "ETag: \"xyz\"\r\n" REST}};
    const struct server_response rest[] = {{.text = PART TAG REST}};
    struct scripted_server servers[3];
    struct ti_error error;
    server_start(&servers[0], half, 1);
    server_start(&servers[1], other, 1);
    server_start(&servers[2], rest, 1);
    struct tic_request *request = request_of(&servers[0]);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(tic_request_add_server(request, servers[i].url, &error), TI_OK);
    }
    expect_bytes(request, BODY, 3);
    assert_string_equal(tic_response_server(request), servers[2].url);
    assert_non_null(strstr(servers[2].requests[0], "\r\nIf-Range: \"abc\"\r\n"));
    tic_request_free(request);
    for (size_t i = 0; i < 3; i++) server_stop(&servers[i]);
}

/* If no server is left, the error is that of the first. */
static void fails_as_the_first(void **state) {
    (void)state;
    const struct server_response first[] = {{.text = "HTTP/1.1 404 No\r\n\r\n"}};
    const struct server_response second[] = {{.text = "HTTP/1.1 403 No\r\n\r\n"}};
    struct scripted_server servers[2];
    struct ti_error error;
    server_start(&servers[0], first, 1);
    server_start(&servers[1], second, 1);
    struct tic_request *request = request_of(&servers[0]);
    assert_int_equal(tic_request_add_server(request, servers[1].url, &error), TI_OK);
    assert_non_null(strstr(expect_failure(request, TI_ESERVER, 0), "HTTP status 404"));
    tic_request_free(request);
    for (size_t i = 0; i < 2; i++) server_stop(&servers[i]);
}

static void ends_in_time(void **state) {
    (void)state;
    SERVE(server, request, {OK TENSOR RAW LENGTH "0123", THEN_HANG, NULL, 0});
    tic_request_number(request, TIC_TIMEOUT_MS, 100);
    assert_non_null(
        strstr(expect_failure(request, TI_ENETWORK, 4), "has not ended in time"));
    tic_request_cancel(request);
    expect_failure(request, TI_ECANCELLED, 0);
    finish(&server, request);
}

static void refuses_null(void **state) {
    (void)state;
    struct tic_request *request = NULL;
    struct ti_error error;
    void *data;
    char *url;
    assert_int_equal(tic_request_make(NULL, &request, &error), TI_EVALUE);
    assert_int_equal(tic_request_make("http://h", NULL, &error), TI_EVALUE);
    assert_int_equal(tic_request_add_server(NULL, "http://h", &error), TI_EVALUE);
    assert_int_equal(tic_request_set(NULL, "a", "b", &error), TI_EVALUE);
    assert_int_equal(tic_request_set_query(NULL, "a=b", &error), TI_EVALUE);
    assert_int_equal(tic_request_bytes(NULL, 0, 1, &error), TI_EVALUE);
    assert_int_equal(tic_request_elems(NULL, 0, 1, &error), TI_EVALUE);
    assert_int_equal(tic_request_text(NULL, TIC_PROXY, "", &error), TI_EVALUE);
    assert_int_equal(tic_request_url(NULL, &url, &error), TI_EVALUE);
    assert_int_equal(tic_fetch_new(NULL, &data, NULL, &error), TI_EVALUE);
    assert_int_equal(tic_fetch_memory(NULL, NULL, 0, NULL, &error), TI_EVALUE);
    assert_int_equal(tic_head(NULL, NULL, &error), TI_EVALUE);
    assert_null(tic_response_field(NULL, "ETag"));
    assert_null(tic_response_server(NULL));
    tic_request_number(NULL, TIC_REDIRECTS, 1);
    tic_request_cancel(NULL);
    assert_int_equal(tic_request_make("http://h", &request, &error), TI_OK);
    assert_int_equal(tic_request_set(request, NULL, "b", &error), TI_EVALUE);
    assert_int_equal(tic_request_set_query(request, NULL, &error), TI_EVALUE);
    assert_int_equal(tic_fetch(request, NULL, NULL, &error), TI_EVALUE);
    assert_int_equal(tic_fetch_new(request, NULL, NULL, &error), TI_EVALUE);
    assert_null(tic_response_field(request, NULL));
    tic_request_free(request);
}

static void retries_as_requested(void **state) {
    (void)state;
    static const char busy[] = "HTTP/1.1 503 Busy\r\nConnection: close\r\n"
                               "Retry-After: 1\r\n\r\n{\"detail\": \"busy\"}";
    SERVE(server, request, {.text = busy}, {.text = "HTTP/1.1 502 Proxy\r\n\r\n"},
          {.text = GOOD}, {.text = busy});
    tic_request_number(request, TIC_RETRY_FOR_MS, 2000);
    expect_bytes(request, BODY, 3);
    tic_request_number(request, TIC_RETRY_FOR_MS, 999);
    assert_string_equal(expect_failure(request, TI_ESERVER, 0), "busy");
    finish(&server, request);
}

static void follows_redirects_if_allowed(void **state) {
    (void)state;
    static const char there[] =
        "HTTP/1.1 307 There\r\nConnection: close\r\nTensor-Spec: 7\r\n"
        "Location: /v1/tensor?shape=2,3&spec=1\r\n\r\n";
    static const char ftp[] = "HTTP/1.1 307 There\r\nConnection: close\r\n"
                              "Location: file:///etc/passwd\r\n\r\n";
    SERVE(server, request, {.text = there}, {.text = GOOD}, {.text = ftp},
          {.text = there}, {.text = there});
    tic_request_number(request, TIC_REDIRECTS, 1);
    expect_bytes(request, BODY, 1);
    assert_non_null(strstr(expect_failure(request, TI_ENETWORK, 0), "neither http"));
    expect_failure(request, TI_ENETWORK, 0);
    finish(&server, request);
}

/* Another host or port gets neither the token nor the program's fields, nor does it on the
   way back. */
static void does_not_send_secrets_elsewhere(void **state) {
    (void)state;
    char here[128], away[256], back[256];
    struct scripted_server other;
    struct ti_error error;
    const struct server_response to_first[] = {{.text = back}};
    server_start(&other, to_first, 1);
    snprintf(away, sizeof away,
             "HTTP/1.1 302 There\r\nConnection: close\r\nLocation: %s/x\r\n\r\n",
             other.url);
    SERVE(server, request, {.text = here}, {.text = away}, {.text = GOOD});
    snprintf(here, sizeof here,
             "HTTP/1.1 302 Here\r\nConnection: close\r\nLocation: /y\r\n\r\n");
    snprintf(back, sizeof back,
             "HTTP/1.1 302 Back\r\nConnection: close\r\nLocation: %s/z\r\n\r\n",
             server.url);
    tic_request_number(request, TIC_REDIRECTS, 3);
    assert_int_equal(tic_request_text(request, TIC_TOKEN, "abc/123==", &error), TI_OK);
    assert_int_equal(tic_request_header(request, "X-Key", "secret", &error), TI_OK);
    expect_bytes(request, BODY, 1);
    for (int i = 0; i < 2; i++) {
        assert_non_null(
            strstr(server.requests[i], "Authorization: Bearer abc/123==\r\n"));
        assert_non_null(strstr(server.requests[i], "X-Key: secret\r\n"));
    }
    assert_non_null(strstr(other.requests[0], "GET /x HTTP/1.1\r\n"));
    assert_null(strstr(other.requests[0], "abc"));
    assert_null(strstr(other.requests[0], "secret"));
    assert_null(strstr(server.requests[2], "abc"));
    assert_null(strstr(server.requests[2], "secret"));
    finish(&server, request);
    server_stop(&other);
}

static void notices_a_stall(void **state) {
    (void)state;
    SERVE(server, request, {OK TENSOR RAW LENGTH "0123", THEN_HANG, NULL, 0});
    tic_request_number(request, TIC_STALL_TIMEOUT_S, 1);
    tic_request_number(request, TIC_STALL_BYTES_PER_S, 1000);
    tic_request_number(request, TIC_RETRY_FOR_MS, 0);
    expect_failure(request, TI_ENETWORK, 4);
    finish(&server, request);
}

static bool stop(void *state) {
    (void)state;
    return false;
}

/* Notes that data has arrived. */
static bool note_data(void *state, const void *data, size_t bytes) {
    (void)data, (void)bytes;
    *(bool *)state = true;
    return true;
}

static bool stop_later(void *state) { return !*(bool *)state; }

/* Stops after the server's response. */
static bool stop_waiting(void *state) {
    const struct scripted_server *server = state;
    return server->sent == 0;
}

static bool stop_before(void *state, const struct tic_info *info) {
    (void)info;
    return stop(state);
}

static bool stop_writing(void *state, const void *data, size_t bytes) {
    (void)data, (void)bytes;
    return stop(state);
}

static void is_cancelled(void **state) {
    (void)state;
    bool arrived = false;
    const struct tic_sink sinks[] = {
        {.struct_bytes = sizeof *sinks, .begin = stop_before},
        {.struct_bytes = sizeof *sinks, .write = stop_writing},
        {.struct_bytes = sizeof *sinks,
         .write = note_data,
         .idle = stop_later,
         .state = &arrived},
    };
    for (size_t i = 0; i < COUNT_OF(sinks); i++) {
        SERVE(server, request, {OK TENSOR RAW LENGTH "0123", THEN_HANG, NULL, 0});
        struct ti_error error;
        assert_int_equal(tic_fetch(request, &sinks[i], NULL, &error), TI_ECANCELLED);
        assert_int_equal(error.code, TI_ECANCELLED);
        finish(&server, request);
    }
    /* Also during the wait before a retry. */
    SERVE(server, request, {.text = "HTTP/1.1 503 Busy\r\nRetry-After: 20\r\n\r\n"});
    const struct tic_sink waiting = {
        .struct_bytes = sizeof waiting, .idle = stop_waiting, .state = &server};
    assert_int_equal(tic_fetch(request, &waiting, NULL, NULL), TI_ECANCELLED);
    finish(&server, request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes),
        cmocka_unit_test(resumes_without_a_tag),
        cmocka_unit_test(refuses_another_rest),
        cmocka_unit_test(fails_without_retries),
        cmocka_unit_test(changes_servers),
        cmocka_unit_test(fails_as_the_first),
        cmocka_unit_test(ends_in_time),
        cmocka_unit_test(refuses_null),
        cmocka_unit_test(retries_as_requested),
        cmocka_unit_test(follows_redirects_if_allowed),
        cmocka_unit_test(does_not_send_secrets_elsewhere),
        cmocka_unit_test(notices_a_stall),
        cmocka_unit_test(is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
