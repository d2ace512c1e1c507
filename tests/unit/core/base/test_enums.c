/* SPDX-License-Identifier: MIT */
/* Names of enumerators: any number is safe, also one that is none of the enumerators. */
#include "support/test.h"

/* Numbers that are no enumerator of any of the enums. */
static const unsigned others[] = {1000, 0x7fffffff, 0x80000000, 0xffffffff};

static void names(void **state) {
    (void)state;
    for (unsigned i = 0; i < TI_DTYPE_COUNT; i++) {
        assert_true(*ti_dtype_name((enum ti_dtype)i) != '\0');
        assert_true(ti_dtype_bytes((enum ti_dtype)i) > 0);
    }
    for (unsigned i = 0; i < TI_FORMAT_COUNT; i++) {
        assert_true(*ti_format_name((enum ti_format)i) != '\0');
        assert_true(*ti_format_extension((enum ti_format)i) != '\0');
        assert_true(*ti_format_media_type((enum ti_format)i) != '\0');
    }
    assert_string_equal(ti_distribution_name(TI_DISTRIBUTION_ORTHOGONAL), "orthogonal");
}

static void other_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        const enum ti_dtype dtype = (enum ti_dtype)others[i];
        const enum ti_format format = (enum ti_format)others[i];
        assert_string_equal(ti_dtype_name(dtype), "");
        assert_int_equal(ti_dtype_bytes(dtype), 0);
        assert_int_equal(ti_dtype_kind(dtype), TI_DTYPE_KIND_FLOAT);
        assert_null(ti_dtype_float_format(dtype));
        assert_string_equal(ti_format_name(format), "");
        assert_string_equal(ti_format_extension(format), "");
        assert_string_equal(ti_format_media_type(format), "");
        assert_false(ti_format_is_text(format));
        assert_string_equal(ti_distribution_name((enum ti_distribution)others[i]),
                            "unknown");
        assert_string_equal(ti_status_name((enum ti_status)others[i]), "?");
        assert_int_equal(ti_status_http((enum ti_status)others[i]), 500);
        assert_null(ti_param_get(others[i]));
        assert_null(ti_scheme_get(others[i]));
        assert_null(ti_alias_get(others[i]));
        assert_null(ti_word_get(others[i]));
        assert_false(ti_scheme_takes(others[i], 0));
        assert_false(ti_scheme_takes(0, others[i]));
    }
    assert_string_equal(ti_dtype_name(TI_DTYPE_COUNT), "");
    assert_string_equal(ti_format_name(TI_FORMAT_COUNT), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(other_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
