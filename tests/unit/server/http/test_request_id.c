/* SPDX-License-Identifier: MIT */
/* server/http/request_id: ids that are taken, ids that are made, traces. */
#include "server/http/request_id.h"
#include "support/test.h"

static struct tid_request identify(const char *id, const char *trace) {
    struct tid_request request = {.path = "/"};
    request.fields[TID_FIELD_X_REQUEST_ID] = id;
    request.fields[TID_FIELD_TRACEPARENT] = trace;
    tid_request_identify(&request);
    return request;
}

static void taken(void **state) {
    static const char *const ids[] = {"a", "0", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                                      "Root=1-67891233:abc/def+gh~._@"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_string_equal(identify(ids[i], NULL).id, ids[i]);
}

/* 16 digits, and not twice the same. */
static void made(void **state) {
    static const char *const bad[] = {NULL,   "",         "a b", "a\"b",
                                      "a\nb", "\xc3\xa9", "a,b", "<a>"};
    char last[TID_REQUEST_ID_BYTES] = "", longest[TID_REQUEST_ID_BYTES + 1];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct tid_request request = identify(bad[i], NULL);
        assert_int_equal(strlen(request.id), 16);
        assert_int_equal(strspn(request.id, "0123456789abcdef"), 16);
        assert_string_not_equal(request.id, last);
        memcpy(last, request.id, sizeof last);
    }
    memset(longest, 'x', sizeof longest);
    longest[128] = '\0';
    assert_int_equal(strlen(identify(longest, NULL).id), 128);
    longest[128] = 'x';
    longest[129] = '\0';
    assert_int_equal(strlen(identify(longest, NULL).id), 16);
}

/* W3C Trace Context section 3.2; the first is its example. */
static void traces(void **state) {
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"00-" TRACE, true},
        {"cc-" TRACE, true},
        {"cc-" TRACE "-what-the-future-will-be-like", true},
        {"cc-" TRACE ".what", false},
        {"00-" TRACE "-x", false},
        {"ff-" TRACE, false},
        {"0-" TRACE, false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736", false},
        {"", false},
        {"00", false},
        {"00-", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_request request = identify(NULL, rows[i].text);
        assert_row((request.trace[0] != '\0') == rows[i].valid, rows[i].text);
        assert_row(strncmp(rows[i].text, request.trace, strlen(request.trace)) == 0,
                   rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),
        cmocka_unit_test(made),
        cmocka_unit_test(traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
