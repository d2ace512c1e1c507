/* SPDX-License-Identifier: MIT */
/*
 * Propagation when memory runs out: the n-th allocation fails, n = 0, 1, 2, ..., until none
 * does. A step that fails can be repeated, and the numbers are right then; nothing leaks.
 *
 * The sources that allocate are compiled into this program: support/failing_memory.h.
 */
#include "support/failing_memory.h"

#include "core/propagation/read_query.c"
#include "core/propagation/buffers.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/test.h"

#define QUERY "scheme=he_normal,zeros&depth=2&width=70&batch=5&layer_norm=true"

/* Status of the first call that fails; all of the stack's layers if none does. */
static enum ti_status run_all(const char *query, struct ti_propagation **stack) {
    struct ti_error error;
    enum ti_status status = ti_propagation_make(query, strlen(query), stack, &error);
    if (status == TI_OK) status = ti_propagation_begin(*stack, &error);
    while (status == TI_OK && !ti_propagation_done(*stack)) {
        status = ti_propagation_step(*stack, 1e5, &error);
        if (status == TI_OK) continue;
        assert_int_equal(status, TI_ENOMEM);
        status = ti_propagation_step(*stack, 1e5, &error); /* once more */
    }
    return status;
}

static void nothing_leaks(void **state) {
    struct ti_propagation *right = NULL;
    (void)state;
    assert_int_equal(run_all(QUERY, &right), TI_OK);
    const size_t count = allocation_count, live = live_count;
    assert_true(count > 15);
    for (size_t n = 0; n < count; n++) {
        struct ti_propagation *stack = NULL;
        allocation_count = 0, failing = n;
        const enum ti_status status = run_all(QUERY, &stack);
        failing = SIZE_MAX;
        if (status == TI_OK) {
            for (unsigned i = 0; i < 2; i++) {
                assert_memory_equal(ti_propagation_layers(stack, i),
                                    ti_propagation_layers(right, i),
                                    2 * sizeof(struct ti_propagation_layer));
            }
        } else {
            assert_int_equal(status, TI_ENOMEM);
        }
        ti_propagation_free(stack);
        assert_int_equal(live_count, live);
    }
    ti_propagation_free(right);
}

/* What a server takes of its budget is what there is: many small runs have deep stacks, too. */
static void peak_is_of_all(void **state) {
    static const char query[] =
        "scheme=ones,zeros&seed=1,2,3,4,5,6,7,8&depth=1000&width=1&batch=1";
    struct ti_propagation *stack = NULL;
    const size_t before_bytes = live_bytes;
    (void)state;
    assert_int_equal(ti_propagation_make(query, sizeof query - 1, &stack, NULL), TI_OK);
    const size_t made_bytes = live_bytes - before_bytes;
    assert_true(made_bytes < 1000 * sizeof(struct ti_propagation_layer));
    assert_int_equal(ti_propagation_begin(stack, NULL), TI_OK);
    assert_true(live_bytes - before_bytes > 16000 * sizeof(struct ti_propagation_layer));
    assert_in_range(ti_propagation_info(stack)->peak_bytes,
                    live_bytes - before_bytes - made_bytes, 4000000);
    ti_propagation_free(stack);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_leaks),
                                       cmocka_unit_test(peak_is_of_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
