/* SPDX-License-Identifier: MIT */
/* server/http/refusal: what a connection beyond a limit receives. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/refusal.h"
#include "server/work/limits.h"
#include "support/test.h"

static struct tid_limits limits;
static const struct tid_context context = {
    .limits = &limits, .cors = "https://a.example", .base_path = "/base"};

static char received[8192];

/* Sends the refusal of a request that begins with 'head'; fills 'received'. */
static void refuse(enum tid_take why, const char *head, size_t head_bytes) {
    const struct sockaddr_in address = {.sin_family = AF_INET};
    char copy[512];
    int pair[2];
    memcpy(copy, head, head_bytes);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    tid_refusal_send(&context, pair[0], (const struct sockaddr *)&address, why, copy,
                     head_bytes);
    const ssize_t bytes = recv(pair[1], received, sizeof received - 1, 0);
    assert_true(bytes > 0);
    received[bytes] = '\0';
    close(pair[0]);
    close(pair[1]);
}

#define REFUSE(why, head) refuse(why, head, sizeof(head) - 1)

static bool has(const char *text) { return strstr(received, text) != NULL; }

static void statuses(void **state) {
    (void)state;
    tid_limits_set(&limits, &(struct tid_limit_values){.client_connections = 12});
    REFUSE(TID_TAKE_FULL, "GET /v1/plan HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(has("HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(has("\r\nConnection: close\r\n"));
    assert_true(has("/problems/too-many-connections"));
    /* One second, and no other value: connections end all the time. */
    assert_true(has("\r\nRetry-After: 1\r\n"));
    assert_null(strstr(strstr(received, "Retry-After") + 1, "Retry-After"));
    REFUSE(TID_TAKE_CLIENT_FULL, "GET /v1/plan HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(has("HTTP/1.1 429 Too Many Requests\r\n"));
    assert_true(has("12 connections of one address (--max-client-connections)"));
    assert_true(has("\r\nRetry-After: 1\r\n"));
}

/* Of the lines that are complete, as other responses. */
static void what_the_request_says(void **state) {
    (void)state;
    REFUSE(TID_TAKE_FULL,
           "GET /base/v1/plan HTTP/1.1\r\nx-request-id: \t id-7 \r\nHost: x\r\n"
           "Origin: https://a.example\r\nX-Half: ");
    assert_true(has("\r\nX-Request-Id: id-7\r\n"));
    assert_true(has("\"request_id\": \"id-7\""));
    assert_true(has("\r\nAccess-Control-Allow-Origin: https://a.example\r\n"));
    assert_true(has("\"/base/problems/"));
    /* HEAD has no body (RFC 9110 section 9.3.2). */
    REFUSE(TID_TAKE_FULL, "HEAD /v1/plan HTTP/1.1\r\n\r\n");
    const char *end = strstr(received, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end, "\r\n\r\n");
    /* A line that may go on says nothing yet; what is behind the header is no header. */
    REFUSE(TID_TAKE_FULL, "GET / HTTP/1.1\r\nX-Request-Id: id-7");
    assert_false(has("id-7"));
    REFUSE(TID_TAKE_FULL, "GET / HTTP/1.1\r\n\r\nX-Request-Id: id-7\r\n");
    assert_false(has("id-7"));
    assert_true(has("\r\nX-Request-Id: "));
}

/* Whatever has been received: a response of one status, and a document. */
static void other_bytes(void **state) {
    static const struct {
        const char *head;
        size_t bytes;
    } rows[] = {
#define ROW(text) {text, sizeof text - 1}
        ROW(""),
        ROW("\r\n"),
        ROW("\r\n\r\n\r\n"),
        ROW("\0\0\0\r\n\0\r\n"),
        ROW("GET"),
        ROW("GET\r\n:\r\n: \r\nX-Request-Id\r\n\r\n"),
        ROW("GET  HTTP/1.1\r\nOrigin:\r\n\r\n"),
        ROW("\x16\x03\x01\x02\x00\x01\x00\r\n\x16"),
        ROW("GET / HTTP/1.1\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n"
            "Accept: a\r\nAccept: b\r\n\r\n"),
#undef ROW
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        refuse(TID_TAKE_FULL, rows[i].head, rows[i].bytes);
        assert_row(strncmp(received, "HTTP/1.1 503 ", 13) == 0, rows[i].head);
        assert_row(has("\r\n\r\n{"), rows[i].head);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(what_the_request_says),
        cmocka_unit_test(other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
