/* SPDX-License-Identifier: MIT */
/* server/documents/json_query: parameters as JSON become a query. */
#include <stdlib.h>

#include "server/documents/json_query.h"
#include "support/test.h"

static void queries(void **state) {
    static const struct {
        const char *json, *query;
    } rows[] = {
        {"{}", ""},
        {"{\"shape\": [512, 784], \"transposed\": true}",
         "shape=512%2C784&transposed=true"},
        {"{\"shape\":\"2,3\",\"seed\":-5}", "shape=2%2C3&seed=-5"},
        {"{\"a\": [\"x y\", 1], \"b\": []}", "a=x%20y%2C1&b=%5B%5D"},
        {"{\"std\": 0.1, \"mean\": -1e-300, \"low\": 1e23}",
         "std=0.1&mean=-1e-300&low=1e23"},
        {"{\"seed\": 9223372036854775807}", "seed=9223372036854775807"},
        {"{\"name\": \"\\u00e9&=%+\\n\"}", "name=%C3%A9%26%3D%25%2B%0A"},
        {"{\"a&b\": \"~-._\"}", "a%26b=~-._"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_buffer buffer = {0};
        struct ti_error error;
        tid_buffer_add(&buffer, "", 0);
        assert_int_equal(
            tid_json_query(rows[i].json, strlen(rows[i].json), &buffer, &error), TI_OK);
        char *query = tid_buffer_take(&buffer);
        assert_string_equal(query, rows[i].query);
        free(query);
    }
}

/* Parameters go behind those that are there. */
static void appends(void **state) {
    struct tid_buffer buffer = {0};
    struct ti_error error;
    (void)state;
    tid_buffer_add(&buffer, "a=1", 3);
    assert_int_equal(tid_json_query("{\"b\":2}", 7, &buffer, &error), TI_OK);
    char *query = tid_buffer_take(&buffer);
    assert_string_equal(query, "a=1&b=2");
    free(query);
}

static void errors(void **state) {
    static const struct {
        const char *json;
        enum ti_status status;
        const char *field;
    } rows[] = {
        {"", TI_EVALUE, ""},
        {"[]", TI_EVALUE, ""},
        {"3", TI_EVALUE, ""},
        {"{\"a\": 1", TI_EVALUE, ""},
        {"{\"a\": 1} x", TI_EVALUE, ""},
        {"{\"a\": NaN}", TI_EVALUE, ""},
        {"{\"a\": 1e999}", TI_EVALUE, ""},
        {"{\"a\": 9223372036854775808}", TI_EVALUE, ""},
        {"{\"a\": \"\xff\"}", TI_EVALUE, ""},
        {"{\"a\": 1, \"a\": 1}", TI_EDUPLICATE, ""},
        {"{\"a_b\": null}", TI_EVALUE, "a_b"},
        {"{\"a\": {}}", TI_EVALUE, "a"},
        {"{\"a\": [[1]]}", TI_EVALUE, "a"},
        {"{\"a\": [true]}", TI_EVALUE, "a"},
        {"{\"A\\n\": null}", TI_EVALUE, ""},
        {"{\"name\": []}", TI_EVALUE, "name"},
        {"{\"name\": [\"a\"]}", TI_EVALUE, "name"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_buffer buffer = {0};
        struct ti_error error = {0};
        const size_t bytes = strlen(rows[i].json);
        assert_row(tid_json_query(rows[i].json, bytes, &buffer, &error) == rows[i].status,
                   rows[i].json);
        assert_int_equal(error.code, rows[i].status);
        assert_string_equal(error.field, rows[i].field);
        assert_row(error.text[0] != '\0', rows[i].json);
        free(tid_buffer_take(&buffer));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),
        cmocka_unit_test(appends),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
