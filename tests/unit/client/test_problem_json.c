/* SPDX-License-Identifier: MIT */
/* Problem documents become errors. */
#include "support/test.h"

#include "client/problem_json.h"

static void reads_problems(void **state) {
    (void)state;
    static const struct {
        int http;
        const char *body;
        enum ti_status code;
        const char *field, *text;
    } rows[] = {
        {400,
         "{\"title\":\"required parameter missing\",\"detail\":\"d\","
         "\"field\":\"shape\"}",
         TI_EMISSING, "shape", "d"},
        {500, "{\"title\":\"required parameter missing\"}", TI_ESERVER, "",
         "required parameter missing"},
        {200, "{\"title\":\"no error\"}", TI_ESERVER, "", "no error"},
        {416, "{\"title\":\"x\"}", TI_ERANGE, "", "x"},
        {400, "{\"title\":1,\"detail\":[],\"field\":{}}", TI_ESERVER, "",
         "the server responded with HTTP status 400"},
        {400, "[\"title\"]", TI_ESERVER, "", "the server responded with HTTP status 400"},
        {400, "{\"detail\":\"a\\nb\"", TI_ESERVER, "",
         "the server responded with HTTP status 400"},
        {400,
         "{\"detail\":\"a\\nb\",\"field\":\"abcdefghijklmnopqrstuvwxyzabcdefghijkl\"}",
         TI_ESERVER, "abcdefghijklmnopqrstuvwxyzabcde", "a?b"},
        {503, "", TI_ESERVER, "", "the server responded with HTTP status 503"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_error error;
        const char *body = rows[i].body;
        assert_int_equal(tic_problem(rows[i].http, body, strlen(body), &error),
                         rows[i].code);
        assert_int_equal(error.code, rows[i].code);
        assert_string_equal(error.field, rows[i].field);
        assert_string_equal(error.text, rows[i].text);
        assert_int_equal(tic_problem(rows[i].http, body, strlen(body), NULL),
                         rows[i].code);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
