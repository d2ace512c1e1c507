/* SPDX-License-Identifier: MIT */
/* Requests as queries: see test.h. */
#include "support/test.h"

enum ti_status test_plan_try(const char *query, struct ti_plan **plan,
                             struct ti_error *error) {
    struct ti_spec *spec;
    enum ti_status status = ti_spec_make(&spec);
    if (status != TI_OK) return status;
    status = ti_spec_set_query(spec, query, strlen(query), error);
    if (status == TI_OK) status = ti_plan_make(spec, plan, error);
    ti_spec_free(spec);
    return status;
}

struct ti_plan *test_plan(const char *query) {
    struct ti_plan *plan = NULL;
    struct ti_error error;
    if (test_plan_try(query, &plan, &error) != TI_OK) {
        fail_msg("%s: refused, %s: %s", query, error.field, error.text);
    }
    return plan;
}

const char *test_minimal_query(const char *scheme) {
    static const struct {
        const char *scheme, *query;
    } minimal[] = {
        {"constant", "shape=9,4,5&value=3"},
        {"wang_init", "shape=9,4,5&layers=3"},
        {"gpt2_residual", "shape=9,4,5&layers=3"},
        {"megatron_scaled", "shape=9,4,5&layers=3"},
        {"depth_scaled", "shape=9,4,5&layer=3"},
        {"mup", "shape=9,4,5&width_multiplier=3"},
        {"t5", "shape=9,4,5&role=k"},
        {"deepnorm", "shape=9,4,5&layers=3"},
        {"log_uniform", "shape=9,4,5&low=1&high=2"},
        {"rope_inv_freq", "shape=9,4,5&factor=8"},
        {"sinusoidal", "shape=18,10"},
        {"identity", "shape=18,10"},
        {"zero_hadamard", "shape=18,10"},
        {"lstm_forget_bias", "shape=180"},
        {"bilinear", "shape=4,5,3,3"},
        {"stft", "shape=18,1,10"},
        {"sparse", "shape=18,10&sparsity=0.5"},
    };
    for (size_t i = 0; i < COUNT_OF(minimal); i++) {
        if (strcmp(minimal[i].scheme, scheme) == 0) return minimal[i].query;
    }
    return "shape=9,4,5";
}

void test_refused(const char *query, enum ti_status code, const char *field) {
    struct ti_plan *const untouched = (struct ti_plan *)&code, *plan = untouched;
    struct ti_error error = {TI_OK, "none", "none"};
    enum ti_status status = test_plan_try(query, &plan, &error);
    if (status == TI_OK) {
        ti_plan_free(plan);
        fail_msg("%s: accepted, but E%s was expected", query, field);
    }
    if (status != code || error.code != code || strcmp(error.field, field) != 0) {
        fail_msg("%s: %s on '%s' (%s), expected %s on '%s'", query,
                 ti_status_name(status), error.field, error.text, ti_status_name(code),
                 field);
    }
    assert_row(plan == untouched, query);
    assert_row(*error.text != '\0', query);
}
