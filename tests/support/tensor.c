/* SPDX-License-Identifier: MIT */
/* Tensors for tests: see tensor.h. */
#include "support/tensor.h"

#include <stdlib.h>

static struct test_tensor of_plan(struct ti_plan *plan) {
    struct test_tensor tensor = {.plan = plan};
    tensor.info = ti_plan_info(tensor.plan);
    assert_int_equal(ti_factor_make(tensor.plan, &tensor.factor, NULL), TI_OK);
    ti_factor_run_all(tensor.factor);
    assert_int_equal(ti_plan_use(tensor.plan, tensor.factor), TI_OK);
    assert_int_equal(ti_workspace_make(tensor.plan, &tensor.workspace, NULL), TI_OK);
    return tensor;
}

struct test_tensor test_tensor(const char *query) {
    return of_plan(test_plan(query));
}

static void clear_factor(struct test_tensor *tensor) {
    assert_int_equal(ti_plan_use(tensor->plan, NULL), TI_OK);
    ti_factor_free(tensor->factor);
    ti_workspace_free(tensor->workspace);
}

void test_tensor_clear(struct test_tensor *tensor) {
    clear_factor(tensor);
    ti_plan_free(tensor->plan);
}

static void fill(const struct test_tensor *tensor, void *out) {
    assert_int_equal(
        ti_plan_fill(tensor->plan, 0, tensor->info->elems, out, tensor->workspace),
        TI_OK);
}

void test_fill_all(struct ti_plan *plan, void *out) {
    struct test_tensor tensor = of_plan(plan);
    fill(&tensor, out);
    clear_factor(&tensor);
}

unsigned char *test_tensor_bytes(const struct test_tensor *tensor) {
    unsigned char *out = malloc(tensor->info->body_bytes + 1);
    assert_non_null(out);
    fill(tensor, out);
    return out;
}

unsigned char *test_body(const char *query) {
    struct test_tensor tensor = test_tensor(query);
    unsigned char *out = test_tensor_bytes(&tensor);
    test_tensor_clear(&tensor);
    return out;
}
