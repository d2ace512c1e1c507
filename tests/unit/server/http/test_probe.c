/* SPDX-License-Identifier: MIT */
/* server/http/probe: what a full server answers all the same. */
#include "server/http/probe.h"
#include "server/routes.h"
#include "support/test.h"

static void requests(void **state) {
    static const struct {
        const char *head;
        enum tid_probe probe;
    } rows[] = {
        {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", TID_PROBE_YES},
        {"HEAD /readyz HTTP/1.0\r\n\r\n", TID_PROBE_YES},
        {"GET /metrics?x HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n", TID_PROBE_YES},
        {"", TID_PROBE_INCOMPLETE},
        {"GET /heal", TID_PROBE_INCOMPLETE},
        {"GET /healthz HTTP/1.1\r\nHost: x\r\n", TID_PROBE_INCOMPLETE},
        {"GET /healthz2 HTTP/1.1\r\n\r\n", TID_PROBE_NO},
        {"GET /healthz\r\n\r\n", TID_PROBE_NO},
        {"GET /v1/tensor?shape=2 HTTP/1.1\r\n", TID_PROBE_NO},
        {"GET / HTTP/1.1\r\n\r\n", TID_PROBE_NO},
        {"POST /healthz HTTP/1.1\r\n\r\n", TID_PROBE_NO},
        {"get /healthz HTTP/1.1\r\n\r\n", TID_PROBE_NO},
        {"\r\nGET /healthz HTTP/1.1\r\n\r\n", TID_PROBE_NO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_row(tid_probe_find(rows[i].head, strlen(rows[i].head), NULL) ==
                       rows[i].probe,
                   rows[i].head);
    /* All that has come is looked at, not what lies behind it. */
    const char *whole = rows[0].head;
    for (size_t bytes = 0; bytes < strlen(whole); bytes++)
        assert_int_equal(tid_probe_find(whole, bytes, NULL), TID_PROBE_INCOMPLETE);
}

/* Behind a base path, or without: a proxy may have removed it. */
static void base_paths(void **state) {
    static const struct {
        const char *head, *base_path;
        enum tid_probe probe;
    } rows[] = {
        {"GET /a/b/healthz HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_YES},
        {"GET /healthz HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_YES},
        {"GET /a/b/healthz HTTP/1.1\r\n", "/a/b", TID_PROBE_INCOMPLETE},
        {"GET /a/b/healthz HTTP/1.1\r\n\r\n", "", TID_PROBE_NO},
        {"GET /a/bhealthz HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_NO},
        {"GET /a/b/a/b/healthz HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_NO},
        {"GET /a/b HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_NO},
        {"/a/b/healthz HTTP/1.1\r\n\r\n", "/a/b", TID_PROBE_NO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_row(tid_probe_find(rows[i].head, strlen(rows[i].head),
                                  rows[i].base_path) == rows[i].probe,
                   rows[i].head);
}

/* The paths exist. */
static void routes(void **state) {
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const struct tid_request request = {.path = paths[i],
                                            .path_bytes = strlen(paths[i])};
        assert_true(tid_route_find(&request) < TID_ROUTE_COUNT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(base_paths),
        cmocka_unit_test(routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
