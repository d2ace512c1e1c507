/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal: see decimal.h. Two steps, almost without branches:
 *
 * Digits. Let 10^k be the power of ten just below the width of the value's rounding interval
 * (Raffaello Giulietti, "The Schubfach way to render doubles", 2021). Then the interval holds
 * at least one multiple of 10^k and at most one of 10^(k+1). The value is computed in units
 * of 10^(k+1), in fixed point: if the interval holds a whole number, that is the shortest
 * decimal, else the part behind the point, rounded to one digit, is its last one. That no
 * division is needed is yyjson's idea (https://github.com/ibireme/c_numconv_benchmark).
 *
 * Text. Digits become ASCII in machine words, eight at once, and are stored whole, so that
 * no loop runs over them. Of a number below 1, each digit has a place that does not depend on
 * how many there are.
 *
 * scripts/derive_decimal.py writes the powers of ten, and proves for all types that they,
 * the constants below and the formulas for logarithms give the same answers as exact
 * arithmetic.
 */
#include "core/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/float_state.h" /* refuses hosts on which words are stored the other way */

struct wide {
    uint64_t high, low;
};

/* 10^e = narrow_table[e - NARROW_FIRST] * 2^(floor_log2_pow10(e) - 63), rounded up. */
#define NARROW_FIRST (-38)
static const uint64_t narrow_table[] = {
#include "core/decimal_f32.inc"
};

/* 10^e = wide_table[e - WIDE_FIRST] * 2^(floor_log2_pow10(e) - 124), rounded up. */
#define WIDE_FIRST (-293)
static const struct wide wide_table[] = {
#include "core/decimal_f64.inc"
};

/* Right shifts of negative numbers are arithmetic: gcc and clang promise it. */
static inline int floor_log2_pow10(int e) { return e * 217706 >> 16; }

/* floor(log10(2^q)), or of 3/4 * 2^q. */
static inline int floor_log10_pow2(int q, unsigned three_quarters) {
    return (q * 315653 - (int)three_quarters * 131008) >> 20;
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
    return (struct wide){a_high * b_high + (middle >> 32) + (other >> 32),
                         other << 32 | (uint32_t)low};
#endif
}

static inline struct wide add(struct wide a, struct wide b) {
    uint64_t low = a.low + b.low;
    return (struct wide){a.high + b.high + (low < b.low), low};
}

static inline struct wide subtract(struct wide a, struct wide b) {
    return (struct wide){a.high - b.high - (a.low < b.low), a.low - b.low};
}

/* a * b / 2^64, rounded down. */
static inline struct wide multiply_wide(struct wide a, uint64_t b) {
    return add(multiply(a.high, b), (struct wide){0, multiply(a.low, b).high});
}

/* 0 < bits < 64 */
static inline struct wide shift_right(struct wide a, int bits) {
    return (struct wide){a.high >> bits, a.high << (64 - bits) | a.low >> bits};
}

/* Digits --------------------------------------------------------------------------------- */

/* A finite number other than 0, c * 2^q, without its sign. */
struct binary {
    uint64_t c;
    int q;
    unsigned irregular; /* 1: a power of two, below which numbers are twice as dense */
};

/* (10 * tens + digit) * 10^k; not 0; tens and digit may end in zeros. */
struct decimal {
    uint64_t tens;
    unsigned digit;
    int k;
};

/*
 * What follows counts in units of 10^(k+1), in fixed point. An interval that includes its
 * ends (c is even) is made a hair wider, one that does not a hair narrower: more than all
 * rounding errors, less than what separates an end from any whole number that it is not.
 * Halves of 10^k, between which the last digit is rounded, to even if it lies on one, are
 * told from what is close to them in the same way.
 */
#define NARROW_HAIR 4
#define WIDE_HAIR 8

static inline uint64_t hair(uint64_t size, uint64_t odd) { return odd ? 0 - size : size; }

/* Types within binary32: 25 bits before the point, 39 behind it. */
#define NARROW_POINT 39

static inline struct decimal decimal_narrow(struct binary x) {
    const uint64_t one = (uint64_t)1 << NARROW_POINT;
    int k = floor_log10_pow2(x.q, x.irregular), e = -1 - k;
    uint64_t g = narrow_table[e - NARROW_FIRST];
    int shift = x.q + floor_log2_pow10(e) + NARROW_POINT + 1; /* 36 to 40 */
    uint64_t value = multiply(g, x.c << shift).high;
    uint64_t above = g >> (65 - shift), below = above >> x.irregular;
    uint64_t more = hair(NARROW_HAIR, x.c & 1);

    uint64_t end = value + above + more, tens = end / one;
    /* 10 is no shorter than 9. */
    bool is_short = end % one < above + below + 2 * more && value >= one - one / 20;
    if (!is_short) tens = value / one; 
    uint64_t rest = 10 * (value % one);
    uint64_t digit = (rest + one / 2 - hair(10 * NARROW_HAIR, rest / one & 1)) / one;
    if (x.irregular) { /* which may begin above the nearest one */
        uint64_t first = 10 * (value % one - below - more) / one + 1;
        if (digit < first) digit = first;
    }
    return (struct decimal){tens, is_short ? 0 : (unsigned)digit, k};
}

/* binary64: 54 bits before the point, 74 behind it, 10 of them in the high word. */
static struct decimal decimal_wide_exact(struct binary x) {
    const uint64_t one = (uint64_t)1 << 10;
    int k = floor_log10_pow2(x.q, x.irregular), e = -1 - k;
    struct wide g = wide_table[e - WIDE_FIRST];
    g = (struct wide){g.high << 3 | g.low >> 61, g.low << 3};
    int shift = x.q + floor_log2_pow10(e) + 11; /* 7 to 11 */
    struct wide value = multiply_wide(g, x.c << shift);
    struct wide above = shift_right(g, 65 - shift);
    struct wide below = x.irregular ? shift_right(above, 1) : above;
    struct wide more = {0 - (x.c & 1), hair(WIDE_HAIR, x.c & 1)};
    above = add(above, more);
    below = add(below, more);

    struct wide end = add(value, above);
    struct wide behind = {end.high % one, end.low}, width = add(above, below);
    if (subtract(behind, width).high >> 63)
        return (struct decimal){end.high / one, 0, k};

    value.high %= one; /* 'tens' is the same with and without 'above' */
    struct wide rest = multiply(value.low, 10);
    rest.high += 10 * value.high;
    uint64_t odd = rest.high / one & 1;
    rest = subtract(rest, (struct wide){0 - odd, hair(10 * WIDE_HAIR, odd)});
    uint64_t digit = (rest.high + one / 2) / one;
    if (x.irregular) { /* which may begin above the nearest one */
        struct wide begin = subtract(value, below), first = multiply(begin.low, 10);
        first.high = (first.high + 10 * begin.high) / one + 1;
        if (digit < first.high) digit = first.high;
    }
    return (struct decimal){end.high / one, (unsigned)digit, k};
}

/*
 * The same with 64 bits behind the point, which decide unless an end or a half is closer than
 * MARGIN or TEN_MARGIN units of the last place. Not for powers of two and subnormal numbers.
 */
#define MARGIN 8
#define TEN_MARGIN 16

static inline bool decimal_wide_fast(uint64_t c, int q, struct decimal *d) {
    const uint64_t half = (uint64_t)1 << 63;
    int k = floor_log10_pow2(q, 0), e = -1 - k;
    struct wide g = wide_table[e - WIDE_FIRST];
    int shift = q + floor_log2_pow10(e) + 4; /* 0 to 3 */
    struct wide value = multiply_wide(g, c << shift);
    uint64_t behind = value.low, above = g.high << shift >> 1, end = behind + above;
    struct wide rest = multiply(behind, 10);
    if (behind - above + MARGIN <= 2 * MARGIN || end + MARGIN <= 2 * MARGIN ||
        rest.low - half + TEN_MARGIN <= 2 * TEN_MARGIN)
        return false;
    bool up = end < behind, down = behind < above;
    unsigned digit = (unsigned)(rest.high + (rest.low >= half));
    *d = (struct decimal){value.high + up, up | down ? 0 : digit, k};
    return true;
}

/* Text ----------------------------------------------------------------------------------- */

#define ZEROS 0x3030303030303030

/* A number below 10^8 as eight digits in memory's order, one a byte: by twos, by ones. */
static inline uint64_t eight_digits(uint64_t n) {
    uint64_t tens = n * 109951163 >> 40; /* n / 10^4 */
    n = (n << 32) - (((uint64_t)10000 << 32) - 1) * tens;
    tens = (n * 10486 >> 20) & 0x0000007f0000007f; /* n / 100 */
    n = (n << 16) - (100 * 65536 - 1) * tens;
    tens = (n * 103 >> 10) & 0x000f000f000f000f; /* n / 10 */
    return (n << 8) - (10 * 256 - 1) * tens;
}

/* Of eight digits, how many zeros they end in; not of 0. */
static inline int zeros_behind(uint64_t digits) {
    return __builtin_clzll(digits) >> 3;
}

static inline char *put8(char *at, uint64_t eight) {
    memcpy(at, &eight, 8);
    return at + 8;
}

static inline char digit_char(unsigned digit) { return (char)('0' + digit); }

/* e-XX, e+XXX */
static inline char *put_exponent(char *at, int e) {
    unsigned size = (unsigned)(e < 0 ? -e : e);
    *at++ = 'e';
    *at++ = e < 0 ? '-' : '+';
    if (size >= 100) {
        *at++ = digit_char(size / 100);
        size %= 100;
    }
    *at++ = digit_char(size / 10);
    *at++ = digit_char(size % 10);
    return at;
}

/* At most 9 digits; 0.000ddd. */
static inline char *put_narrow_small(char *at, struct decimal d) {
    uint64_t tens = eight_digits(d.tens);
    char *last = at + 1 - d.k;
    int more = 9 + d.k; /* digits of 'tens' that are before the point, and 0 */
    put8(at, ZEROS);
    more = more > 0 ? more : 0;
    put8(last - 8 + more, (tens | ZEROS) >> (4 * more) >> (4 * more));
    at[1] = '.';
    *last = digit_char(d.digit);
    return last + (d.digit ? 1 : -zeros_behind(tens | 1));
}

/* At most 9 digits, from 1 or below 10^-4. */
static inline char *put_narrow(char *at, struct decimal d) {
    if (d.tens == 0) d = (struct decimal){d.digit, 0, d.k - 1};
    uint64_t tens = eight_digits(d.tens);
    int before = __builtin_ctzll(tens) >> 3; /* zeros */
    int e = d.k + 8 - before, last = 8 - before;
    int count = d.digit ? last + 1 : last - zeros_behind(tens);
    tens = (tens | ZEROS) >> (8 * before);
    if (e < 0 || e >= 16) {
        *at = (char)tens;
        put8(at + 1, tens);
        at[1 + last] = digit_char(d.digit);
        at[1] = '.';
        return put_exponent(at + (count > 1 ? count + 1 : 1), e);
    }
    put8(put8(at, tens | ZEROS), ZEROS);
    at[last] = digit_char(d.digit);
    int whole = e + 1;
    at[whole] = '.';
    if (d.k >= 0) {
        at[whole + 1] = '0';
        return at + whole + 2;
    }
    put8(at + whole + 1, tens >> (4 * whole) >> (4 * whole));
    at[1 + last] = digit_char(d.digit);
    return at + (count > whole ? count : whole + 1) + 1;
}

/* At least 10^-4. */
static inline bool is_small(struct decimal d) {
    static const uint32_t ten_to[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    int e = -4 - d.k;
    return e <= 0 || (e < 10 && 10 * (uint32_t)d.tens + d.digit >= ten_to[e]);
}

/* Sixteen digits, eight and eight. */
struct sixteen {
    uint64_t first, second;
};

static inline struct sixteen sixteen_digits(uint64_t n) {
    uint64_t high = n / 100000000;
    return (struct sixteen){eight_digits(high), eight_digits(n - 100000000 * high)};
}

/* Not of 0. */
static inline int zeros_behind16(struct sixteen digits) {
    return digits.second ? zeros_behind(digits.second) : 8 + zeros_behind(digits.first);
}

/* At most 17 digits; 0.000ddd. */
static inline char *put_wide_small(char *at, struct decimal d) {
    struct sixteen tens = sixteen_digits(d.tens);
    char *last = at + 1 - d.k;
    put8(at, ZEROS);
    put8(put8(last - 16, tens.first | ZEROS), tens.second | ZEROS);
    at[1] = '.';
    *last = digit_char(d.digit);
    return last + (d.digit ? 1 : -zeros_behind16(tens));
}

/* At most 17 digits, from 1 or below 10^-4. */
static inline char *put_wide(char *at, struct decimal d) {
    while (d.tens < 1000000000000000) /* again for subnormal numbers only */
        d = (struct decimal){10 * d.tens + d.digit, 0, d.k - 1};
    struct sixteen tens = sixteen_digits(d.tens);
    int e = d.k + 16, count = d.digit ? 17 : 16 - zeros_behind16(tens);
    tens.first |= ZEROS;
    tens.second |= ZEROS;
    at[0] = (char)tens.first;
    if (e < 0 || e >= 16) {
        put8(put8(at + 1, tens.first), tens.second);
        at[17] = digit_char(d.digit);
        at[1] = '.';
        return put_exponent(at + (count > 1 ? count + 1 : 1), e);
    }
    int whole = e + 1;
    put8(put8(at, tens.first), tens.second);
    at[whole] = '.';
    if (whole <= 8) {
        int bits = 8 * (whole - 1);
        uint64_t a = tens.first >> 8, b = tens.second;
        put8(at + whole + 1, a >> bits | b << (56 - bits));
        put8(at + whole + 9, b >> 8 >> bits);
    } else {
        put8(at + whole + 1, tens.second >> 8 >> (8 * (whole - 9)));
    }
    at[17] = digit_char(d.digit);
    return at + (count > whole ? count : whole + 1) + 1;
}

static size_t put_zero(char *out, unsigned negative) {
    memcpy(out, negative ? "-0.0" : "0.0 ", 4);
    return 3 + negative;
}

/* ---------------------------------------------------------------------------------------- */

static inline struct binary binary_f32(uint32_t bits) {
    uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23 & 0xff;
    uint32_t normal = exponent > 0;
    return (struct binary){normal << 23 | fraction, (int)(exponent - 149 - normal),
                           fraction == 0 && exponent > 1};
}

static struct decimal decimal_f64_exact(uint64_t bits) {
    uint64_t fraction = bits & 0xfffffffffffff, exponent = bits >> 52 & 0x7ff;
    uint64_t normal = exponent > 0;
    return decimal_wide_exact((struct binary){normal << 52 | fraction,
                                              (int)(exponent - 1074 - normal),
                                              fraction == 0 && exponent > 1});
}

/*
 * Bits of the number closest to 10^-4, whose text is "0.0001", and of 1: below and from there
 * numbers are written in another way.
 */
#define SMALL_F32 0x38d1b717
#define ONE_F32 0x3f800000
#define SMALL_F64 0x3f1a36e2eb1c432d
#define ONE_F64 0x3ff0000000000000

size_t ti_decimal_f32(float value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned negative = bits >> 31;
    bits &= 0x7fffffff;
    if (bits == 0) return put_zero(out, negative);
    struct decimal d = decimal_narrow(binary_f32(bits));
    char *at = out + negative;
    *out = '-';
    at = bits - SMALL_F32 < ONE_F32 - SMALL_F32 ? put_narrow_small(at, d)
                                                : put_narrow(at, d);
    return (size_t)(at - out);
}

size_t ti_decimal_narrow(float value, struct ti_decimal_type type,
                         char out[TI_DECIMAL_BYTES_MAX]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct binary x = binary_f32(bits);
    /* In steps of the type, which are greater. */
    int steps = 24 - type.significand_bits;
    if (steps < type.exponent_min - x.q) steps = type.exponent_min - x.q;
    x.c = steps < 24 ? x.c >> steps : 0; /* 0 itself */
    x.q += steps;
    if (x.c == 0) return put_zero(out, bits >> 31);
    x.irregular =
        x.c == (uint64_t)1 << (type.significand_bits - 1) && x.q > type.exponent_min;
    struct decimal d = decimal_narrow(x);
    char *at = out + (bits >> 31);
    *out = '-';
    at = is_small(d) && (bits & 0x7fffffff) < ONE_F32 ? put_narrow_small(at, d) : put_narrow(at, d);
    return (size_t)(at - out);
}

size_t ti_decimal_f64(double value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned negative = (unsigned)(bits >> 63);
    bits &= INT64_MAX;
    if (bits == 0) return put_zero(out, negative);
    uint64_t fraction = bits & 0xfffffffffffff, exponent = bits >> 52;
    struct decimal d;
    if (exponent == 0 || fraction == 0 ||
        !decimal_wide_fast((uint64_t)1 << 52 | fraction, (int)exponent - 1075, &d))
        d = decimal_f64_exact(bits);
    char *at = out + negative;
    *out = '-';
    at = bits - SMALL_F64 < ONE_F64 - SMALL_F64 ? put_wide_small(at, d) : put_wide(at, d);
    return (size_t)(at - out);
}
