/* SPDX-License-Identifier: MIT */
/* Status codes, their texts, and filling an error object. */
#include "core/base/error.h"
#include "support/test.h"

static const struct {
    enum ti_status code;
    const char *name;
    int http, exit_code;
} rows[] = {
    {TI_OK, "OK", 200, 0},
    {TI_ENOMEM, "ENOMEM", 503, 71},
    {TI_EPARAM, "EPARAM", 400, 64},
    {TI_EDUPLICATE, "EDUPLICATE", 400, 64},
    {TI_EVALUE, "EVALUE", 400, 64},
    {TI_EMISSING, "EMISSING", 400, 64},
    {TI_EINAPPLICABLE, "EINAPPLICABLE", 400, 64},
    {TI_ETOOLARGE, "ETOOLARGE", 400, 64},
    {TI_ERANGE, "ERANGE", 416, 65},
    {TI_EISA, "EISA", 500, 69},
    {TI_EFACTOR, "EFACTOR", 500, 70},
};

static void texts(void **state) {
    (void)state;
    assert_int_equal(TI_OK, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_string_equal(ti_status_name(rows[i].code), rows[i].name);
        assert_int_equal(ti_status_http(rows[i].code), rows[i].http);
        assert_int_equal(ti_status_exit_code(rows[i].code), rows[i].exit_code);
    }
}

/* Every code has a title without a full stop; a failure is neither success to a shell nor
   to HTTP. */
static void all_codes(void **state) {
    static const char *const names[] = {
#define TI_STATUS(name, http, exit_code, title) #name,
#include <tensorinit/status.def>
#undef TI_STATUS
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const enum ti_status code = (enum ti_status)i;
        const char *title = ti_status_title(code);
        assert_string_equal(ti_status_name(code), names[i]);
        assert_true(*title != '\0' && title[strlen(title) - 1] != '.');
        assert_true((ti_status_exit_code(code) == 0) == (code == TI_OK));
        assert_true((ti_status_http(code) < 400) == (code == TI_OK));
    }
}

static void unknown_code(void **state) {
    (void)state;
    static const int codes[] = {99, -1, 1000000};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        const enum ti_status code = (enum ti_status)codes[i];
        assert_string_equal(ti_status_name(code), "?");
        assert_string_equal(ti_status_title(code), "unknown error");
        assert_int_equal(ti_status_http(code), 500);
        assert_true(ti_status_exit_code(code) != 0);
    }
}

static void error_object(void **state) {
    struct ti_error error;
    (void)state;
    assert_int_equal(ti_error_set(NULL, TI_EVALUE, "std", "text"), TI_EVALUE);
    assert_int_equal(ti_error_set(&error, TI_EVALUE, "std", "%d of %s", 3, "x"),
                     TI_EVALUE);
    assert_int_equal(error.code, TI_EVALUE);
    assert_string_equal(error.field, "std");
    assert_string_equal(error.text, "3 of x");
    assert_int_equal(ti_error_set(&error, TI_EISA, NULL, "text"), TI_EISA);
    assert_string_equal(error.field, "");
    assert_int_equal(ti_error_nomem(&error), TI_ENOMEM);
    assert_string_equal(error.field, "");
    assert_int_equal(ti_error_nomem(NULL), TI_ENOMEM);
}

/* Bytes that are not printable ASCII must not reach a log, a header or a terminal. */
static void error_text_is_ascii(void **state) {
    struct ti_error error;
    (void)state;
    for (int c = 1; c < 256; c++) {
        const char text[] = {'a', (char)c, 'z', '\0'};
        ti_error_set(&error, TI_EVALUE, text, "%s", text);
        const char expected[] = {'a', c >= 0x20 && c < 0x7f ? (char)c : '?', 'z', '\0'};
        assert_string_equal(error.text, expected);
        assert_string_equal(error.field, expected);
    }
}

static void error_text_is_cut(void **state) {
    char longer[2000];
    struct ti_error error;
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ti_error_set(&error, TI_EVALUE, longer, "%s", longer);
    assert_int_equal(strlen(error.field), TI_ERROR_FIELD_BYTES - 1);
    assert_int_equal(strlen(error.text), TI_ERROR_TEXT_BYTES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(all_codes),
        cmocka_unit_test(unknown_code),
        cmocka_unit_test(error_object),
        cmocka_unit_test(error_text_is_ascii),
        cmocka_unit_test(error_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
