/* SPDX-License-Identifier: MIT */
/* server/http/digits: text of integers. */
#include <stdio.h>

#include "server/http/digits.h"
#include "support/test.h"

static void decimal(void **state) {
    static const uint64_t values[] = {0, 9, 10, 99, 100, 4294967296, UINT64_MAX};
    char text[TID_DIGITS_BYTES], expected[TID_DIGITS_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)values[i]);
        assert_int_equal(tid_digits_u64(values[i], text), strlen(expected));
        assert_string_equal(text, expected);
    }
}

static void hexadecimal(void **state) {
    char text[TID_DIGITS_BYTES];
    (void)state;
    assert_int_equal(tid_digits_hex(0, text), 18);
    assert_string_equal(text, "0x0000000000000000");
    tid_digits_hex(UINT64_C(0x90200a62a6c8aa63), text);
    assert_string_equal(text, "0x90200a62a6c8aa63");
    tid_digits_hex(UINT64_MAX, text);
    assert_string_equal(text, "0xffffffffffffffff");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal),
        cmocka_unit_test(hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
