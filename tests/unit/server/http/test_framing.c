/* SPDX-License-Identifier: MIT */
/* server/http/framing: which requests are rejected, and with which status. */
#include "server/http/framing.h"
#include "support/test.h"

/* Adds a field, "Name: value". '@', which no row uses otherwise, stands for a NUL. */
static void add(struct tid_framing *framing, const char *line) {
    char copy[256];
    size_t bytes = strlen(line);
    size_t name_bytes = strcspn(line, ":");
    assert_true(bytes < sizeof copy);
    memcpy(copy, line, bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        if (copy[i] == '@') copy[i] = '\0';
    }
    tid_framing_add(framing, copy, name_bytes, copy + name_bytes + 2,
                    bytes - name_bytes - 2);
}

static const struct {
    enum tid_method method;
    unsigned status;
    const char *fields[4];
    const char *version;
} rows[] = {
    {TID_METHOD_GET, 0, {"Host: x"}, "HTTP/1.1"},
    {TID_METHOD_GET, 0, {NULL}, "HTTP/1.0"},
    {TID_METHOD_GET, 400, {NULL}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "hOST: x"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Host: y"}, "HTTP/1.0"},
    {TID_METHOD_GET, 0, {"Host: "}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: a b"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: a, b"}, "HTTP/1.1"},
    {TID_METHOD_GET, 505, {"Host: x"}, "HTTP/1.2"},
    {TID_METHOD_GET, 505, {"Host: x"}, "HTTP/2.0"},
    {TID_METHOD_GET, 505, {"Host: x"}, ""},
    {TID_METHOD_GET, 0, {"Host: x", "Content-Length: 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 0, {"Host: x", "Content-Length: 00"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: 1"}, "HTTP/1.1"},
    {TID_METHOD_HEAD, 400, {"Host: x", "Content-Length: 1"}, "HTTP/1.1"},
    {TID_METHOD_OPTIONS, 400, {"Host: x", "Content-Length: 1"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: +0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: 0, 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: 0x0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: "}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length: -1"}, "HTTP/1.1"},
    {TID_METHOD_GET,
     400,
     {"Host: x", "Content-Length: 0", "Content-Length: 0"},
     "HTTP/1.1"},
    {TID_METHOD_OTHER,
     400,
     {"Host: x", "Content-Length: 5", "content-length: 5"},
     "HTTP/1.1"},
    {TID_METHOD_OTHER,
     400,
     {"Host: x", "Content-Length: 5", "Transfer-Encoding: chunked"},
     "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Transfer-Encoding: chunked"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Transfer-Encoding: identity"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Transfer-Encoding: chunked"}, "HTTP/1.0"},
    /* Routing rejects unknown methods. */
    {TID_METHOD_OTHER, 0, {"Host: x", "Content-Length: 5"}, "HTTP/1.1"},
    {TID_METHOD_UNKNOWN, 0, {"Host: x", "Transfer-Encoding: chunked"}, "HTTP/1.1"},
    {TID_METHOD_GET, 0, {"Host: x", "Expect: 100-Continue"}, "HTTP/1.1"},
    {TID_METHOD_GET, 417, {"Host: x", "Expect: 100-continued"}, "HTTP/1.1"},
    {TID_METHOD_GET, 417, {"Host: x", "expect: "}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "Content-Length : 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X[]: 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", ": 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X@: 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X\xc3\xa4: 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 0, {"Host: x", "!#$%&'*+-.^_`|~09azAZ: 0"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X: a@b"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X: a\x1f"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X: a\x7f"}, "HTTP/1.1"},
    {TID_METHOD_GET, 400, {"Host: x", "X: a\rb"}, "HTTP/1.1"},
    {TID_METHOD_GET, 0, {"Host: x", "X: a\tb \xff"}, "HTTP/1.1"},
};

static void rejections(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_framing framing = {0};
        for (size_t k = 0; k < 4 && rows[i].fields[k]; k++)
            add(&framing, rows[i].fields[k]);
        const struct tid_rejection rejection =
            tid_framing_check(&framing, rows[i].method, rows[i].version);
        if (rejection.status != rows[i].status)
            fail_msg("row %zu: status %u, not %u", i, rejection.status, rows[i].status);
        assert_true((rejection.status == 0) == !rejection.detail);
        assert_true((rejection.status == 0) == !rejection.title);
    }
}

static void bodies(void **state) {
    (void)state;
    struct tid_framing none = {0}, empty = {0}, length = {0}, chunked = {0};
    add(&empty, "Content-Length: 0");
    add(&length, "Content-Length: 10");
    add(&chunked, "Transfer-Encoding: chunked");
    assert_false(tid_framing_has_body(&none));
    assert_false(tid_framing_has_body(&empty));
    assert_true(tid_framing_has_body(&length));
    assert_true(tid_framing_has_body(&chunked));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rejections),
        cmocka_unit_test(bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
