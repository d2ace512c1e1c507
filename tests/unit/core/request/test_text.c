/* SPDX-License-Identifier: MIT */
/* core/request/text: numbers, seeds, lists, pairs and UTF-8. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/request/text.h"
#include "support/float_env.h"
#include "support/test.h"

#define U64_MAX UINT64_MAX

static void is(void **state) {
    (void)state;
    assert_true(ti_text_is("abc", 3, "abc"));
    assert_true(ti_text_is("abcd", 3, "abc"));
    assert_false(ti_text_is("abc", 2, "abc"));
    assert_false(ti_text_is("abc", 3, "ab"));
    assert_false(ti_text_is("aBc", 3, "abc"));
    assert_true(ti_text_is("", 0, ""));
}

struct integer {
    const char *text;
    bool good;
    uint64_t value;
};

static const struct integer u64_rows[] = {
    {"0", true, 0},
    {"007", true, 7},
    {"18446744073709551615", true, U64_MAX},
    {"0000018446744073709551615", true, U64_MAX},
    {"18446744073709551616", false, 0},
    {"18446744073709551620", false, 0},
    {"99999999999999999999", false, 0},
    {"184467440737095516150", false, 0},
    {"", false, 0},
    {"+1", false, 0},
    {"-1", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"1e3", false, 0},
    {"0x10", false, 0},
    {"1.", false, 0},
    {"/", false, 0}, /* the characters next to the digits */
    {":", false, 0},
};

static const struct integer seed_rows[] = {
    {"0", true, 0},
    {"42", true, 42},
    {"18446744073709551615", true, U64_MAX},
    {"18446744073709551616", false, 0},
    {"-0", true, 0},
    {"-1", true, U64_MAX},
    {"-9223372036854775808", true, (uint64_t)1 << 63},
    {"-9223372036854775809", false, 0},
    {"-18446744073709551615", false, 0},
    {"0x0", true, 0},
    {"0xff", true, 255},
    {"0XfF", true, 255},
    {"0xffffffffffffffff", true, U64_MAX},
    {"0x0123456789abcdef", true, 0x0123456789abcdef},
    {"0x00000000000000000", false, 0}, /* 17 digits */
    {"0x", false, 0},
    {"0xg", false, 0},
    {"x1", false, 0},
    {"-0x1", false, 0},
    {"+1", false, 0},
    {"-", false, 0},
    {"--1", false, 0},
    {"", false, 0},
    {"1.0", false, 0},
    {" 1", false, 0},
};

static void check_integers(const struct integer *rows, size_t count,
                           bool (*read)(const char *, size_t, uint64_t *)) {
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 4711;
        assert_row(read(rows[i].text, strlen(rows[i].text), &value) == rows[i].good,
                   rows[i].text);
        assert_row(value == (rows[i].good ? rows[i].value : 4711), rows[i].text);
    }
}

static void u64(void **state) {
    (void)state;
    check_integers(u64_rows, COUNT_OF(u64_rows), ti_text_u64);
    uint64_t value = 4711;
    assert_true(ti_text_u64("123", 2, &value)); /* the length counts, not a NUL */
    assert_int_equal(value, 12);
    assert_false(ti_text_u64("1\0", 2, &value));
}

static void seed(void **state) {
    (void)state;
    check_integers(seed_rows, COUNT_OF(seed_rows), ti_text_seed);
}

static const struct {
    const char *text;
    double value;
} numbers[] = {
    {"0", 0},
    {"1", 1},
    {"+1", 1},
    {"-1.5e-3", -0.0015},
    {"1.", 1},
    {".5", 0.5},
    {"-.5", -0.5},
    {"1e0", 1},
    {"1E+2", 100},
    {"1e-2", 0.01},
    {"000000000000000000000000000000001", 1},
    {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
    {"2.2250738585072014e-308", 0x1p-1022},
    {"4.9406564584124654e-324", 0x1p-1074},
    {"1e-400", 0}, /* rounds to 0: valid */
    /* correct rounding: halfway cases to even, and a digit far out that decides */
    {"9007199254740993", 9007199254740992},
    {"9007199254740993.0000000000000000000000000001", 9007199254740994},
    {"9007199254740995", 9007199254740996},
    {"0.1", 0x1.999999999999ap-4},
    {"0.3", 0x1.3333333333333p-2},
    {"1.1125369292536007e-308", 0x1.0000000000000p-1023},
    {"1.7976931348623158079e308", 0x1.fffffffffffffp1023},
    {"2.4703282292062327208e-324", 0}, /* slightly below half of the smallest */
    {"2.4703282292062327209e-324", 0x1p-1074},
};

static const char *const no_numbers[] = {
    "",
    "+",
    "-",
    ".",
    "e1",
    "1e",
    "1e+",
    "1e-",
    ".e1",
    "+.",
    "--1",
    "+-1",
    " 1",
    "1 ",
    "1,5",
    "1_000",
    "0x10",
    "0x1p3",
    "1p3",
    "inf",
    "-inf",
    "nan",
    "NaN",
    "1f",
    "1e1.5",
    "1..2",
    "infinity",
    "1e400",
    "1.7976931348623158080e308", /* rounds to infinity: halfway to 2^1024 and over */
    "-1e999999999999",
};

static void check_numbers(const char *when) {
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const char *text = numbers[i].text;
        double value = 4711;
        assert_row(ti_text_number(text, strlen(text), &value), text);
        if (memcmp(&value, &numbers[i].value, sizeof value) != 0) {
            fail_msg("%s, %s: %a, not %a", when, text, value, numbers[i].value);
        }
    }
    for (size_t i = 0; i < COUNT_OF(no_numbers); i++) {
        double value = 4711;
        assert_row(!ti_text_number(no_numbers[i], strlen(no_numbers[i]), &value),
                   no_numbers[i]);
        assert_row(value == 4711, no_numbers[i]);
    }
}

static void number(void **state) {
    (void)state;
    check_numbers("plainly");
    double value = 4711;
    assert_true(ti_text_number("-0", 2, &value));
    assert_true(value == 0 && signbit(value));
    assert_true(ti_text_number("1234", 2, &value));
    assert_true(value == 12);
    assert_false(ti_text_number("1\0", 2, &value));
}

static void number_in_any_rounding(void **state) {
    (void)state;
    for (const struct float_env *env = float_envs; env->name; env++) {
        float_env_set(env);
        const uint64_t before = float_env_get();
        check_numbers(env->name);
        const uint64_t after = float_env_get();
        float_env_reset();
        assert_row((before ^ after) >> 6 == 0,
                   env->name); /* but sticky flags may differ */
    }
}

/* A locale with a decimal comma: the system's, or one made for this test. */
static bool use_comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "ru_RU.UTF-8", "pt_BR.UTF-8"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (setlocale(LC_ALL, names[i]) && *localeconv()->decimal_point == ',')
            return true;
    }
    char folder[] = "/tmp/tensorinit-locale-XXXXXX", command[200];
    if (!mkdtemp(folder)) return false;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    bool made = system(command) == 0;
    setenv("LOCPATH", folder, 1);
    made =
        made && setlocale(LC_ALL, "de_DE.UTF-8") && *localeconv()->decimal_point == ',';
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 && made;
}

static void number_in_a_comma_locale(void **state) {
    (void)state;
    if (!use_comma_locale()) {
        print_message("no locale with a decimal comma, and no localedef\n");
        skip();
    }
    assert_true(strtod("1,5", NULL) == 1.5); /* the locale is active */
    check_numbers("in a comma locale");
    setlocale(LC_ALL, "C");
}

static void number_length(void **state) {
    char text[TI_TEXT_NUMBER_MAX + 1];
    double value = 4711;
    (void)state;
    memset(text, '0', sizeof text);
    text[0] = '7', text[1] = '.';
    assert_true(ti_text_number(text, TI_TEXT_NUMBER_MAX, &value));
    assert_true(value == 7);
    assert_false(ti_text_number(text, TI_TEXT_NUMBER_MAX + 1, &value));
}

static const struct {
    const char *what;
    const char *bytes;
    size_t n;
    bool good;
} utf8_rows[] = {
    {"nothing", "", 0, true},
    {"ASCII", "fc1.weight", 10, true},
    {"control characters", "\x01\x1f\x7f", 3, true},
    {"NUL", "", 1, false},
    {"NUL inside", "a\0b", 3, false},
    {"least of 2", "\xc2\x80", 2, true},
    {"greatest of 2", "\xdf\xbf", 2, true},
    {"least of 3", "\xe0\xa0\x80", 3, true},
    {"below the surrogates", "\xed\x9f\xbf", 3, true},
    {"above the surrogates", "\xee\x80\x80", 3, true},
    {"greatest of 3", "\xef\xbf\xbf", 3, true},
    {"least of 4", "\xf0\x90\x80\x80", 4, true},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf", 4, true},
    {"overlong NUL", "\xc0\x80", 2, false},
    {"overlong /", "\xc0\xaf", 2, false},
    {"overlong of 2", "\xc1\xbf", 2, false},
    {"overlong of 3", "\xe0\x9f\xbf", 3, false},
    {"overlong of 4", "\xf0\x8f\xbf\xbf", 4, false},
    {"first surrogate", "\xed\xa0\x80", 3, false},
    {"last surrogate", "\xed\xbf\xbf", 3, false},
    {"surrogate pair", "\xed\xa0\xbd\xed\xb8\x80", 6, false},
    {"above U+10FFFF", "\xf4\x90\x80\x80", 4, false},
    {"lead F5", "\xf5\x80\x80\x80", 4, false},
    {"five bytes", "\xf8\x88\x80\x80\x80", 5, false},
    {"FE", "\xfe", 1, false},
    {"FF", "\xff", 1, false},
    {"lone continuation", "\x80", 1, false},
    {"cut 2", "\xc2", 1, false},
    {"cut 3", "\xe2\x82", 2, false},
    {"cut 4", "\xf0\x9f\x98", 3, false},
    {"cut, then ASCII", "\xe2\x82z", 3, false},
    {"bad second", "\xc2\x41", 2, false},
    {"bad second, too large", "\xc2\xc0", 2, false},
    {"bad third", "\xe2\x82\xc0", 3, false},
    {"bad fourth", "\xf0\x9f\x98\x7f", 4, false},
    /* the narrower limits of the second byte must not hold for the third */
    {"E0 A0 9F", "\xe0\xa0\x9f", 3, true},
    {"ED 9F A0", "\xed\x9f\xa0", 3, true},
};

static void utf8(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(utf8_rows); i++) {
        /* from the heap, so that the sanitizer sees a read beyond the end */
        char *copy = malloc(utf8_rows[i].n + (utf8_rows[i].n == 0));
        memcpy(copy, utf8_rows[i].bytes, utf8_rows[i].n);
        assert_row(ti_text_is_utf8(copy, utf8_rows[i].n) == utf8_rows[i].good,
                   utf8_rows[i].what);
        free(copy);
    }
}

/* Every code point is valid in its only form. */
static void utf8_all_code_points(void **state) {
    (void)state;
    for (uint32_t c = 1; c <= 0x10ffff; c++) {
        char text[4];
        size_t n;
        if (c < 0x80) {
            text[0] = (char)c, n = 1;
        } else if (c < 0x800) {
            text[0] = (char)(0xc0 | c >> 6), n = 2;
        } else if (c < 0x10000) {
            text[0] = (char)(0xe0 | c >> 12), n = 3;
        } else {
            text[0] = (char)(0xf0 | c >> 18), n = 4;
        }
        for (size_t i = 1; i < n; i++)
            text[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 63));
        const bool surrogate = c >= 0xd800 && c <= 0xdfff;
        if (ti_text_is_utf8(text, n) == surrogate) fail_msg("U+%04X", c);
    }
}

static void hex(void **state) {
    static const char digits[] = "0123456789abcdefABCDEF";
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr(digits, c) : NULL;
        const int expected = !at                ? -1
                             : at - digits < 16 ? (int)(at - digits)
                                                : (int)(at - digits) - 6;
        assert_int_equal(ti_text_hex((char)c), expected);
    }
}

/* The pairs of a query as "name|value;", with "name;" for a pair without '='. */
static void pairs(void **state) {
    static const char *const rows[][2] = {
        {"", ""},
        {"a=1", "a|1;"},
        {"a=1&b=2", "a|1;b|2;"},
        {"a=", "a|;"},
        {"a", "a;"},
        {"=1", "|1;"},
        {"a=1=2&b==", "a|1=2;b|=;"},
        {"a=1&", "a|1;;"},
        {"&&a=1", ";;a|1;"},
        {"shape=2,3&name=x%26y", "shape|2,3;name|x%26y;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_text_list list = ti_text_list(rows[i][0]);
        struct ti_text_pair pair;
        char text[64] = "";
        while (ti_text_next_pair(&list, &pair)) {
            const size_t used = strlen(text);
            if (pair.value) {
                snprintf(text + used, sizeof text - used, "%.*s|%.*s;",
                         (int)pair.name_bytes, pair.name, (int)pair.value_bytes,
                         pair.value);
            } else {
                assert_int_equal(pair.value_bytes, 0);
                snprintf(text + used, sizeof text - used, "%.*s;", (int)pair.name_bytes,
                         pair.name);
            }
        }
        assert_false(ti_text_next_pair(&list, &pair));
        assert_string_equal(text, rows[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is),
        cmocka_unit_test(u64),
        cmocka_unit_test(seed),
        cmocka_unit_test(number),
        cmocka_unit_test(number_in_any_rounding),
        cmocka_unit_test(number_in_a_comma_locale),
        cmocka_unit_test(number_length),
        cmocka_unit_test(utf8),
        cmocka_unit_test(utf8_all_code_points),
        cmocka_unit_test(hex),
        cmocka_unit_test(pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
