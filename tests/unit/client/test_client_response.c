/* SPDX-License-Identifier: MIT */
/* Header lines become fields. */
#include "support/test.h"

#include "client/client_response.h"

static enum tic_line add(struct tic_response *response, const char *line) {
    return tic_response_line(response, line, strlen(line));
}

static void collects_fields(void **state) {
    (void)state;
    struct tic_response response = {0};
    size_t count;
    assert_null(tic_response_get(&response, "A", &count));
    assert_int_equal(add(&response, "HTTP/1.1 100 Continue\r\n"), TIC_LINE_OK);
    assert_int_equal(add(&response, "A: old\r\n"), TIC_LINE_OK);
    assert_int_equal(add(&response, "\r\n"), TIC_LINE_END);
    assert_int_equal(add(&response, "HTTP/2 206\r\n"), TIC_LINE_OK);
    assert_int_equal(response.status, 206);
    assert_int_equal(response.http_major, 2);
    assert_null(tic_response_get(&response, "A", NULL));
    static const char *const lines[] = {"B:1\r\n",      "b: \t2 \t\r\n",  "Empty:\r\n",
                                        "no colon\r\n", " folded: x\r\n", "C: d: e\n"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(add(&response, lines[i]), TIC_LINE_OK);
    }
    assert_int_equal(tic_response_line(&response, "N\0B: 9\r\n", 8), TIC_LINE_OK);
    assert_string_equal(tic_response_get(&response, "B", &count), "1");
    assert_int_equal(count, 2);
    assert_string_equal(tic_response_get(&response, "EMPTY", NULL), "");
    assert_string_equal(tic_response_get(&response, "c", &count), "d: e");
    assert_null(tic_response_get(&response, "folded", NULL));
    assert_null(tic_response_get(&response, "N", NULL));
    assert_int_equal(add(&response, "HTTP/1.1 99999999999999999999\r\n"), TIC_LINE_OK);
    assert_int_equal(add(&response, "HTTP/1.1\r\n"), TIC_LINE_OK);
    assert_int_equal(response.status, 0);
    tic_response_clear(&response);
}

/* 100 (Continue) again and again: a response that never begins. */
static void interim_responses_end(void **state) {
    (void)state;
    struct tic_response response = {0};
    const char *line = "HTTP/1.1 100 Continue\r\n";
    enum tic_line result = TIC_LINE_OK;
    size_t count = 0;
    for (; result == TIC_LINE_OK && count < TIC_HEADER_BYTES; count++) {
        result = add(&response, line);
        if (result == TIC_LINE_OK) assert_int_equal(add(&response, "\r\n"), TIC_LINE_END);
    }
    assert_int_equal(result, TIC_LINE_TOO_LONG);
    assert_in_range(count, 100, TIC_HEADER_BYTES / 16);
    tic_response_clear(&response);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collects_fields),
        cmocka_unit_test(interim_responses_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
