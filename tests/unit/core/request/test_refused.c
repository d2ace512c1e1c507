/* SPDX-License-Identifier: MIT */
/*
 * Strict reading: ti_spec_set_query() refuses what docs/SPEC.md calls an error. Rows are
 * "query TAB field", the field * for any. With an argument it checks that file instead,
 * for tests/bits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

static const char *only_path;

static void check_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0, rows = 0;
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        char *field = strchr(line, '\t');
        struct ti_error error = {TI_OK, "", ""};
        struct ti_spec *spec;
        struct ti_plan *plan = NULL;
        struct ti_body *body = NULL;
        assert_non_null(field);
        *field++ = '\0';
        field[strcspn(field, "\n")] = '\0';
        assert_int_equal(ti_spec_make(&spec), TI_OK);
        enum ti_status status = ti_spec_set_query(spec, line, strlen(line), &error);
        if (status == TI_OK) status = ti_plan_make(spec, &plan, &error);
        if (status == TI_OK) status = ti_body_make(plan, &body, &error);
        if (status == TI_OK) fail_msg("%s is accepted", line);
        if (strcmp(field, "*") != 0 && strcmp(field, error.field) != 0) {
            fail_msg("%s: field %s instead of %s", line, error.field, field);
        }
        ti_body_free(body);
        ti_plan_free(plan);
        ti_spec_free(spec);
        rows++;
    }
    free(line);
    fclose(file);
    printf("%s: %zu rows\n", path, rows);
    assert_true(rows > 0);
}

static void refused(void **state) {
    static const char *const paths[] = {"docs/refused.tsv",
                                        "docs/frameworks_refused.tsv"};
    (void)state;
    if (only_path) {
        check_file(only_path);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(paths); i++) check_file(paths[i]);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused)};
    only_path = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
