/* SPDX-License-Identifier: MIT */
/* server/number: text of numbers. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/documents/number.h"
#include "support/test.h"

static void whole(void **state) {
    static const uint64_t values[] = {0, 9, 10, 99, 100, 4294967296, UINT64_MAX};
    char text[TID_NUMBER_BYTES], expected[TID_NUMBER_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)values[i]);
        assert_int_equal(tid_number_u64(values[i], text), strlen(expected));
        assert_string_equal(text, expected);
    }
}

static void hexadecimal(void **state) {
    char text[TID_NUMBER_BYTES];
    (void)state;
    assert_int_equal(tid_number_hex(0, text), 18);
    assert_string_equal(text, "0x0000000000000000");
    tid_number_hex(UINT64_C(0x90200a62a6c8aa63), text);
    assert_string_equal(text, "0x90200a62a6c8aa63");
    tid_number_hex(UINT64_MAX, text);
    assert_string_equal(text, "0xffffffffffffffff");
}

static const struct {
    double value;
    const char *text;
    int digits;
} reals[] = {
    {0, "0", 15},
    {-0.0, "-0", 15},
    {1, "1", 15},
    {-0.5, "-0.5", 15},
    {0.1, "0.1", 15},
    {1.0 / 3, "0.3333333333333333", 16},
    {0.1 + 0.2, "0.30000000000000004", 17},
    {1e300, "1e+300", 15},
    {DBL_MAX, "1.7976931348623157e+308", 17},
    {5e-324, "4.94065645841247e-324", 15},
};

static void real(void **state) {
    char text[TID_NUMBER_BYTES];
    int digits;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reals); i++) {
        size_t length = tid_number_real(reals[i].value, text, &digits);
        assert_string_equal(text, reals[i].text);
        assert_int_equal(length, strlen(text));
        assert_int_equal(digits, reals[i].digits);
    }
}

/* What is remembered is what would be computed: twice over many, each reads back. */
static void remembered(void **state) {
    char text[TID_NUMBER_BYTES];
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 1; i < 2000; i++) {
            double value = sqrt(2.0 / i);
            tid_number_real(value, text, NULL);
            assert_true(strtod(text, NULL) == value);
            tid_number_real(value, text, NULL);
            assert_true(strtod(text, NULL) == value);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(real),
        cmocka_unit_test(remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
