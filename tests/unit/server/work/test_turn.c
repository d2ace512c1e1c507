/* SPDX-License-Identifier: MIT */
/* server/work/turn: sizes of blocks, and which streams a worker takes. */
#include "server/work/block_budget.h"
#include "server/work/turn.h"
#include "support/test.h"

#define MIB ((size_t)1 << 20)
#define F32_NS (0.7 / 4) /* of a byte */

/* Turns of that many streams until sizes settle: the bytes of the last block. */
static size_t block_of(unsigned streams, double ns_per_byte, size_t max_bytes) {
    struct tid_turn turn = {0};
    size_t bytes = 0;
    for (int i = 0; i < 3; i++) {
        tid_turn_begin(&turn);
        for (unsigned k = 0; k < streams; k++)
            bytes = tid_turn_block(&turn, ns_per_byte, max_bytes);
    }
    return bytes;
}

static void one_stream_has_whole_blocks(void **state) {
    (void)state;
    assert_int_equal(block_of(1, F32_NS, MIB), MIB);
    assert_int_equal(block_of(4, F32_NS, MIB), MIB);
    assert_int_equal(block_of(1, 1.5, MIB), MIB);
    assert_int_equal(block_of(1, 0, MIB), MIB);
    assert_int_equal(block_of(1, F32_NS, 100), 100);
    assert_int_equal(block_of(1000, F32_NS, 100), 100);
}

/* All of a turn together stay within it; but no block is below the minimum. */
static void many_share_a_turn(void **state) {
    static const double costs[] = {0.01, F32_NS, 0.8, 1.5};
    size_t previous = MIB;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(costs); i++) {
        previous = MIB;
        for (unsigned streams = 1; streams < 600; streams++) {
            const size_t bytes = block_of(streams, costs[i], MIB);
            assert_true(bytes <= previous && bytes >= TID_BLOCK_BYTES_MIN);
            const double ns = streams * (double)bytes * (costs[i] + TID_SEND_NS_PER_BYTE);
            assert_true(bytes == TID_BLOCK_BYTES_MIN || ns <= 1.001 * TID_TURN_SHARED_NS);
            previous = bytes;
        }
        assert_int_equal(previous, TID_BLOCK_BYTES_MIN);
    }
}

/* When many come at once, the first turn is not much longer than the next ones. */
static void first_turn(void **state) {
    struct tid_turn turn = {0};
    double ns = 0;
    (void)state;
    tid_turn_begin(&turn);
    for (int i = 0; i < 20; i++)
        ns +=
            (F32_NS + TID_SEND_NS_PER_BYTE) * (double)tid_turn_block(&turn, F32_NS, MIB);
    assert_true(ns < 2 * TID_TURN_SHARED_NS);
    /* what was sent for the pool counts as well */
    tid_turn_begin(&turn);
    tid_turn_count_sent(&turn, 20 * MIB);
    assert_int_equal(tid_turn_block(&turn, F32_NS, MIB), TID_BLOCK_BYTES_MIN);
}

static void streams_are_taken_while_there_is_time(void **state) {
    struct tid_turn turn = {0};
    unsigned taken = 0;
    (void)state;
    assert_false(tid_turn_reserve(&turn, 1.01 * TID_TURN_BLOCK_NS));
    assert_true(tid_turn_reserve(&turn, TID_TURN_BLOCK_NS));
    tid_turn_release(&turn, TID_TURN_BLOCK_NS);
    while (tid_turn_reserve(&turn, F32_NS * TID_BLOCK_BYTES_MIN)) taken++;
    assert_in_range(taken, 400, 450); /* 11.5 microseconds each */
    assert_false(tid_turn_reserve(&turn, F32_NS * TID_BLOCK_BYTES_MIN));
    /* a smaller one may still fit; one that ends makes place */
    assert_true(tid_turn_reserve(&turn, 100));
    tid_turn_release(&turn, F32_NS * TID_BLOCK_BYTES_MIN);
    assert_true(tid_turn_reserve(&turn, F32_NS * TID_BLOCK_BYTES_MIN));
}

static void small_bodies_have_a_turns_time(void **state) {
    struct tid_turn turn = {0};
    unsigned made = 0;
    (void)state;
    assert_false(tid_turn_spend(&turn, 1.01 * TID_TURN_BLOCK_NS));
    while (tid_turn_spend(&turn, 5e4)) made++;
    assert_int_equal(made, 100);
    tid_turn_begin(&turn);
    assert_true(tid_turn_spend(&turn, 5e4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stream_has_whole_blocks),
        cmocka_unit_test(many_share_a_turn),
        cmocka_unit_test(first_turn),
        cmocka_unit_test(streams_are_taken_while_there_is_time),
        cmocka_unit_test(small_bodies_have_a_turns_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
