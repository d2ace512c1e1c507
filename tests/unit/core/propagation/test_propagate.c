/* SPDX-License-Identifier: MIT */
/* core/propagation: steps of any size give the same numbers, and say how far they are. */
#include <string.h>

#include <tensorinit/propagation.h>

#include "support/test.h"

static struct ti_propagation *begun(const char *query) {
    struct ti_error error;
    struct ti_propagation *stack = NULL;
    if (ti_propagation_make(query, strlen(query), &stack, &error) != TI_OK)
        fail_msg("%s: %s", query, error.text);
    assert_int_equal(ti_propagation_begin(stack, NULL), TI_OK);
    return stack;
}

static void run(struct ti_propagation *stack, double budget_ns) {
    double progress = 0;
    while (!ti_propagation_done(stack)) {
        assert_int_equal(ti_propagation_step(stack, budget_ns, NULL), TI_OK);
        assert_true(ti_propagation_progress(stack) >= progress);
        progress = ti_propagation_progress(stack);
    }
    assert_true(progress == 1);
    assert_int_equal(ti_propagation_step(stack, budget_ns, NULL), TI_OK);
}

static void steps_are_any(void **state) {
    static const char query[] =
        "scheme=orthogonal,he_normal&seed=1,2&depth=4&width=150&batch=40"
        "&activation=gelu&residual=true&layer_norm=1";
    static const double budgets[] = {0, 1e5, 1e12};
    struct ti_propagation *stacks[COUNT_OF(budgets)];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(budgets); i++) {
        stacks[i] = begun(query);
        run(stacks[i], budgets[i]);
        assert_int_equal(ti_propagation_info(stacks[i])->runs, 4);
        for (unsigned k = 0; k < 4; k++) {
            assert_memory_equal(ti_propagation_layers(stacks[i], k),
                                ti_propagation_layers(stacks[0], k),
                                4 * sizeof(struct ti_propagation_layer));
        }
    }
    for (size_t i = 0; i < COUNT_OF(budgets); i++) ti_propagation_free(stacks[i]);
}

static void says_what_it_is(void **state) {
    struct ti_stack_parameter parameter;
    struct ti_propagation *stack =
        begun("scheme=torch.nn.init.orthogonal_&seed=9&width=8");
    const struct ti_propagation_info *info = ti_propagation_info(stack);
    const struct ti_propagation_run *run = ti_propagation_run_at(stack, 0);
    (void)state;
    assert_int_equal(info->depth, 50);
    assert_int_equal(info->batch, 64);
    assert_int_equal(info->activation, TI_ACTIVATION_RELU);
    assert_int_equal(info->products, 50 * 3 * 8 * 8 * 64);
    assert_string_equal(run->scheme, "torch.orthogonal_");
    assert_int_equal(run->seed, 9);
    assert_non_null(strstr(run->query, "name=layer.0.weight"));
    assert_true(ti_stack_parameter_at(0, &parameter));
    assert_false(ti_stack_parameter_at(100, &parameter));
    ti_propagation_free(stack);
    ti_propagation_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_any),
        cmocka_unit_test(says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
