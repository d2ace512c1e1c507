/* SPDX-License-Identifier: MIT */
/* Alternatives in braces. */
#include "support/test.h"

#include "core/model/braces.h"

static struct ti_braces parse(const char *text) {
    struct ti_braces braces;
    struct ti_error error;
    if (ti_braces_parse(text, false, "tensor", &braces, &error) != TI_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    return braces;
}

static void refuse(const char *text, const char *why) {
    struct ti_braces braces;
    struct ti_error error;
    assert_row(ti_braces_parse(text, false, "tensor", &braces, &error) == TI_EVALUE,
               text);
    assert_row(strstr(error.text, why), text);
}

/* The text of these choices. */
static void expect(const char *text, const uint64_t *choices, const char *expected) {
    char out[64];
    struct ti_braces braces = parse(text);
    assert_int_equal(ti_braces_write(&braces, choices, out, sizeof out),
                     strlen(expected));
    assert_string_equal(out, expected);
    ti_braces_clear(&braces);
}

static void texts(void **state) {
    (void)state;
    expect("a.b", (uint64_t[]){0}, "a.b");
    expect("h.{0..11}.{q,k,v}.w", (uint64_t[]){0, 0}, "h.0.q.w");
    expect("h.{0..11}.{q,k,v}.w", (uint64_t[]){11, 2}, "h.11.v.w");
    expect("{7..9}", (uint64_t[]){2}, "9");
    expect("{a,}x", (uint64_t[]){1}, "x");
    expect("{,,b}", (uint64_t[]){2}, "b");
    expect("{18446744073709551613..18446744073709551614}", (uint64_t[]){1},
           "18446744073709551614");
}

static void a_literal_text_has_no_braces(void **state) {
    struct ti_braces braces;
    char out[16];
    (void)state;
    assert_int_equal(ti_braces_parse("a{b", true, "tensor", &braces, NULL), TI_OK);
    assert_int_equal(ti_braces_total(&braces, 10), 1);
    assert_int_equal(ti_braces_write(&braces, NULL, out, sizeof out), 3);
    assert_string_equal(out, "a{b");
    ti_braces_clear(&braces);
}

static void totals(void **state) {
    static const struct {
        const char *text;
        uint64_t max, total;
    } rows[] = {
        {"a", 1, 1},
        {"{0..31}.{q,k,v,o}", 128, 128},
        {"{0..31}.{q,k,v,o}", 127, UINT64_MAX},
        {"{0..999999}", 1000000, 1000000},
        /* the product is 2^64, and 0 in 64 bits */
        {"{0..4294967295}{0..4294967295}", 1000000, UINT64_MAX},
        {"{0..18446744073709551614}", 1000000, UINT64_MAX},
        {"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
         1000000, 65536},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_braces braces = parse(rows[i].text);
        assert_row(ti_braces_total(&braces, rows[i].max) == rows[i].total, rows[i].text);
        ti_braces_clear(&braces);
    }
}

static void refused_texts(void **state) {
    (void)state;
    refuse("a{b", "in pairs");
    refuse("a}b", "in pairs");
    refuse("a{b{c,d}}", "in pairs");
    refuse("{}", "alternatives");
    refuse("{l}", "alternatives");
    refuse("{3..1}", "smaller one first");
    refuse("{00..11}", "leading zeros");
    refuse("{0..}", "smaller one first");
    refuse("{0...3}", "smaller one first");
    refuse("{0..3,7}", "alone in its braces");
    refuse("{a..c}", "two numbers");
    refuse("{0..18446744073709551615}", "two numbers");
    refuse(
        "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
        "{a,b}",
        "at most 16");
    refuse("\xff", "UTF-8");
}

static void what_does_not_fit(void **state) {
    char out[5];
    struct ti_braces braces = parse("ab{cd,e}");
    (void)state;
    assert_int_equal(ti_braces_write(&braces, (uint64_t[]){0}, out, sizeof out), 4);
    assert_int_equal(ti_braces_write(&braces, (uint64_t[]){0}, out, 4), SIZE_MAX);
    assert_int_equal(ti_braces_write(&braces, (uint64_t[]){1}, out, 4), 3);
    ti_braces_clear(&braces);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(a_literal_text_has_no_braces),
        cmocka_unit_test(totals),
        cmocka_unit_test(refused_texts),
        cmocka_unit_test(what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
