/* SPDX-License-Identifier: MIT */
/* server/http/plain_response: a response as bytes (RFC 9112). */
#define _GNU_SOURCE /* strptime, timegm */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/http/plain_response.h"
#include "support/test.h"

static char text[TID_PLAIN_RESPONSE_BYTES + 1];

static void write_text(const struct tid_response *response, bool is_head) {
    text[tid_plain_response_write(response, is_head, text)] = '\0';
}

static struct tid_response response_of(unsigned status) {
    struct tid_response response;
    tid_response_init(&response, status);
    tid_response_static(&response, "Content-Type", "text/plain");
    tid_response_static(&response, "X-Empty", "");
    tid_response_body_static(&response, "hello\r\n", 7);
    return response;
}

static void bytes(void **state) {
    const struct tid_response response = response_of(503);
    (void)state;
    write_text(&response, false);
    assert_non_null(strstr(text, "HTTP/1.1 503 Service Unavailable\r\nDate: "));
    const char *date_end = strstr(text, " GMT\r\n");
    assert_non_null(date_end);
    assert_string_equal(date_end + 6, "Content-Type: text/plain\r\nX-Empty: \r\n"
                                      "Content-Length: 7\r\nConnection: close\r\n\r\n"
                                      "hello\r\n");
    /* RFC 9110 section 9.3.2: the same header for HEAD. */
    write_text(&response, true);
    assert_string_equal(strstr(text, "Content-Length"),
                        "Content-Length: 7\r\nConnection: close\r\n\r\n");
}

/* RFC 9112 section 4: the blank stands even if no reason is known. */
static void reasons(void **state) {
    static const struct {
        unsigned status;
        const char *line;
    } rows[] = {
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {414, "HTTP/1.1 414 URI Too Long\r\n"},
        {429, "HTTP/1.1 429 Too Many Requests\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {599, "HTTP/1.1 599 \r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_response response = response_of(rows[i].status);
        write_text(&response, false);
        assert_row(strncmp(text, rows[i].line, strlen(rows[i].line)) == 0, rows[i].line);
    }
}

/* RFC 9110 section 5.6.7: IMF-fixdate, of now, whatever the time zone. */
static void date(void **state) {
    const struct tid_response response = response_of(400);
    struct tm read = {0};
    (void)state;
    setenv("TZ", "Pacific/Auckland", 1);
    tzset();
    const time_t before = time(NULL);
    write_text(&response, false);
    const char *end =
        strptime(strstr(text, "Date: "), "Date: %a, %d %b %Y %H:%M:%S GMT", &read);
    assert_non_null(end);
    assert_memory_equal(end, "\r\n", 2);
    assert_int_equal(end - strstr(text, "Date: "), strlen("Date: ") + 29);
    const int weekday = read.tm_wday;
    const time_t shown = timegm(&read);
    assert_in_range(shown, before, time(NULL));
    assert_int_equal(read.tm_wday, weekday);
    unsetenv("TZ");
    tzset();
}

/* The largest header that a response can have fits; a body that does not fit is left out. */
static void largest(void **state) {
    static char value[TID_RESPONSE_TEXT_BYTES / 2], body[TID_PLAIN_RESPONSE_BYTES];
    struct tid_response response;
    (void)state;
    memset(value, 'v', sizeof value);
    memset(body, 'b', sizeof body);
    tid_response_init(&response, 503);
    tid_response_copy(&response, "A", value, sizeof value - 1);
    tid_response_copy(&response, "B", value, sizeof value - 1);
    tid_response_body_static(&response, body, sizeof body);
    write_text(&response, false);
    assert_string_equal(strstr(text, "\r\nContent-Length"),
                        "\r\nContent-Length: 12288\r\nConnection: close\r\n\r\n");
    response.byte_count = 1000;
    write_text(&response, false);
    assert_int_equal(strspn(strstr(text, "\r\n\r\n") + 4, "b"), 1000);
}

static void sent(void **state) {
    const struct tid_response response = response_of(429);
    char received[1024] = "";
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    tid_plain_response_send(pair[0], &response, false);
    assert_true(recv(pair[1], received, sizeof received - 1, 0) > 0);
    assert_non_null(strstr(received, "\r\n\r\nhello\r\n"));
    /* A client that has gone: no signal, which would end the process. */
    signal(SIGPIPE, SIG_DFL);
    close(pair[1]);
    tid_plain_response_send(pair[0], &response, false);
    close(pair[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes),   cmocka_unit_test(reasons), cmocka_unit_test(date),
        cmocka_unit_test(largest), cmocka_unit_test(sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
