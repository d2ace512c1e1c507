/* SPDX-License-Identifier: MIT */
/* Whole tensors for tests, with a setup and a workspace where they need one. */
#ifndef TEST_TENSOR_H
#define TEST_TENSOR_H

#include "support/test.h"

/* A plan with its setup, complete, and a workspace of its own. */
struct test_tensor {
    struct ti_plan *plan;
    struct ti_factor *factor;
    const struct ti_plan_info *info;
    void *workspace;
};

/* The test fails if the query is refused. End it with test_tensor_clear(). */
struct test_tensor test_tensor(const char *query);
void test_tensor_clear(struct test_tensor *tensor);

/* All bytes that the tensor, or the query, serves; the caller's to free(). */
unsigned char *test_tensor_bytes(const struct test_tensor *tensor);
unsigned char *test_body(const char *query);

/* Writes all that a plan of the caller's serves to 'out', with a setup of its own. */
void test_fill_all(struct ti_plan *plan, void *out);

#endif
