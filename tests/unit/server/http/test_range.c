/* SPDX-License-Identifier: MIT */
/*
 * server/http/range: which bytes a Range field asks for. Rows with a section have their
 * facts, most of them the very example, from RFC 9110.
 */
#include "server/http/range.h"
#include "support/test.h"

#define WHOLE TID_RANGE_WHOLE
#define PART TID_RANGE_PART
#define UNSATISFIABLE TID_RANGE_UNSATISFIABLE
#define MAX_TEXT "18446744073709551615"

static const struct {
    const char *value;
    uint64_t total;
    enum tid_range_kind kind;
    uint64_t first, last; /* of a part; positions count from 0 and are inclusive */
} rows[] = {
    /* Section 14.1.2, examples of 10,000 bytes. */
    {"bytes=0-499", 10000, PART, 0, 499},
    {"bytes=500-999", 10000, PART, 500, 999},
    {"bytes=-500", 10000, PART, 9500, 9999},
    {"bytes=9500-", 10000, PART, 9500, 9999},
    {"bytes=0-0", 10000, PART, 0, 0},
    {"bytes=-1", 10000, PART, 9999, 9999},

    /* Section 14.4, examples of 1,234 bytes. */
    {"bytes=0-499", 1234, PART, 0, 499},
    {"bytes=500-999", 1234, PART, 500, 999},
    {"bytes=500-", 1234, PART, 500, 1233},
    {"bytes=-500", 1234, PART, 734, 1233},

    /* Section 14.1.2: a last position beyond the end means the end ... */
    {"bytes=9500-99999", 10000, PART, 9500, 9999},
    {"bytes=0-10000", 10000, PART, 0, 9999},
    {"bytes=0-9999", 10000, PART, 0, 9999},
    {"bytes=9999-9999", 10000, PART, 9999, 9999},
    /* ... and a suffix longer than the representation means all of it. */
    {"bytes=-10000", 10000, PART, 0, 9999},
    {"bytes=-10001", 10000, PART, 0, 9999},
    {"bytes=-5", 0, WHOLE, 0, 0},

    /* Section 14.1.1: an int-range that starts beyond the end, an empty suffix. */
    {"bytes=10000-", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=10000-10001", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=0-0", 0, UNSATISFIABLE, 0, 0},
    {"bytes=0-", 0, UNSATISFIABLE, 0, 0},
    {"bytes=-0", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=-0", 0, UNSATISFIABLE, 0, 0},

    /* Section 14.1.1: invalid, as the last position is less than the first. */
    {"bytes=500-499", 10000, WHOLE, 0, 0},
    {"bytes=20000-10000", 10000, WHOLE, 0, 0},

    /* Section 14.1.2: numbers have no limit. */
    {"bytes=0-18446744073709551614", UINT64_MAX, PART, 0, UINT64_MAX - 1},
    {"bytes=18446744073709551614-", UINT64_MAX, PART, UINT64_MAX - 1, UINT64_MAX - 1},
    {"bytes=0-" MAX_TEXT, 10000, PART, 0, 9999},
    {"bytes=0-18446744073709551616", 10000, PART, 0, 9999},
    {"bytes=0-" MAX_TEXT MAX_TEXT MAX_TEXT, 10000, PART, 0, 9999},
    {"bytes=-18446744073709551617", 10000, PART, 0, 9999},
    {"bytes=18446744073709551616-", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=18446744073709551617-18446744073709551618", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=00000000000000000000000000500-0999", 10000, PART, 500, 999},

    /* Section 14.2: unknown units must be ignored. Section 14.1: case does not matter. */
    {"seconds=1-2", 10000, WHOLE, 0, 0},
    {"exampleunit=1.2-4.3", 10000, WHOLE, 0, 0},
    {"byte=0-499", 10000, WHOLE, 0, 0},
    {"bytesx=0-499", 10000, WHOLE, 0, 0},
    {"Bytes=0-499", 10000, PART, 0, 499},
    {"BYTES=-500", 10000, PART, 9500, 9999},

    /* Section 14.2 allows to ignore a set of ranges; the first two are from 14.1.2. */
    {"bytes= 0-999, 4500-5499, -1000", 10000, WHOLE, 0, 0},
    {"bytes=0-0,-1", 10000, WHOLE, 0, 0},
    {"bytes=500-700,601-999", 10000, WHOLE, 0, 0},

    /* Blanks around a list's element (section 5.6.1), but not within it. */
    {"bytes= 0-499", 10000, PART, 0, 499},
    {"bytes=\t0-499 ", 10000, PART, 0, 499},
    {"bytes=0 -499", 10000, WHOLE, 0, 0},
    {"bytes=0- 499", 10000, WHOLE, 0, 0},
    {"bytes =0-499", 10000, WHOLE, 0, 0},

    /* Not a ranges-specifier (section 14.1.1). */
    {"", 10000, WHOLE, 0, 0},
    {"bytes", 10000, WHOLE, 0, 0},
    {"bytes=", 10000, WHOLE, 0, 0},
    {"bytes=-", 10000, WHOLE, 0, 0},
    {"bytes=5", 10000, WHOLE, 0, 0},
    {"bytes=--5", 10000, WHOLE, 0, 0},
    {"bytes=+0-5", 10000, WHOLE, 0, 0},
    {"bytes=0-5-", 10000, WHOLE, 0, 0},
    {"bytes=a-b", 10000, WHOLE, 0, 0},
    {"bytes=0x0-0x5", 10000, WHOLE, 0, 0},
    {"bytes=1-2x", 10000, WHOLE, 0, 0},
    {"bytes=1.0-2", 10000, WHOLE, 0, 0},
    {"bytes 0-499", 10000, WHOLE, 0, 0},
};

static void ranges(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_range range = tid_range_parse(rows[i].value, rows[i].total);
        assert_row(range.kind == rows[i].kind, rows[i].value);
        if (range.kind == PART) {
            assert_row(range.first == rows[i].first, rows[i].value);
            assert_row(range.count == rows[i].last - rows[i].first + 1, rows[i].value);
        } else if (range.kind == WHOLE) {
            assert_row(range.first == 0, rows[i].value);
            assert_row(range.count == rows[i].total, rows[i].value);
        }
    }
}

static void no_field(void **state) {
    const struct tid_range range = tid_range_parse(NULL, 10000);
    (void)state;
    assert_int_equal(range.kind, WHOLE);
    assert_int_equal(range.first, 0);
    assert_int_equal(range.count, 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(no_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
