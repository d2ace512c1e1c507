/* SPDX-License-Identifier: MIT */
/* server/work/block_budget: sizes of blocks as more and more streams share the budget. */
#include "server/work/block_budget.h"
#include "support/test.h"

/*
 * 32 MiB, an eighth of what is left each time: 2 MiB is the maximum, 64 KiB the minimum.
 */
static void later_streams_get_less(void **state) {
    struct tid_block_budget budget = {0};
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
    static const uint64_t bodies[] = {0, 1, 65535, 65536, 65537, 2097151};
    struct tid_block_budget budget = {0};
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

/* Two blocks share what one stream gets; both are reserved and given back together. */
static void two_blocks(void **state) {
    struct tid_block_budget one = {TID_BLOCK_BUDGET_BYTES / 2 + TID_BLOCK_BYTES_MAX};
    struct tid_block_budget two = {TID_BLOCK_BUDGET_BYTES / 2 + TID_BLOCK_BYTES_MAX};
    const size_t before = atomic_load(&two.used_bytes);
    (void)state;
    const size_t single = tid_block_budget_take(&one, UINT64_MAX, 1);
    const size_t half = tid_block_budget_take(&two, UINT64_MAX, 2);
    assert_true(2 * half <= single && 2 * half + 2 * 4096 > single);
    assert_int_equal(atomic_load(&two.used_bytes), before + 2 * half);
    tid_block_budget_give(&two, 2 * half);
    assert_int_equal(atomic_load(&two.used_bytes), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_streams_get_less),
        cmocka_unit_test(block_is_no_larger_than_body),
        cmocka_unit_test(two_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
