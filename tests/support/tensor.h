/* SPDX-License-Identifier: MIT */
/* Tensors for tests, with the factorization and the workspace that they need. */
#ifndef TEST_TENSOR_H
#define TEST_TENSOR_H

#include "support/test.h"

/* A plan with its complete factorization and a workspace. */
struct test_tensor {
    struct ti_plan *plan;
    struct ti_factor *factor;
    const struct ti_plan_info *info;
    void *workspace;
};

/* The test fails if the query is refused. Clear it with test_tensor_clear(). */
struct test_tensor test_tensor(const char *query);
void test_tensor_clear(struct test_tensor *tensor);

/* All bytes of the tensor, or of a query's; the caller's to free(). */
unsigned char *test_tensor_bytes(const struct test_tensor *tensor);
unsigned char *test_body(const char *query);

/* Writes all elements of a plan to 'out'; makes and frees the factorization that it
   needs. */
void test_fill_all(struct ti_plan *plan, void *out);

#endif
