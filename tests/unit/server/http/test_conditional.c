/* SPDX-License-Identifier: MIT */
/*
 * server/http/conditional: If-Match, If-None-Match and If-Range. Tags and lists are those
 * of the examples in RFC 9110 sections 8.8.3 and 13.1.
 */
#include "server/http/conditional.h"
#include "support/test.h"

#define NONE TID_CONDITION_NONE
#define NOT_MODIFIED TID_CONDITION_NOT_MODIFIED
#define FAILED TID_CONDITION_FAILED

static const struct {
    const char *etag, *if_match, *if_none_match;
    enum tid_condition condition;
} rows[] = {
    {"\"xyzzy\"", NULL, NULL, NONE},

    /* Section 13.1.1: If-Match fails unless a tag of the list, or '*', matches. */
    {"\"xyzzy\"", "\"xyzzy\"", NULL, NONE},
    {"\"other\"", "\"xyzzy\"", NULL, FAILED},
    {"\"xyzzy\"", "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NULL, NONE},
    {"\"r2d2xxxx\"", "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NULL, NONE},
    {"\"c3piozzzz\"", "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NULL, NONE},
    {"\"other\"", "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NULL, FAILED},
    {"\"xyzzy\"", "*", NULL, NONE},

    /* Section 13.1.2: If-None-Match is false if a tag of the list, or '*', matches. */
    {"\"xyzzy\"", NULL, "\"xyzzy\"", NOT_MODIFIED},
    {"\"other\"", NULL, "\"xyzzy\"", NONE},
    {"\"xyzzy\"", NULL, "W/\"xyzzy\"", NOT_MODIFIED},
    {"\"other\"", NULL, "W/\"xyzzy\"", NONE},
    {"\"r2d2xxxx\"", NULL, "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NOT_MODIFIED},
    {"\"other\"", NULL, "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", NONE},
    {"\"c3piozzzz\"", NULL, "W/\"xyzzy\", W/\"r2d2xxxx\", W/\"c3piozzzz\"", NOT_MODIFIED},
    {"\"xyzzy\"", NULL, "*", NOT_MODIFIED},

    /* Section 8.8.3.2, the table. Tensors have strong tags, so two of its rows apply. */
    {"\"1\"", "W/\"1\"", NULL, FAILED},
    {"\"1\"", NULL, "W/\"1\"", NOT_MODIFIED},
    {"\"1\"", "\"1\"", NULL, NONE},
    {"\"1\"", NULL, "\"1\"", NOT_MODIFIED},
    {"\"1\"", "W/\"1\", \"1\"", NULL, NONE},

    /* Section 13.2.2: If-Match first; If-None-Match only if that holds. */
    {"\"xyzzy\"", "\"other\"", "\"xyzzy\"", FAILED},
    {"\"xyzzy\"", "\"xyzzy\"", "\"xyzzy\"", NOT_MODIFIED},
    {"\"xyzzy\"", "\"xyzzy\"", "\"other\"", NONE},

    /* Section 8.8.3: a tag may be empty, and contain commas, blanks and backslashes. */
    {"\"\"", "\"\"", NULL, NONE},
    {"\"xyzzy\"", "\"\"", NULL, FAILED},
    {"\"a,b\"", "\"x\", \"a,b\"", NULL, NONE},
    {"\"b\"", "\"a,\"b\"", NULL, FAILED},
    {"\"a\\\"", "\"a\\\"", NULL, NONE},
    {"\"*\"", "\"*\"", NULL, NONE},
    /* What stands behind a tag must be a comma or the end. */
    {"\"1\"", NULL, "\"1\"x", NONE},
    {"\"1\"", NULL, "\"1\" \"2\"", NONE},
    {"\"1\"", "\"1\";q=1", NULL, FAILED},
    {"\"1\"", NULL, "\"1\"\t , x", NOT_MODIFIED},
    /* Tags are case-sensitive, and so is W/. */
    {"\"xyzzy\"", "\"XYZZY\"", NULL, FAILED},
    {"\"xyzzy\"", NULL, "w/\"xyzzy\"", NONE},
    {"\"xyzzy\"", "\"xyzz\"", NULL, FAILED},
    {"\"xyzzy\"", "\"xyzzyx\"", NULL, FAILED},

    /* Section 5.6.1.2: empty elements of a list are ignored. */
    {"\"xyzzy\"", ", ,\"xyzzy\",", NULL, NONE},
    {"\"xyzzy\"", NULL, "\t,\"other\" ,\t\"xyzzy\" ", NOT_MODIFIED},

    /* Not a list of tags. */
    {"\"xyzzy\"", "", NULL, FAILED},
    {"\"xyzzy\"", NULL, "", NONE},
    {"\"xyzzy\"", "xyzzy", NULL, FAILED},
    {"\"xyzzy\"", "\"xyzzy", NULL, FAILED},
    {"\"xyzzy\"", NULL, "W/", NONE},
    {"\"xyzzy\"", NULL, "W/*", NONE},
};

static void conditions(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_request request = {
            .fields = {[TID_FIELD_IF_MATCH] = rows[i].if_match,
                       [TID_FIELD_IF_NONE_MATCH] = rows[i].if_none_match}};
        const enum tid_condition condition =
            tid_condition_evaluate(&request, rows[i].etag);
        if (condition != rows[i].condition)
            fail_msg("row %zu: condition %d, not %d", i, (int)condition,
                     (int)rows[i].condition);
    }
}

static const struct {
    enum tid_method method;
    const char *if_range;
    bool applies;
} range_rows[] = {
    /* Section 14.2: Range is defined for GET only. */
    {TID_METHOD_GET, NULL, true},
    {TID_METHOD_HEAD, NULL, false},
    {TID_METHOD_HEAD, "\"xyzzy\"", false},

    /* Section 13.1.5: one tag, compared strongly, or a date. */
    {TID_METHOD_GET, "\"xyzzy\"", true},
    {TID_METHOD_GET, "\"other\"", false},
    {TID_METHOD_GET, "W/\"xyzzy\"", false},
    {TID_METHOD_GET, "Sat, 29 Oct 1994 19:43:31 GMT", false},
    {TID_METHOD_GET, "*", false},
    {TID_METHOD_GET, "\"xyzzy\", \"r2d2xxxx\"", false},
    {TID_METHOD_GET, "", false},
};

static void if_range(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(range_rows); i++) {
        const struct tid_request request = {
            .method = range_rows[i].method,
            .fields = {[TID_FIELD_IF_RANGE] = range_rows[i].if_range}};
        if (tid_range_applies(&request, "\"xyzzy\"") != range_rows[i].applies)
            fail_msg("row %zu", i);
    }
}

/* Without a tag, '*' matches and nothing else does (sections 13.1.1 and 13.1.2). */
static void untagged(void **state) {
    static const struct {
        const char *match, *none_match;
        enum tid_condition expected;
    } untagged_rows[] = {
        {NULL, NULL, TID_CONDITION_NONE},
        {"*", NULL, TID_CONDITION_NONE},
        {"\"x\"", NULL, TID_CONDITION_FAILED},
        {NULL, "*", TID_CONDITION_NOT_MODIFIED},
        {NULL, "\"x\", W/\"y\"", TID_CONDITION_NONE},
        {"*", "*", TID_CONDITION_NOT_MODIFIED},
        {"\"x\"", "*", TID_CONDITION_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(untagged_rows); i++) {
        const struct tid_request request = {
            .method = TID_METHOD_GET,
            .fields = {[TID_FIELD_IF_MATCH] = untagged_rows[i].match,
                       [TID_FIELD_IF_NONE_MATCH] = untagged_rows[i].none_match}};
        if (tid_condition_evaluate(&request, NULL) != untagged_rows[i].expected)
            fail_msg("row %zu", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untagged),
        cmocka_unit_test(conditions),
        cmocka_unit_test(if_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
