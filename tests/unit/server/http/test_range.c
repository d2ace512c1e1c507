/* SPDX-License-Identifier: MIT */
/*
 * server/http/range: which bytes a Range field asks for. Rows with a section have their
 * facts, most of them the very example, from RFC 9110.
 */
#include <stdio.h>

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

    /* Section 15.3.7.2: sets that are one range, because ranges overlap or adjoin ... */
    {"bytes=500-600,601-999", 10000, PART, 500, 999},
    {"bytes=500-700,601-999", 10000, PART, 500, 999},
    {"bytes=601-999,500-600", 10000, PART, 500, 999},
    {"bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", 10000, PART, 0, 9999},
    {"bytes=0-9,20-29,10-19", 10000, PART, 0, 29},
    /* ... or because only one is satisfiable (section 14.1.2); or none is. */
    {"bytes=20000-,5-6", 10000, PART, 5, 6},
    {"bytes=5-6,-0,10000-10001", 10000, PART, 5, 6},
    {"bytes=20000-,-0", 10000, UNSATISFIABLE, 0, 0},
    {"bytes=0-0,-1", 0, WHOLE, 0, 0},

    /* Section 5.6.1.2: empty elements of a list count as nothing. */
    {"bytes=,, 5-6 , ,", 10000, PART, 5, 6},
    {"bytes=, ,", 10000, WHOLE, 0, 0},

    /* One invalid range makes the set invalid (sections 14.1.1 and 14.2). */
    {"bytes=0-1,b-c", 10000, WHOLE, 0, 0},
    {"bytes=0-1,5-4", 10000, WHOLE, 0, 0},
    {"bytes=0-1;4-5", 10000, WHOLE, 0, 0},
    {"bytes=0-1 4-5", 10000, WHOLE, 0, 0},
    {"bytes=0-1,bytes=4-5", 10000, WHOLE, 0, 0},

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

static void single(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_ranges ranges;
        tid_ranges_parse(rows[i].value, rows[i].total, &ranges);
        const struct tid_range range = ranges.list[0];
        assert_row(ranges.kind == rows[i].kind, rows[i].value);
        assert_row(ranges.count == 1, rows[i].value);
        if (ranges.kind == PART) {
            assert_row(range.first == rows[i].first, rows[i].value);
            assert_row(range.count_bytes == rows[i].last - rows[i].first + 1,
                       rows[i].value);
        } else {
            assert_row(range.first == 0, rows[i].value);
            assert_row(range.count_bytes == (ranges.kind == WHOLE ? rows[i].total : 0),
                       rows[i].value);
        }
    }
}

/* Section 15.3.7.2: the order is that of the field. The first two are from 14.1.2. */
static void several(void **state) {
    static const struct {
        const char *value;
        unsigned count;
        uint64_t firsts[4], lasts[4];
    } sets[] = {
        {"bytes= 0-999, 4500-5499, -1000", 3, {0, 4500, 9000}, {999, 5499, 9999}},
        {"bytes=0-0,-1", 2, {0, 9999}, {0, 9999}},
        {"bytes=-1,0-0", 2, {9999, 0}, {9999, 0}},
        {"bytes=0-1,5-6,20000-,2-3", 2, {0, 5}, {3, 6}},
        {"bytes=10-19,40-49,0-4,30-39", 3, {10, 30, 0}, {19, 49, 4}},
        {"bytes=0-1,3-4,6-7,9-9,3-6", 3, {0, 3, 9}, {1, 7, 9}},
        {"bytes=0-1,18446744073709551616-,9990-18446744073709551616",
         2,
         {0, 9990},
         {1, 9999}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        struct tid_ranges ranges;
        tid_ranges_parse(sets[i].value, 10000, &ranges);
        assert_row(ranges.kind == PART && ranges.count == sets[i].count, sets[i].value);
        for (unsigned k = 0; k < ranges.count; k++) {
            const struct tid_range range = ranges.list[k];
            assert_row(range.first == sets[i].firsts[k], sets[i].value);
            assert_row(range.first + range.count_bytes - 1 == sets[i].lasts[k],
                       sets[i].value);
        }
    }
}

/* Section 14.2: a set of many ranges may be ignored. */
static void many(void **state) {
    char value[256] = "bytes=";
    struct tid_ranges ranges;
    (void)state;
    for (unsigned i = 0; i < TID_RANGES_MAX; i++)
        sprintf(value + strlen(value), "%u-%u,", 2 * i, 2 * i);
    tid_ranges_parse(value, 10000, &ranges);
    assert_int_equal(ranges.kind, PART);
    assert_int_equal(ranges.count, TID_RANGES_MAX);
    sprintf(value + strlen(value), "9999-");
    tid_ranges_parse(value, 10000, &ranges);
    assert_int_equal(ranges.kind, WHOLE);
    assert_int_equal(ranges.count, 1);
}

static void no_field(void **state) {
    struct tid_ranges ranges;
    (void)state;
    tid_ranges_parse(NULL, 10000, &ranges);
    assert_int_equal(ranges.kind, WHOLE);
    assert_int_equal(ranges.count, 1);
    assert_int_equal(ranges.list[0].first, 0);
    assert_int_equal(ranges.list[0].count_bytes, 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single),
        cmocka_unit_test(several),
        cmocka_unit_test(many),
        cmocka_unit_test(no_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
