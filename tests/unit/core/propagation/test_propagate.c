/* SPDX-License-Identifier: MIT */
/* core/propagation: steps of any size give the same numbers, and say how far they are. */
#include <stdio.h>
#include <stdlib.h>
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
        assert_int_equal(ti_propagation_info(stacks[i])->seeds, 2);
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
    assert_true(ti_stack_has(parameter.name));
    assert_false(ti_stack_has("shape"));
    assert_false(ti_stack_has(""));
    ti_propagation_free(stack);
    ti_propagation_free(NULL);
}

/* "NAME": VALUE stands there 'count' times. */
static void has_number(const char *json, const char *name, double value, unsigned count) {
    char text[128], number[TI_NUMBER_TEXT_BYTES];
    ti_number_text(value, number);
    snprintf(text, sizeof text, "\"%s\": %s", name, number);
    for (unsigned i = 0; i < count; i++) {
        json = strstr(json, text);
        if (!json) fail_msg("%s: %u of %u", text, i, count);
        json++;
    }
}

/* The document as a text to be freed, in parts of at most 'capacity_bytes'. */
static char *json_of(const struct ti_propagation *stack, size_t capacity_bytes) {
    enum { MAX = 1 << 20 };
    char *text = malloc(MAX + 1);
    uint64_t part = 0;
    size_t used = 0, bytes;
    do {
        assert_true(used + capacity_bytes <= MAX);
        memset(text + used, 'x', capacity_bytes);
        bytes = ti_propagation_json(stack, &part, capacity_bytes, text + used);
        assert_true(bytes <= capacity_bytes);
        used += bytes;
    } while (bytes > 0);
    text[used] = '\0';
    return text;
}

/* The bytes do not depend on the capacity. */
static void json_in_parts(void **state) {
    static const size_t capacities[] = {TI_PROPAGATION_JSON_BYTES, 8193, 20000, 100000};
    struct ti_propagation *stack =
        begun("scheme=he_normal,torch.nn.init.xavier_uniform_&seed=1,2&depth=30&width=8");
    (void)state;
    run(stack, 1e12);
    char *all = json_of(stack, 500000);
    for (size_t i = 0; i < COUNT_OF(capacities); i++) {
        char *text = json_of(stack, capacities[i]);
        assert_string_equal(text, all);
        free(text);
    }
    free(all);
    ti_propagation_free(stack);
}

/* tests/daemon/propagation has all numbers; here are those that JSON cannot have. */
static void json(void **state) {
    struct ti_propagation *stack =
        begun("scheme=normal&std=1e200&dtype=f64&depth=3&width=8"
              "&activation=leaky_relu&negative_slope=-0.5");
    (void)state;
    run(stack, 1e12);
    char *text = json_of(stack, 10000);
    assert_memory_equal(text + strlen(text) - 4, "]\n}\n", 4);
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "nan"));
    has_number(text, "negative_slope", -0.5, 1);
    has_number(text, "std", 1e200, 1);
    const struct ti_propagation_layer *layers = ti_propagation_layers(stack, 0);
    has_number(text, "activation_mean", layers[0].activation.mean, 1);
    has_number(text, "saturated_share", 0, 3);
    assert_false(layers[2].activation.second_moment < 1e308);
    assert_null(strstr(text, ", ,"));
    assert_null(strstr(text, "{,"));
    free(text);
    ti_propagation_free(stack);
}

static void parameters_of_weights(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_param_count(); i++) {
        static const char *const others[] = {"shape", "name",   "permute", "slice",
                                             "shard", "format", "json",    "metadata"};
        bool is_other = false;
        for (size_t k = 0; k < COUNT_OF(others); k++)
            is_other |= strcmp(ti_param_get(i)->name, others[k]) == 0;
        assert_row(ti_stack_takes(i) == !is_other, ti_param_get(i)->name);
    }
    assert_false(ti_stack_takes(ti_param_count()));
}

/* Those of the stack are known as well; empty pairs are nothing, as in other queries. */
static void unknown_parameters(void **state) {
    static const struct {
        const char *query, *text;
    } rows[] = {
        {"activaton=tanh", "did you mean 'activation'?"},
        {"Scheme=zeros", "did you mean 'scheme'?"},
        {"truncate=2", "did you mean 'truncation=2'?"},
        {"device=cuda", "a service has no such thing"},
        {"dpeth=3", "unknown parameter 'dpeth'; did you mean 'depth'?"},
        {"x=1&sead=3",
         "those of the scheme. Also: unknown parameter 'sead'; did you mean "},
        {"x=1", "parameters are: scheme, seed, activation, negative_slope, depth, "}};
    struct ti_error error;
    struct ti_propagation *stack = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *query = rows[i].query;
        const enum ti_status status =
            ti_propagation_make(query, strlen(query), &stack, &error);
        assert_row(status == TI_EPARAM && strstr(error.text, rows[i].text), error.text);
    }
    ti_propagation_free(begun("&&width=8&"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_any),
        cmocka_unit_test(says_what_it_is),
        cmocka_unit_test(json),
        cmocka_unit_test(json_in_parts),
        cmocka_unit_test(parameters_of_weights),
        cmocka_unit_test(unknown_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
