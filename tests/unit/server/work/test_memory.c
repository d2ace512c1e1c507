/* SPDX-License-Identifier: MIT */
/* server/work/memory: what fits beside what, and the default limit. */
#include "server/work/memory.h"
#include "support/test.h"

#define MIB ((size_t)1 << 20)

/* What was asked to be given back, and the amount that comes back for it. */
static struct tid_memory memory;
static size_t requested, cached;

static void give_cached(void *argument, size_t bytes) {
    assert_ptr_equal(argument, &memory);
    requested = bytes;
    tid_memory_give(&memory, TID_MEMORY_LARGE, cached);
}

/* Of 1 GiB the reserve is 64 MiB, and a small factorization has at most 1 MiB. */
static void large_ones_leave_a_reserve(void **state) {
    (void)state;
    tid_memory_init(&memory, 1024 * MIB);
    assert_int_equal(tid_memory_max(&memory, TID_MEMORY_RESPONSE), 1024 * MIB);
    assert_int_equal(tid_memory_max(&memory, TID_MEMORY_LARGE), 960 * MIB);
    assert_int_equal(tid_memory_use_of(&memory, MIB), TID_MEMORY_SMALL);
    assert_int_equal(tid_memory_use_of(&memory, MIB + 1), TID_MEMORY_LARGE);
    assert_false(tid_memory_take(&memory, TID_MEMORY_LARGE, 960 * MIB + 1));
    assert_true(tid_memory_take(&memory, TID_MEMORY_LARGE, 960 * MIB));
    assert_false(tid_memory_take(&memory, TID_MEMORY_LARGE, 1));
    assert_true(tid_memory_take(&memory, TID_MEMORY_SMALL, MIB));
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 63 * MIB));
    assert_false(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 1));
    assert_false(tid_memory_take(&memory, TID_MEMORY_SMALL, 1));
    tid_memory_give(&memory, TID_MEMORY_LARGE, 960 * MIB);
    /* Responses may use the whole; what they have beyond the reserve, others lack. */
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 100 * MIB));
    assert_false(tid_memory_take(&memory, TID_MEMORY_LARGE, 861 * MIB));
    assert_true(tid_memory_take(&memory, TID_MEMORY_LARGE, 860 * MIB));
    assert_int_equal(tid_memory_used(&memory, TID_MEMORY_RESPONSE), 163 * MIB);
    assert_int_equal(tid_memory_used(&memory, TID_MEMORY_SMALL), MIB);
    assert_int_equal(tid_memory_used(&memory, TID_MEMORY_LARGE), 860 * MIB);
    tid_memory_clear(&memory);
}

static void would_fit(void **state) {
    (void)state;
    tid_memory_init(&memory, 4 * MIB);
    assert_int_equal(tid_memory_max(&memory, TID_MEMORY_LARGE), 3 * MIB);
    assert_true(tid_memory_take(&memory, TID_MEMORY_SMALL, MIB));
    assert_true(tid_memory_take(&memory, TID_MEMORY_LARGE, 2 * MIB));
    assert_true(tid_memory_would_fit(&memory, TID_MEMORY_LARGE, MIB, 0, 0));
    assert_false(tid_memory_would_fit(&memory, TID_MEMORY_LARGE, MIB + 1, MIB, 0));
    assert_false(tid_memory_would_fit(&memory, TID_MEMORY_LARGE, 2 * MIB + 1, 0, MIB));
    assert_true(tid_memory_would_fit(&memory, TID_MEMORY_LARGE, 2 * MIB, 0, MIB));
    assert_true(tid_memory_would_fit(&memory, TID_MEMORY_SMALL, 2 * MIB, MIB, 0));
    assert_false(tid_memory_would_fit(&memory, TID_MEMORY_SMALL, 2 * MIB + 1, MIB, 0));
    tid_memory_clear(&memory);
}

static void cached_memory_goes_to_responses(void **state) {
    (void)state;
    tid_memory_init(&memory, 4 * MIB);
    memory.reclaim = give_cached;
    memory.argument = &memory;
    cached = 3 * MIB;
    assert_true(tid_memory_take(&memory, TID_MEMORY_LARGE, cached));
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, MIB));
    assert_int_equal(requested, 0);
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 2 * MIB));
    assert_int_equal(requested, 2 * MIB);
    cached = 0;
    assert_false(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 2 * MIB));
    /* Factorizations see to their cache themselves. */
    requested = 0;
    assert_false(tid_memory_take(&memory, TID_MEMORY_LARGE, 3 * MIB));
    assert_int_equal(requested, 0);
    tid_memory_clear(&memory);
}

static void defaults(void **state) {
    (void)state;
    assert_int_equal(tid_memory_default(UINT64_MAX), 1024 * MIB);
    assert_int_equal(tid_memory_default(256 * MIB), 64 * MIB);
    assert_int_equal(tid_memory_default((uint64_t)64 << 30), (size_t)16 << 30);
    assert_int_equal(tid_memory_default(0), TID_MEMORY_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_ones_leave_a_reserve),
        cmocka_unit_test(would_fit),
        cmocka_unit_test(cached_memory_goes_to_responses),
        cmocka_unit_test(defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
