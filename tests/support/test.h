/* SPDX-License-Identifier: MIT */
/*
 * What every cmocka test of the core includes: cmocka with the headers that it wants before
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

/* cmocka compares integers and says which differ; a row of a table wants its text as well. */
#define assert_row(condition, row)                                                       \
    do {                                                                                 \
        if (!(condition)) fail_msg("%s: %s", (row), #condition);                         \
    } while (0)

/* The status of planning a query; on TI_OK the plan is the caller's. */
enum ti_status test_plan_try(const char *query, struct ti_plan **plan,
                             struct ti_error *error);

/* A plan; the test fails if there is none. The caller ends it with ti_plan_free(). */
struct ti_plan *test_plan(const char *query);

/* The least request that a scheme takes, without 'scheme': shapes of 180 elements. */
const char *test_least_query(const char *scheme);

/* The test fails unless the query is refused with this code and field. */
void test_refused(const char *query, enum ti_status code, const char *field);

#endif
