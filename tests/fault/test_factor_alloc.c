/* SPDX-License-Identifier: MIT */
/*
 * Factorizations and statistics when memory runs out: the n-th allocation fails, n = 0,
 * 1, 2, ..., until none does. And a factorization takes the memory that the plan says.
 *
 * The sources that allocate are compiled into this program: support/failing_memory.h.
 */
#include "support/failing_memory.h"

#include "core/orthogonal/factor.c"
#include "core/request/stats.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/test.h"

static const char *const queries[] = {
    "shape=130,70&scheme=orthogonal",
    "shape=64,64&scheme=orthogonal",
    "shape=1,1&scheme=orthogonal&dtype=f64",
    "shape=70,300&scheme=orthogonal&dtype=f64",
    "shape=600,1&scheme=orthogonal&dtype=bf16",
    "shape=90,80,3&scheme=delta_orthogonal&dtype=f16",
    "shape=6,70,9&scheme=orthogonal&batch_axis=0",
    "shape=9,700,3&scheme=orthogonal&batch_axis=1&dtype=f64&slice=:,::2",
};

/* '*factor' is untouched until all allocations succeed. */
static void factors(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        struct ti_factor *const none = (struct ti_factor *)&plan, *factor = none;
        for (size_t n = 0; factor == none; n++) {
            struct ti_error error = {TI_OK, "none", "none"};
            failing = n, allocation_count = 0;
            const enum ti_status status =
                ti_factor_make(plan, &factor, n % 2 ? NULL : &error);
            failing = SIZE_MAX;
            if (allocation_count <= n) {
                assert_int_equal(status, TI_OK);
                assert_true(n >= 3);
                break;
            }
            assert_int_equal(status, TI_ENOMEM);
            assert_ptr_equal(factor, none);
            assert_int_equal(live_count, 0);
            if (n % 2 == 0) assert_int_equal(error.code, TI_ENOMEM);
        }
        ti_factor_free(factor);
        ti_plan_free(plan);
        assert_int_equal(live_count, 0);
    }
}

static void sizes_are_as_planned(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        const struct ti_plan_info *info = ti_plan_info(plan);
        struct ti_factor *factor;
        assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
        assert_int_equal(live_bytes, info->factor_peak_bytes);
        const size_t count = allocation_count;
        ti_factor_run_all(factor);
        assert_int_equal(allocation_count, count); /* running takes none */
        assert_int_equal(live_bytes, info->factor_bytes);
        ti_factor_free(factor);
        ti_plan_free(plan);
        assert_int_equal(live_bytes, 0);
    }
}

static void statistics(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        struct ti_stats *const none = (struct ti_stats *)&plan, *stats = none;
        for (size_t n = 0; stats == none; n++) {
            failing = n, allocation_count = 0;
            const enum ti_status status = ti_stats_make(plan, &stats);
            failing = SIZE_MAX;
            if (allocation_count <= n) {
                assert_int_equal(status, TI_OK);
                assert_true(n >= 2);
                break;
            }
            assert_int_equal(status, TI_ENOMEM);
            assert_ptr_equal(stats, none);
            assert_int_equal(live_count, 0);
        }
        ti_stats_free(stats);
        ti_plan_free(plan);
        assert_int_equal(live_count, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors),
        cmocka_unit_test(sizes_are_as_planned),
        cmocka_unit_test(statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
