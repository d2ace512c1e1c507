/* SPDX-License-Identifier: MIT */
/* server/routes: paths and their indices. */
#include "server/routes.h"
#include "support/test.h"

static unsigned route_of(const char *path) {
    struct tid_request request = {.path = path, .path_bytes = strlen(path)};
    return tid_route_find(&request);
}

static void finds_each(void **state) {
    (void)state;
    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++)
        assert_int_equal(route_of(tid_route_get(i)->path), i);
}

/* The last segment of a route may stand for any. */
static void named(void **state) {
    const unsigned route = route_of("/problems/too-busy");
    (void)state;
    assert_string_equal(tid_route_get(route)->path, "/problems/{name}");
    assert_int_equal(route_of("/problems/%2F"), route);
}

static void expect_part(const char *path, const char *name, const char *text) {
    const struct tid_request request = {.path = path, .path_bytes = strlen(path)};
    const struct tid_path_part part = tid_route_part(&request, name);
    if (!text) {
        assert_null(part.text);
        return;
    }
    assert_int_equal(part.bytes, strlen(text));
    assert_memory_equal(part.text, text, part.bytes);
}

/* {repo} has one segment or two, {path} all the rest. */
static void parts(void **state) {
    (void)state;
    expect_part("/v1/models/a/b/c", "model", "a");
    expect_part("/v1/models/a/b/c", "file", "c");
    expect_part("/v1/models/a/b/c", "path", NULL);
    expect_part("/v1/models/resolve/b/c", "model", "resolve");
    expect_part("/a/resolve/b/c/d", "repo", "a");
    expect_part("/a/resolve/b/c/d", "path", "c/d");
    expect_part("/a/b/resolve/c/d", "repo", "a/b");
    expect_part("/a/b/resolve/c/d", "revision", "c");
    expect_part("/api/models/a/b", "repo", "a/b");
    expect_part("/api/models/a/b/tree/c", "repo", "a/b");
    expect_part("/api/models/a/tree/b/c", "path", "c");
    expect_part("/api/models/a/b/c", "repo", NULL);
    expect_part("/a/b/c/resolve/d/e", "repo", NULL);
    expect_part("/a/resolve/b/", "repo", NULL);
    expect_part("//resolve/b/c", "repo", NULL);
}

static void no_other(void **state) {
    (void)state;
    assert_int_equal(route_of("/v1"), TID_ROUTE_COUNT);
    assert_int_equal(route_of("/v1/tensors"), TID_ROUTE_COUNT);
    assert_int_equal(route_of(""), TID_ROUTE_COUNT);
    assert_int_equal(route_of("/problems/"), TID_ROUTE_COUNT);
    assert_int_equal(route_of("/problems/a/b"), TID_ROUTE_COUNT);
    assert_null(tid_route_get(TID_ROUTE_COUNT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each),
        cmocka_unit_test(named),
        cmocka_unit_test(parts),
        cmocka_unit_test(no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
