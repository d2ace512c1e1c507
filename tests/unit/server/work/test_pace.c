/* SPDX-License-Identifier: MIT */
/* server/work/pace: tasks of a wanted length, from estimates that may be off. */
#include "server/work/pace.h"
#include "support/test.h"

#define MIB ((size_t)1 << 20)

static void from_the_estimate(void **state) {
    static const struct {
        double ns_per_byte;
        size_t max, bytes;
    } rows[] = {
        {0.2, MIB, MIB},   /* he_normal f32: as much as there may be */
        {2, MIB, 1000000}, /* f64 through a view */
        {20, MIB, 100000}, /* sparse */
        {5000, MIB, 400},  /* a thin part of a large orthogonal matrix */
        {1e6, MIB, 8},     /* never less than an element */
        {1e6, 3, 3},       {0, MIB, MIB}, {2, 0, 0}, {2, SIZE_MAX, 1000000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(tid_pace_bytes_max(rows[i].ns_per_byte, rows[i].max),
                         rows[i].bytes);
    struct tid_pace pace;
    tid_pace_init(&pace);
    assert_int_equal(tid_pace_bytes(&pace, 2, MIB), 250000);
}

/* A byte takes 'actual' ns where the plan estimates 1: how long the n-th task is. */
static double task_after(unsigned n, double actual) {
    struct tid_pace pace;
    double ns = 0;
    tid_pace_init(&pace);
    for (unsigned i = 0; i <= n; i++) {
        ns = actual * (double)tid_pace_bytes(&pace, 1, 100 * MIB);
        tid_pace_update(&pace, (uint64_t)ns);
    }
    return ns;
}

static void corrected_by_measurement(void **state) {
    (void)state;
    for (double actual = 1; actual <= 1000; actual *= 1.3) {
        assert_true(task_after(0, actual) <= 0.26 * actual * TID_TASK_NS);
        for (unsigned n = 1; n < 10; n++)
            assert_true(task_after(n, actual) <= 1.6 * TID_TASK_NS);
        assert_true(task_after(9, actual) >= 0.4 * TID_TASK_NS);
    }
    /* an estimate that is too high is not exceeded: another part may cost that much */
    assert_true(task_after(50, 0.01) <= 0.011 * TID_TASK_NS);
}

/* After the dear part of a tensor comes a cheap one. */
static void recovers(void **state) {
    struct tid_pace pace;
    (void)state;
    tid_pace_init(&pace);
    tid_pace_update(&pace, 1000 * (uint64_t)TID_TASK_NS);
    assert_int_equal(tid_pace_bytes(&pace, 1, MIB), 496);
    for (int i = 0; i < 10; i++) tid_pace_update(&pace, 100);
    assert_int_equal(tid_pace_bytes(&pace, 1, 100 * MIB), 512000);
    for (int i = 0; i < 10; i++) tid_pace_update(&pace, UINT64_MAX);
    assert_int_equal(tid_pace_bytes(&pace, 1, MIB), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_estimate),
        cmocka_unit_test(corrected_by_measurement),
        cmocka_unit_test(recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
