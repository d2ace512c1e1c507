/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal: see decimal.h. Two steps, almost free of branches:
 *
 * Digits by Raffaello Giulietti's method ("The Schubfach way to render doubles", 2021): take
 * the power of ten 10^k just below the width of the value's rounding interval. Then the
 * interval holds at least one multiple of 10^k and at most one of 10^(k+1); if it holds the
 * latter, that is the shortest (less its trailing zeros), else the nearest multiple of 10^k.
 *
 * Text: the digits as ASCII in machine words, stored whole, so that no loop runs over them.
 *
 * scripts/derive_decimal.py writes the powers of ten and proves that they, the thresholds
 * and the formulas for logarithms below are exact enough for every value of every type.
 */
#include "core/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/float_state.h"

/* 10^e = table[e - FIRST] * 2^(floor_log2_pow10(e) - 63), rounded up. */
#define NARROW_FIRST (-36)
static const uint64_t narrow_table[] = {
#include "core/decimal_f32.inc"
};

/* The same to 128 bits, each WIDE_STEP-th; between them, powers of five. */
#define WIDE_FIRST (-292)
#define WIDE_STEP 28
static const struct wide {
    uint64_t high, low;
} wide_table[] = {
#include "core/decimal_f64.inc"
};

static const uint64_t five_table[WIDE_STEP] = {
#include "core/decimal_five.inc"
};

static const uint64_t ten_table[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
};

/* Arithmetic shifts of negative numbers: gcc and clang define them so. */
static inline int floor_log2_pow10(int e) { return e * 217706 >> 16; }

/* floor(log10(2^q)), or of 3/4 * 2^q. */
static inline int floor_log10_pow2(int q, bool irregular) {
    return (q * 315653 - irregular * 131008) >> 20;
}

static inline struct wide multiply(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (struct wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t other = a_low * b_high + (uint32_t)middle;
    uint64_t high = a_high * b_high + (middle >> 32) + (other >> 32);
    return (struct wide){high, other << 32 | (uint32_t)low};
#endif
}

/* Digits --------------------------------------------------------------------------------- */

/* A finite number, c * 2^q, and its rounding interval. */
struct binary {
    uint64_t c;
    int q;
    bool negative;
    bool irregular; /* a power of two: the interval reaches only half as far down */
};

struct decimal {
    uint64_t digits; /* times 10^k; may end in zeros */
    int k;
};

/*
 * The choice. The value and the ends of its interval come in units of 10^k / 4, rounded
 * to odd: the last bit is set unless the number is exact, so that comparisons with even
 * numbers are exact. Ends that do not belong to the interval have been moved inwards by 1.
 */
static inline uint64_t shortest(uint64_t low, uint64_t value, uint64_t high) {
    uint64_t one = value / 4, ten = value / 40 * 10;
    bool ten_in = low <= 4 * ten, next_ten_in = 4 * ten + 40 <= high;
    /* Ten is no digit shorter than nine. */
    bool tens = (ten_in | next_ten_in) & (one >= 10);
    /* Nearest, ties to even; in an irregular interval 'one' may lie outside. */
    bool up = ((value & 3) + (one & 1) > 2) | (low > 4 * one);
    uint64_t fine = one + up, coarse = ten + 10 * (uint64_t)next_ten_in;
    return fine + ((coarse - fine) & (0 - (uint64_t)tens));
}

/* The high part of g * n / 2^64, rounded to odd. */
static inline uint64_t round_to_odd_narrow(uint64_t g, uint64_t n) {
    struct wide product = multiply(g, n);
    return product.high | (product.low >> 31 != 0);
}

static inline struct decimal decimal_narrow(struct binary x) {
    int k = floor_log10_pow2(x.q, x.irregular);
    int shift = x.q + floor_log2_pow10(-k) + 1; /* 0 to 4 */
    uint64_t g = narrow_table[-k - NARROW_FIRST];
    bool odd = x.c & 1;
    uint64_t low = round_to_odd_narrow(g, (4 * x.c - 2 + x.irregular) << shift);
    uint64_t value = round_to_odd_narrow(g, 4 * x.c << shift);
    uint64_t high = round_to_odd_narrow(g, (4 * x.c + 2) << shift);
    return (struct decimal){shortest(low + odd, value, high - odd), k};
}

static inline struct wide wide_pow10(int e) {
    unsigned index = (unsigned)(e - WIDE_FIRST);
    struct wide base = wide_table[index / WIDE_STEP];
    uint64_t five = five_table[index % WIDE_STEP];
    struct wide low = multiply(base.low, five), high = multiply(base.high, five);
    uint64_t middle = high.low + low.high;
    high.high += middle < low.high;
    /* The product has 191 or 192 bits: shift its highest one up, and round up. */
    bool up = !(high.high >> 63);
    struct wide g = {high.high << up | (middle >> 63 & up), middle << up | (low.low >> 63 & up)};
    g.low++;
    g.high += g.low == 0;
    return g;
}

static inline uint64_t round_to_odd_wide(struct wide g, uint64_t n) {
    struct wide low = multiply(g.low, n), high = multiply(g.high, n);
    uint64_t middle = high.low + low.high;
    return (high.high + (middle < low.high)) | (middle != 0);
}

static inline struct decimal decimal_wide(struct binary x) {
    int k = floor_log10_pow2(x.q, x.irregular);
    int shift = x.q + floor_log2_pow10(-k) + 1; /* 0 to 4 */
    struct wide g = wide_pow10(-k);
    bool odd = x.c & 1;
    uint64_t low = round_to_odd_wide(g, (4 * x.c - 2 + x.irregular) << shift);
    uint64_t value = round_to_odd_wide(g, 4 * x.c << shift);
    uint64_t high = round_to_odd_wide(g, (4 * x.c + 2) << shift);
    return (struct decimal){shortest(low + odd, value, high - odd), k};
}

/* Text ----------------------------------------------------------------------------------- */

#define ZEROS 0x3030303030303030

/* The eight digits of n < 10^8 in memory's order, one a byte: halves, quarters, digits. */
static inline uint64_t eight_digits(uint64_t n) {
    uint64_t high = n / 10000;
    n = high + ((n - 10000 * high) << 32);
    high = (n * 10486 >> 20) & 0x0000007f0000007f;
    n = high + ((n - 100 * high) << 16);
    high = (n * 103 >> 10) & 0x000f000f000f000f;
    return high + ((n - 10 * high) << 8);
}

/* How many of eight digits there are up to the last one that is not 0. */
static inline unsigned count_significant(uint64_t digits) {
    return (unsigned)(70 - __builtin_clzll(digits << 1 | 1)) >> 3;
}

static inline unsigned count_digits(uint64_t n) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(n);
    unsigned count = bits * 1233 >> 12; /* log10(2) */
    return count + (n >= ten_table[count]);
}

/* Seventeen digits as ASCII, and how many of them count: the rest are zeros. */
struct ascii {
    char first;
    uint64_t next, last;
    unsigned count;
};

static inline struct ascii ascii_of(uint64_t digits, unsigned digits_count, unsigned digits_max) {
    struct ascii a;
    uint64_t unit = ten_table[digits_max - 1];
    digits *= ten_table[digits_max - digits_count];
    a.first = (char)('0' + digits / unit);
    digits %= unit;
    if (digits_max == 9) {
        uint64_t next = eight_digits(digits);
        a.next = next | ZEROS;
        a.last = ZEROS;
        a.count = 1 + count_significant(next);
    } else {
        uint64_t next = eight_digits(digits / 100000000);
        uint64_t last = eight_digits(digits % 100000000);
        a.next = next | ZEROS;
        a.last = last | ZEROS;
        a.count = last ? 9 + count_significant(last) : 1 + count_significant(next);
    }
    return a;
}

static inline char *put8(char *at, uint64_t eight) {
    memcpy(at, &eight, 8);
    return at + 8;
}

static inline void put_digits(char *at, const struct ascii *a, bool wide) {
    *at = a->first;
    at = put8(at + 1, a->next);
    if (wide) put8(at, a->last);
}

/* e < 0: 0.000ddd */
static inline char *put_small(char *at, const struct ascii *a, int e, bool wide) {
    memcpy(at, "0.000000", 8);
    at += 1 - e;
    put_digits(at, a, wide);
    return at + a->count;
}

/* 0 <= e < 16: ddd.ddd, ddd000.0 */
static inline char *put_fixed(char *at, const struct ascii *a, int e) {
    unsigned whole = (unsigned)e + 1;
    put_digits(at, a, true);
    at[whole] = '.';
    if (whole <= 8) {
        unsigned shift = 8 * (whole - 1);
        put8(at + whole + 1, a->next >> shift | a->last << 1 << (63 - shift));
        put8(at + whole + 9, a->last >> shift);
    } else {
        put8(at + whole + 1, a->last >> (8 * (whole - 9)));
    }
    return at + (a->count > whole ? a->count : whole + 1) + 1;
}

/* d.ddde-XX, de+XX */
static inline char *put_scientific(char *at, const struct ascii *a, int e, bool wide) {
    at[0] = a->first;
    at[1] = '.';
    put_digits(at + 1, a, wide);
    at[0] = a->first;
    at[1] = '.';
    at += a->count + (a->count > 1);
    unsigned size = (unsigned)(e < 0 ? -e : e);
    *at++ = 'e';
    *at++ = e < 0 ? '-' : '+';
    if (size >= 100) {
        *at++ = (char)('0' + size / 100);
        size %= 100;
    }
    *at++ = (char)('0' + size / 10);
    *at++ = (char)('0' + size % 10);
    return at;
}

static inline size_t put_decimal(char *out, bool negative, struct decimal d, bool wide) {
    char *at = out;
    unsigned digits_count = count_digits(d.digits);
    struct ascii a = ascii_of(d.digits, digits_count, wide ? 17 : 9);
    int e = d.k + (int)digits_count - 1;
    *at = '-';
    at += negative;
    if (e >= -4 && e < 0) {
        at = put_small(at, &a, e, wide);
    } else if (e >= 0 && e < 16) {
        at = put_fixed(at, &a, e);
    } else {
        at = put_scientific(at, &a, e, wide);
    }
    return (size_t)(at - out);
}

static size_t put_zero(char *out, bool negative) {
    char *at = out;
    *at = '-';
    at += negative;
    memcpy(at, "0.0", 3);
    return (size_t)(at + 3 - out);
}

/* ---------------------------------------------------------------------------------------- */

static inline struct binary binary_narrow(float value, struct ti_decimal_type type) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23 & 0xff;
    bool normal = exponent != 0;
    struct binary x;
    x.negative = bits >> 31;
    x.c = fraction | (uint32_t)normal << 23;
    x.q = (int)exponent - 149 - normal;
    /* The quantum of the type. */
    int shift = 24 - type.significand_bits;
    if (shift < type.exponent_min - x.q) shift = type.exponent_min - x.q;
    x.c >>= shift;
    x.q += shift;
    x.irregular = x.c == (uint64_t)1 << (type.significand_bits - 1) && x.q > type.exponent_min;
    return x;
}

size_t ti_decimal_f32(float value, char out[TI_DECIMAL_BYTES_MAX]) {
    struct binary x = binary_narrow(value, (struct ti_decimal_type){24, -149});
    if (x.c == 0) return put_zero(out, x.negative);
    return put_decimal(out, x.negative, decimal_narrow(x), false);
}

size_t ti_decimal_narrow(float value, struct ti_decimal_type type,
                         char out[TI_DECIMAL_BYTES_MAX]) {
    struct binary x = binary_narrow(value, type);
    if (x.c == 0) return put_zero(out, x.negative);
    return put_decimal(out, x.negative, decimal_narrow(x), false);
}

size_t ti_decimal_f64(double value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & 0xfffffffffffff;
    unsigned exponent = bits >> 52 & 0x7ff;
    bool normal = exponent != 0;
    struct binary x = {fraction | (uint64_t)normal << 52, (int)exponent - 1074 - normal,
                       bits >> 63, fraction == 0 && exponent > 1};
    if (x.c == 0) return put_zero(out, x.negative);
    return put_decimal(out, x.negative, decimal_wide(x), true);
}
