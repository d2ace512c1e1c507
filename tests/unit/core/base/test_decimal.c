/* SPDX-License-Identifier: MIT */
/*
 * core/base/decimal: known hard cases, whose texts are Python's; all values of the narrow
 * types, and many of binary32 and binary64, against a search with the C library's printf
 * and strtod, which are exact. tests/long/exhaustive/decimal.c has all values of
 * binary32.
 */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/decimal.h"
#include "support/float_env.h"
#include "support/random.h"
#include "support/test.h"

#define TEXT_BYTES_MAX 24

/* Types ------------------------------------------------------------------------------ */

struct type {
    const char *name;
    struct ti_decimal_type layout;
    double largest;
    int values; /* positive ones */
};

static const struct type f64 = {"f64", {53, -1074}, DBL_MAX, 0};
static const struct type f32 = {"f32", {24, -149}, FLT_MAX, 0};
static const struct type narrow[] = {
    {"f16", TI_DECIMAL_F16, 65504, 0x7bff},
    {"bf16", TI_DECIMAL_BF16, 0x1.fep127, 0x7f7f},
    {"f8_e4m3", TI_DECIMAL_F8_E4M3, 448, 0x7e},
    {"f8_e5m2", TI_DECIMAL_F8_E5M2, 57344, 0x7b},
};

/* Writes between guards. */
static size_t write(const struct type *type, double value, char *text) {
    char capacity[TI_DECIMAL_BYTES_MAX + 2];
    size_t n;
    memset(capacity, '#', sizeof capacity);
    if (type == &f64)
        n = ti_decimal_f64(value, capacity + 1);
    else if (type == &f32)
        n = ti_decimal_f32((float)value, capacity + 1);
    else
        n = ti_decimal_narrow((float)value, type->layout, capacity + 1);
    assert_in_range(n, 3, TEXT_BYTES_MAX);
    assert_int_equal(capacity[0], '#');
    assert_int_equal(capacity[TI_DECIMAL_BYTES_MAX + 1], '#');
    memcpy(text, capacity + 1, n);
    text[n] = '\0';
    return n;
}

/* The value of the type that a decimal rounds to. */
static double read(const struct type *type, const char *text) {
    if (type == &f64) return strtod(text, NULL);
    if (type == &f32) return strtof(text, NULL);
    /* Rounds twice, which is harmless: no decimal of few digits is that close to a
       tie. */
    double x = strtod(text, NULL);
    int q = ilogb(x) + 1 - type->layout.significand_bits;
    if (q < type->layout.exponent_min) q = type->layout.exponent_min;
    return ldexp(nearbyint(ldexp(x, -q)), q);
}

/* Expected texts --------------------------------------------------------------------- */

/* digits * 10^e as Python's repr() writes it. */
static void python_form(uint64_t digits, int e, char *text) {
    char d[24], *at = text;
    for (; digits % 10 == 0; e++) digits /= 10;
    int count = sprintf(d, "%" PRIu64, digits);
    e += count - 1;
    if (e < -4 || e >= 16) {
        sprintf(text, "%.1s%s%se%+03d", d, count > 1 ? "." : "", d + 1, e);
    } else if (e < 0) {
        sprintf(text, "0.%.*s%s", -e - 1, "000", d);
    } else if (count > e + 1) {
        sprintf(text, "%.*s.%s", e + 1, d, d + e + 1);
    } else {
        at += sprintf(at, "%s", d);
        sprintf(at, "%.*s.0", e + 1 - count, "0000000000000000");
    }
}

static bool reads_back(const struct type *type, double value, uint64_t digits, int e) {
    char text[40];
    sprintf(text, "%" PRIu64 "e%d", digits, e);
    return read(type, text) == value;
}

/*
 * The shortest text for a positive value, of at least 'count' digits. printf finds the
 * nearest decimal with a number of digits; if the interval is wider above the value than
 * below it, the next one may read back although the nearest does not.
 */
static void search(const struct type *type, double value, int count, char *text) {
    for (;; count++) {
        char nearest[40], *exponent;
        sprintf(nearest, "%.*e", count - 1, value);
        exponent = strchr(nearest, 'e');
        int e = atoi(exponent + 1) - count + 1;
        *exponent = '\0';
        if (count > 1) memmove(nearest + 1, nearest + 2, strlen(nearest + 1));
        uint64_t digits = strtoull(nearest, NULL, 10);
        for (int step = 0; step <= 2; step++) {
            uint64_t other = step == 2 ? digits - 1 : digits + (uint64_t)step;
            if (other > 0 && reads_back(type, value, other, e)) {
                python_form(other, e, text);
                return;
            }
        }
    }
}

static int count_digits(const char *text) {
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text == '.' || (*text == '0' && count == 0)) continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

/* A positive value and its negative. A text of n digits is compared with those of n -
   1. */
static void check(const struct type *type, double value) {
    char text[TEXT_BYTES_MAX + 1], negative[TEXT_BYTES_MAX + 1], expected[64];
    write(type, value, text);
    int count = count_digits(text);
    search(type, value, count > 1 ? count - 1 : 1, expected);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s of %a: %s, not %s", type->name, value, text, expected);
    }
    write(type, -value, negative);
    assert_int_equal(negative[0], '-');
    assert_string_equal(negative + 1, text);
}

/* Tests ------------------------------------------------------------------------------ */

static const struct {
    double value;
    const char *text;
} known_f64[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1, "1.0"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {0.3, "0.3"},
    {0.1 + 0.2, "0.30000000000000004"},
    {2.0 / 3, "0.6666666666666666"},
    {10, "10.0"},
    {100000, "100000.0"},
    {123456.789, "123456.789"},
    /* where the notation changes */
    {0.001, "0.001"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {-0.00012345678901234567, "-0.00012345678901234567"},
    {0x1.a36e2eb1c432cp-14, "9.999999999999999e-05"},
    {0x1.a36e2eb1c432ep-14, "0.00010000000000000002"},
    {0x1.fffffffffffffp-1, "0.9999999999999999"},
    {0x1.0000000000001p0, "1.0000000000000002"},
    {0.00001, "1e-05"},
    {0.000012345, "1.2345e-05"},
    {1e-7, "1e-07"},
    {1e15, "1000000000000000.0"},
    {1234567890123456, "1234567890123456.0"},
    {9999999999999998, "9999999999999998.0"},
    {1e16, "1e+16"},
    {12345678901234568, "1.2345678901234568e+16"},
    {9007199254740991, "9007199254740991.0"},
    {9007199254740993.0, "9007199254740992.0"},
    {12345678.125, "12345678.125"},
    {123456789.0625, "123456789.0625"},
    {99999999.99999999, "99999999.99999999"},
    /* the decimal is an end of the interval, or next to it */
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {9.5e-323, "9.4e-323"},
    {9e15, "9000000000000000.0"},
    {2e23, "2e+23"},
    {8.41e21, "8.41e+21"},
    {9.0608011534336e15, "9060801153433600.0"},
    {4.708356024711512e18, "4.708356024711512e+18"},
    {9.409340012568248e18, "9.409340012568248e+18"},
    {1.8014398509481984e16, "1.8014398509481984e+16"},
    {9007199254740992 * 1e9, "9.007199254740992e+24"},
    /* powers of two */
    {0x1p-1074, "5e-324"},
    {0x1p-1073, "1e-323"},
    {0x1p-1069, "1.6e-322"},
    {0x1p-1023, "1.1125369292536007e-308"},
    {0x1p-1022, "2.2250738585072014e-308"},
    {0x1p-1021, "4.450147717014403e-308"},
    {0x1p-44, "5.684341886080802e-14"},
    {0x1p122, "5.316911983139664e+36"},
    {0x1p1023, "8.98846567431158e+307"},
    /* extremes */
    {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
    {-0x1p-1022, "-2.2250738585072014e-308"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {-DBL_MAX, "-1.7976931348623157e+308"},
};

static const struct {
    float value;
    const char *text;
} known_f32[] = {
    {0.0f, "0.0"},
    {-0.0f, "-0.0"},
    {0.1f, "0.1"},
    {-1.5f, "-1.5"},
    {0.3f, "0.3"},
    {1.0f / 3, "0.33333334"},
    {1e-7f, "1e-07"},
    {0.0001f, "0.0001"},
    {0x1.a36e2cp-14f, "9.999999e-05"},
    {0x1.a36e30p-14f, "0.000100000005"},
    {0x1.fffffep-1f, "0.99999994"},
    {0x1.000002p0f, "1.0000001"},
    {0.2f, "0.2"},
    {16777216.0f, "16777216.0"},
    {33554432.0f, "33554432.0"},
    {8589973000.0f, "8589974000.0"},
    {1e10f, "10000000000.0"},
    {1e15f, "1000000000000000.0"},
    {9.8765e15f, "9876500000000000.0"},
    {1e16f, "1e+16"},
    {8388608.5f, "8388608.0"},
    {9.5367431640625e-7f, "9.536743e-07"},
    {0x1p-149f, "1e-45"},
    {0x1p-148f, "3e-45"},
    {0x1.fffffcp-127f, "1.1754942e-38"},
    {FLT_MIN, "1.1754944e-38"},
    {0x1p-119f, "1.5046328e-36"},
    {0x1p64f, "1.8446744e+19"},
    {0x1p67f, "1.4757395e+20"},
    {FLT_MAX, "3.4028235e+38"},
    {-FLT_MAX, "-3.4028235e+38"},
};

static const struct {
    int type; /* in 'narrow' */
    float value;
    const char *text;
} known_narrow[] = {
    {0, 0, "0.0"},
    {0, -0.0f, "-0.0"},
    {0, 0x1p-24f, "6e-08"},
    {0, 0x1p-14f, "6.104e-05"},
    {0, 0x1.998p-4f, "0.1"},
    {0, 2048, "2048.0"},
    {0, 65504, "65500.0"},
    {1, 0.10009765625f, "0.1"},
    {1, 0x1p-133f, "9e-41"}, /* 1e-40 would read back as well, and is no shorter */
    {1, 0x1p-126f, "1.18e-38"},
    {1, 0x1.fep127f, "3.39e+38"},
    {1, 1e16f, "1e+16"},
    {2, 0x1p-9f, "0.002"},
    {2, 448, "450.0"},
    {3, 0x1p-16f, "2e-05"},
    {3, 57344, "60000.0"},
};

static void known(void **state) {
    char text[TEXT_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(known_f64); i++) {
        write(&f64, known_f64[i].value, text);
        assert_string_equal(text, known_f64[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(known_f32); i++) {
        write(&f32, (double)known_f32[i].value, text);
        assert_string_equal(text, known_f32[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(known_narrow); i++) {
        write(&narrow[known_narrow[i].type], (double)known_narrow[i].value, text);
        assert_string_equal(text, known_narrow[i].text);
    }
}

/* The caller's rounding mode and flushing do not matter. */
static void environments(void **state) {
    char text[TI_DECIMAL_BYTES_MAX], tiny[TI_DECIMAL_BYTES_MAX];
    (void)state;
    for (const struct float_env *env = float_envs; env->name; env++) {
        float_env_set(env);
        size_t n = ti_decimal_f64(0x1p-1070, text),
               tiny_n = ti_decimal_f32(0x1p-148f, tiny);
        float_env_reset();
        assert_row(n == 6 && memcmp(text, "8e-323", n) == 0, env->name);
        assert_row(tiny_n == 5 && memcmp(tiny, "3e-45", tiny_n) == 0, env->name);
    }
}

static void all_narrow(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(narrow); i++) {
        const struct type *type = &narrow[i];
        const int top = 1 << type->layout.significand_bits;
        int values = 0;
        double value;
        for (int q = type->layout.exponent_min, c = 1; c < top; c++) {
            value = ldexp(c, q);
            if (value > type->largest) break;
            check(type, value);
            values++;
            if (c == top - 1) c = top / 2 - 1, q++;
        }
        assert_int_equal(values, type->values);
    }
}

/* All powers of two with their neighbours: intervals that are not symmetric. */
static void powers(void **state) {
    (void)state;
    for (int q = -1074; q <= 1023; q++) {
        double power = ldexp(1, q);
        check(&f64, power);
        check(&f64, nextafter(power, INFINITY));
        if (q > -1074) check(&f64, nextafter(power, 0));
    }
    for (int q = -149; q <= 127; q++) {
        float power = ldexpf(1, q);
        check(&f32, (double)power);
        check(&f32, (double)nextafterf(power, INFINITY));
        if (q > -149) check(&f32, (double)nextafterf(power, 0));
    }
}

/*
 * Bit patterns; numbers as in tensors; numbers with short decimals; integers;
 * numbers that often lie in the middle between two decimals of 16 or 17 digits.
 */
static void random_f64(void **state) {
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        uint64_t word = random_u64(&seed), shape = random_u64(&seed);
        double value;
        if (i % 5 == 0) {
            word &= INT64_MAX;
            memcpy(&value, &word, sizeof value);
        } else if (i % 5 == 1) {
            value = random_unit(&seed) * 0.1;
        } else if (i % 5 == 2) {
            char text[40];
            sprintf(text, "%" PRIu64 "e%d", word >> (8 + shape % 50),
                    (int)(shape / 64 % 40) - 30);
            value = strtod(text, NULL);
        } else if (i % 5 == 3) {
            value = (double)(word >> shape % 64);
        } else {
            value = ldexp((double)(word >> 11), -(int)(shape % 12));
        }
        if (isfinite(value) && value > 0) check(&f64, value);
    }
}

static void random_f32(void **state) {
    uint64_t seed = 2;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t word = (uint32_t)random_u64(&seed) >> 1;
        float value;
        memcpy(&value, &word, sizeof value);
        if (isfinite(value) && value > 0) check(&f32, (double)value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),      cmocka_unit_test(environments),
        cmocka_unit_test(all_narrow), cmocka_unit_test(powers),
        cmocka_unit_test(random_f64), cmocka_unit_test(random_f32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
