/* SPDX-License-Identifier: MIT */
/*
 * server/work/block_budget: sizes of blocks as more and more streams share the budget,
 * and until there is no memory.
 */
#include "server/work/block_budget.h"
#include "support/test.h"

static struct tid_memory memory;
static struct tid_block_budget budget;

static int begin(void **state) {
    (void)state;
    tid_memory_init(&memory, (size_t)1 << 30);
    budget.memory = &memory;
    atomic_store(&budget.used_bytes, 0);
    return 0;
}

/* After every test: what the budget has taken is what the memory counts. */
static int end(void **state) {
    (void)state;
    const bool same =
        tid_memory_used(&memory, TID_MEMORY_RESPONSE) == atomic_load(&budget.used_bytes);
    tid_memory_clear(&memory);
    return same ? 0 : 1;
}

/*
 * 32 MiB, an eighth of what is left each time: 2 MiB is the maximum, 64 KiB the minimum.
 */
static void later_streams_get_less(void **state) {
    size_t previous = TID_BLOCK_BYTES_MAX;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        const size_t used = atomic_load(&budget.used_bytes);
        const size_t block = tid_block_budget_take(&budget, UINT64_MAX, 1);
        assert_true(block <= previous);
        assert_true(block >= TID_BLOCK_BYTES_MIN);
        assert_int_equal(block % 4096, 0);
        assert_int_equal(atomic_load(&budget.used_bytes), used + block);
        if (used <= TID_BLOCK_BUDGET_BYTES / 2)
            assert_int_equal(block, TID_BLOCK_BYTES_MAX);
        if (used >= TID_BLOCK_BUDGET_BYTES) assert_int_equal(block, TID_BLOCK_BYTES_MIN);
        previous = block;
    }
}

static void block_is_no_larger_than_body(void **state) {
    static const uint64_t bodies[] = {1, 65535, 65536, 65537, 2097151};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const size_t block = tid_block_budget_take(&budget, bodies[i], 1);
        assert_int_equal(block, bodies[i]);
        tid_block_budget_give(&budget, block);
        assert_int_equal(atomic_load(&budget.used_bytes), 0);
    }
    /* TID_STREAM_UNKNOWN is UINT64_MAX. */
    assert_int_equal(tid_block_budget_take(&budget, UINT64_MAX, 1), TID_BLOCK_BYTES_MAX);
}

/* Two blocks share what one stream gets; both are taken and given back together. */
static void two_blocks(void **state) {
    const size_t before = TID_BLOCK_BUDGET_BYTES / 2 + TID_BLOCK_BYTES_MAX;
    (void)state;
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, before));
    atomic_store(&budget.used_bytes, before);
    const size_t single = tid_block_budget_take(&budget, UINT64_MAX, 1);
    tid_block_budget_give(&budget, single);
    const size_t half = tid_block_budget_take(&budget, UINT64_MAX, 2);
    assert_true(2 * half <= single && 2 * half + 2 * 4096 > single);
    assert_int_equal(atomic_load(&budget.used_bytes), before + 2 * half);
    tid_block_budget_give(&budget, 2 * half);
    assert_int_equal(atomic_load(&budget.used_bytes), before);
}

/* The minimum where not more is free, and nothing beyond the limit. */
static void no_more_than_the_memory(void **state) {
    const size_t all = tid_memory_max(&memory, TID_MEMORY_RESPONSE);
    const size_t rest = 3 * TID_BLOCK_BYTES_MIN + 5;
    (void)state;
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, all - rest));
    assert_int_equal(tid_block_budget_take(&budget, UINT64_MAX, 1), TID_BLOCK_BYTES_MIN);
    assert_int_equal(tid_block_budget_take(&budget, UINT64_MAX, 2), TID_BLOCK_BYTES_MIN);
    assert_int_equal(tid_block_budget_take(&budget, 6, 1), 0);
    assert_int_equal(tid_block_budget_take(&budget, 5, 1), 5);
    tid_block_budget_give(&budget, TID_BLOCK_BYTES_MIN);
    assert_int_equal(tid_block_budget_take(&budget, UINT64_MAX, 2), 0);
    assert_int_equal(tid_block_budget_take(&budget, UINT64_MAX, 1), TID_BLOCK_BYTES_MIN);
    tid_memory_give(&memory, TID_MEMORY_RESPONSE, all - rest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(later_streams_get_less, begin, end),
        cmocka_unit_test_setup_teardown(block_is_no_larger_than_body, begin, end),
        cmocka_unit_test_setup_teardown(two_blocks, begin, end),
        cmocka_unit_test_setup_teardown(no_more_than_the_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
