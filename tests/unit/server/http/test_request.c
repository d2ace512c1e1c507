/* SPDX-License-Identifier: MIT */
/* server/http/request: methods, field names, request targets (RFC 9112 section 3.2). */
#include <stdlib.h>

#include "server/http/request.h"
#include "support/test.h"

static void methods(void **state) {
    (void)state;
    assert_int_equal(tid_method_find("GET"), TID_METHOD_GET);
    assert_int_equal(tid_method_find("HEAD"), TID_METHOD_HEAD);
    assert_int_equal(tid_method_find("OPTIONS"), TID_METHOD_OPTIONS);
    assert_int_equal(tid_method_find("POST"), TID_METHOD_POST);
    assert_int_equal(tid_method_find("TRACE"), TID_METHOD_OTHER);
    assert_int_equal(tid_method_find("get"), TID_METHOD_UNKNOWN);
    assert_int_equal(tid_method_find("GETS"), TID_METHOD_UNKNOWN);
    assert_int_equal(tid_method_find(""), TID_METHOD_UNKNOWN);
}

static void fields(void **state) {
    (void)state;
    assert_int_equal(tid_field_find("Host", 4), TID_FIELD_HOST);
    assert_int_equal(tid_field_find("hOST", 4), TID_FIELD_HOST);
    assert_int_equal(tid_field_find("Hosts", 5), TID_FIELD_COUNT);
    assert_int_equal(tid_field_find("Hosts", 3), TID_FIELD_COUNT);
    assert_int_equal(tid_field_find("", 0), TID_FIELD_COUNT);
}

/* Lines of list fields are one value (RFC 9110 section 5.3). */
static void repeated_fields(void **state) {
    struct tid_request request = {0};
    (void)state;
    assert_true(tid_request_add_field(&request, TID_FIELD_ACCEPT, "a/b"));
    assert_true(tid_request_add_field(&request, TID_FIELD_IF_MATCH, ""));
    assert_string_equal(request.fields[TID_FIELD_ACCEPT], "a/b");
    assert_true(tid_request_add_field(&request, TID_FIELD_ACCEPT, "c/d;q=0.5, e/f"));
    assert_true(tid_request_add_field(&request, TID_FIELD_IF_MATCH, "\"x\""));
    assert_true(tid_request_add_field(&request, TID_FIELD_ACCEPT, ""));
    assert_true(tid_request_add_field(&request, TID_FIELD_ACCEPT, "g/h"));
    assert_true(tid_request_add_field(&request, TID_FIELD_IF_NONE_MATCH, "\"y\""));
    assert_true(tid_request_add_field(&request, TID_FIELD_IF_NONE_MATCH, "W/\"z\""));
    assert_string_equal(request.fields[TID_FIELD_ACCEPT], "a/b, c/d;q=0.5, e/f, , g/h");
    assert_string_equal(request.fields[TID_FIELD_IF_MATCH], ", \"x\"");
    assert_string_equal(request.fields[TID_FIELD_IF_NONE_MATCH], "\"y\", W/\"z\"");
    assert_false(request.ignores_range);
    tid_request_clear(&request);
    assert_null(request.fields[TID_FIELD_ACCEPT]);
}

/* There is one Range and one If-Range: two are a flaw, and no range is served. */
static void repeated_ranges(void **state) {
    static const enum tid_field fields[] = {TID_FIELD_RANGE, TID_FIELD_IF_RANGE};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct tid_request request = {0};
        assert_true(tid_request_add_field(&request, fields[i], "bytes=0-1"));
        assert_false(request.ignores_range);
        assert_true(tid_request_add_field(&request, fields[i], "bytes=0-1"));
        assert_true(request.ignores_range);
        tid_request_clear(&request);
        assert_false(request.ignores_range);
    }
}

/* On the heap and without a NUL, so that the sanitizer reports a read beyond the end. */
static const char *split(const char *target, enum tid_method method,
                         struct tid_request *request, char **copy) {
    size_t bytes = strlen(target);
    *copy = malloc(bytes + (bytes == 0));
    memcpy(*copy, target, bytes);
    memset(request, 0, sizeof *request);
    request->method = method;
    return tid_target_split(*copy, bytes, request);
}

static const struct {
    const char *target, *path, *query;
} targets[] = {
    {"/", "/", ""},
    {"/v1/tensor", "/v1/tensor", ""},
    {"/v1/tensor?", "/v1/tensor", ""},
    {"/v1/tensor?shape=2,3&name=a", "/v1/tensor", "shape=2,3&name=a"},
    {"/a?b?c", "/a", "b?c"},
    {"//a", "//a", ""},
    {"/a%2Fb%00", "/a%2Fb%00", ""}, /* paths are not decoded */
    {"/?name=gr\xc3\xb6\xc3\x9f", "/", "name=gr\xc3\xb6\xc3\x9f"},
    {"http://h/v1/plan?x=1", "/v1/plan", "x=1"},
    {"HTTPS://h:8080/v1/plan?x=1", "/v1/plan", "x=1"},
    {"http://[::1]:8080/a", "/a", ""},
    {"http://h", "/", ""},
    {"http://h?x=1", "/", "x=1"},
    {"http://h/http://i/", "/http://i/", ""},
};

static void split_targets(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct tid_request request;
        char *copy;
        const char *row = targets[i].target;
        assert_row(!split(row, TID_METHOD_GET, &request, &copy), row);
        assert_row(request.path_bytes == strlen(targets[i].path), row);
        assert_memory_equal(request.path, targets[i].path, request.path_bytes);
        assert_row(request.query_bytes == strlen(targets[i].query), row);
        assert_memory_equal(request.query, targets[i].query, request.query_bytes);
        free(copy);
    }
}

static const char *const bad_targets[] = {
    "",
    "v1/tensor",
    "*",
    "**",
    "/a b",
    "/a\tb",
    "/a\x7f",
    "/a\x01",
    "/a#b",
    "/a?b#c",
    "http:",
    "http:/",
    "http://",
    "http:///a",
    "http://?a",
    "http://:80/a",
    "http://u@h/a",
    "http://u:p@h/a",
    "https://",
    "ftp://h/a",
    "example.org:443",
    "?a=1",
    "httpx://h/a",
};

static void bad_targets_are_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_targets); i++) {
        struct tid_request request;
        char *copy;
        assert_row(split(bad_targets[i], TID_METHOD_GET, &request, &copy),
                   bad_targets[i]);
        assert_row(!request.path, bad_targets[i]);
        free(copy);
    }
}

static void asterisk(void **state) {
    struct tid_request request;
    char *copy;
    (void)state;
    assert_null(split("*", TID_METHOD_OPTIONS, &request, &copy));
    assert_int_equal(request.path_bytes, 1);
    assert_int_equal(request.query_bytes, 0);
    free(copy);
    assert_non_null(split("*", TID_METHOD_HEAD, &request, &copy));
    free(copy);
}

/* RFC 9110 section 7.2, RFC 3986 section 3.2.2. */
static void hosts(void **state) {
    static const char *const valid[] = {
        "",
        "example.org",
        "example.org:8080",
        "example.org:",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:80",
        "[::ffff:192.0.2.1]:1",
        "[v1.x]",
        "[vF1.a:b]",
        "a_b-c.~1",
        "x%41",
        "%c3%A4.example",
        "xn--nxasmq6b:65535",
    };
    static const char *const invalid[] = {
        "a b",     "a/b",   "a@b",  "a,b",        "a, b",      ":80",   "a:b",
        "a:80:80", "[::1",  "::1",  "[]",         "[::1]x",    "a\"",   "a\\b",
        "<a>",     "a?b",   "a#b",  "h\xc3\xa4",  "a:8 ",      " a",    "%",
        "x%4",     "%4g",   "%%41", "[::g]",      "[1.2.3.4]", "[:::]", "[1:2]",
        "[v.x]",   "[v1.]", "[v1]", "[::1%25lo]", "[v1.x@y]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(valid); i++)
        assert_row(tid_host_is_valid(valid[i], strlen(valid[i])), valid[i]);
    for (size_t i = 0; i < COUNT_OF(invalid); i++)
        assert_row(!tid_host_is_valid(invalid[i], strlen(invalid[i])), invalid[i]);
    assert_false(tid_host_is_valid("a\0b", 3));
    assert_false(tid_host_is_valid("[::1\0x]", 7));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(methods),
        cmocka_unit_test(fields),
        cmocka_unit_test(split_targets),
        cmocka_unit_test(bad_targets_are_errors),
        cmocka_unit_test(asterisk),
        cmocka_unit_test(repeated_fields),
        cmocka_unit_test(repeated_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
