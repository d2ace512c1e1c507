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
        cmocka_unit_test(no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
