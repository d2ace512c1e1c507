/* SPDX-License-Identifier: MIT */
/*
 * Included by every cmocka test of the core: cmocka with the headers that must precede
 * it, and requests as queries.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Like assert_true(), but the failure shows 'row', the text of a table's row. */
#define assert_row(condition, row)                                                       \
    do {                                                                                 \
        if (!(condition)) fail_msg("%s: %s", (row), #condition);                         \
    } while (0)

/* The status of planning a query; on TI_OK the plan is the caller's. */
enum ti_status test_plan_try(const char *query, struct ti_plan **plan,
                             struct ti_error *error);

/* A plan; the test fails if there is none. The caller frees it with ti_plan_free(). */
struct ti_plan *test_plan(const char *query);

/* A minimal valid request for a scheme, without 'scheme'; its shape has 180 elements. */
const char *test_minimal_query(const char *scheme);

/* The test fails unless the query is refused with this code and field. */
void test_refused(const char *query, enum ti_status code, const char *field);

#endif
