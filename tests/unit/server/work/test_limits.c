/* SPDX-License-Identifier: MIT */
/* server/work/limits: what is allowed, and when a refusal is worth a line of the log. */
#include "server/work/limits.h"
#include "support/test.h"

static void allowed(void **state) {
    struct tid_limits limits = {0};
    struct tid_limit_values values = {.stats_elems = 10};
    (void)state;
    assert_true(tid_limit_allows(NULL, TID_LIMIT_stats_elems, UINT64_MAX));
    assert_true(tid_limit_allows(&limits, TID_LIMIT_stats_elems, UINT64_MAX));
    tid_limits_set(&limits, &values);
    assert_true(tid_limit_allows(&limits, TID_LIMIT_stats_elems, 10));
    assert_false(tid_limit_allows(&limits, TID_LIMIT_stats_elems, 11));
    assert_true(tid_limit_allows(&limits, TID_LIMIT_digest_bytes, UINT64_MAX));
    const uint64_t version = tid_limits_version(&limits);
    assert_int_equal(tid_limits_version(&limits), version);
    values.stats_elems = 11; /* set again */
    tid_limits_set(&limits, &values);
    assert_int_not_equal(tid_limits_version(&limits), version);
    assert_int_equal(tid_limit_max(&limits, TID_LIMIT_stats_elems), 11);
    assert_string_equal(tid_limit_get(TID_LIMIT_stats_elems)->option, "max-stats-elems");
}

static void refusals(void **state) {
    struct tid_limits limits = {0};
    (void)state;
    assert_true(tid_limit_count_refused(&limits, TID_LIMIT_computations, 5));
    assert_false(tid_limit_count_refused(&limits, TID_LIMIT_computations, 6));
    assert_false(tid_limit_count_refused(&limits, TID_LIMIT_computations, 10004));
    assert_true(tid_limit_count_refused(&limits, TID_LIMIT_computations, 10005));
    assert_true(tid_limit_count_refused(&limits, TID_LIMIT_stats_elems, 10006));
    assert_int_equal(tid_limit_refused(&limits, TID_LIMIT_computations), 4);
    assert_int_equal(tid_limit_refused(NULL, TID_LIMIT_computations), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
