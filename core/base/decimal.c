/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal: see decimal.h. Two steps, almost without branches:
 *
 * Digits. Let 10^k be the power of ten just below the width of the value's rounding interval
 * (Raffaello Giulietti, "The Schubfach way to render doubles", 2021). Then the interval holds
 * at least one multiple of 10^k and at most one of 10^(k+1). The value is computed in units
 * of 10^(k+1), in fixed point: if the interval holds an integer, that is the shortest
 * decimal, else the part behind the point, rounded to one digit, is its last one. To start
 * from the greater power, so that nothing is divided, is an idea of yy_double's author
 * (https://github.com/ibireme/c_numconv_benchmark).
 *
 * Text. Digits become ASCII in machine words, eight at once, and are stored whole, so that
 * no loop runs over them. Of a number below 1, each digit has a place that does not depend on
 * how many there are.
 *
 * scripts/derive_decimal.py writes the tables, and proves for all types that they,
 * the constants below and the formulas for logarithms give the same answers as exact
 * arithmetic.
 */
#include "core/base/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/float_state.h" /* refuses hosts on which words are stored the other way */

struct f64 {
    uint64_t high, low;
};

/* 2^q / 10^(k+1) = narrow_table[q - NARROW_FIRST] / 2^64, rounded up; k is below. */
#define NARROW_FIRST (-149)
static const uint64_t narrow_table[] = {
#include "core/base/decimal_f32.inc"
};

/* 10^e = wide_table[e - WIDE_FIRST] * 2^(floor_log2_pow10(e) - 124), rounded up. */
#define F64_FIRST (-293)
static const struct f64 f64_table[] = {
#include "core/base/decimal_f64.inc"
};

/* Right shifts of negative numbers are arithmetic: gcc and clang promise it. */
static inline int floor_log2_pow10(int e) { return e * 217706 >> 16; }

/* floor(log10(2^q)), or of 3/4 * 2^q. */
static inline int floor_log10_pow2(int q, unsigned three_quarters) {
    return (q * 315653 - (int)three_quarters * 131008) >> 20;
}

/* The high word of a * b. The low one is the plain a * b: requested both, gcc spills them. */
static inline uint64_t multiply_high(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)(product >> 64);
#else
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
    uint64_t other = a_low * b_high + (uint32_t)middle;
    return a_high * b_high + (middle >> 32) + (other >> 32);
#endif
}

static inline struct f64 add(struct f64 a, struct f64 b) {
    uint64_t low = a.low + b.low;
    return (struct f64){a.high + b.high + (low < b.low), low};
}

static inline struct f64 subtract(struct f64 a, struct f64 b) {
    return (struct f64){a.high - b.high - (a.low < b.low), a.low - b.low};
}

/* a * b / 2^64, rounded down. */
static inline struct f64 multiply_f64(struct f64 a, uint64_t b) {
    return add((struct f64){multiply_high(a.high, b), a.high * b},
               (struct f64){0, multiply_high(a.low, b)});
}

static inline struct f64 times_ten(struct f64 a) {
    return (struct f64){10 * a.high + multiply_high(a.low, 10), 10 * a.low};
}

/* 0 < bits < 64 */
static inline struct f64 shift_right(struct f64 a, int bits) {
    return (struct f64){a.high >> bits, a.high << (64 - bits) | a.low >> bits};
}

/* All bits if 'when' is 1, or is 0: masks, as no one could predict a branch. */
static inline uint64_t only(unsigned when) { return 0 - (uint64_t)when; }
static inline uint64_t unless(unsigned when) { return (uint64_t)when - 1; }

/* Digits --------------------------------------------------------------------------------- */

/* (10 * tens + digit) * 10^k; not 0; tens and digit may end in zeros. */
struct decimal {
    uint64_t tens, digit;
    int k;
};

/*
 * What follows counts in units of 10^(k+1), in fixed point. An interval that includes its
 * ends (c is even) is made a hair wider, one that does not a hair narrower: more than all
 * rounding errors, less than what separates an end from any integer that it is not.
 * Halves of 10^k, between which the last digit is rounded, to even if it lies on one, are
 * told from what is close to them in the same way, in units of 10^k.
 */
#define NARROW_HAIR ((uint64_t)1 << 25)
#define NARROW_TEN_HAIR ((uint64_t)1 << 29)
#define F64_HAIR 8
#define F64_TEN_HAIR 80

static inline uint64_t hair(uint64_t size, uint64_t odd) { return size - 2 * size * odd; }

#define HALF ((uint64_t)1 << 63)

/*
 * c * 2^q of a type within binary32, but no power of two below which numbers are twice as
 * dense. 64 bits behind the point. few_digits: whether the type has numbers of one digit
 * whose interval holds a 10, which is no shorter than 9.
 */
static inline struct decimal decimal_narrow(uint64_t c, int q, bool few_digits) {
    int k = floor_log10_pow2(q, 0);
    uint64_t x = narrow_table[q - NARROW_FIRST];
    uint64_t tens = multiply_high(x, c), behind = x * c;
    uint64_t digit = multiply_high(behind, 10), rest = behind * 10;
    uint64_t above = (x >> 1) + hair(NARROW_HAIR, c & 1);
    unsigned up = behind + above < above, down = behind < above;
    digit += rest >= HALF + hair(NARROW_TEN_HAIR, digit & 1);
    if (few_digits) up &= tens > 0 || digit > 9;
    return (struct decimal){tens + up, digit & unless(up | down), k};
}

/*
 * The same for a normal number of binary64. 64 bits are too few for it: false if an end or a
 * half is not farther away than MARGIN or TEN_MARGIN units of the last place.
 */
#define MARGIN 8
#define TEN_MARGIN 16

static inline bool decimal_f64(uint64_t c, int q, struct decimal *d) {
    int k = floor_log10_pow2(q, 0), e = -1 - k;
    struct f64 g = f64_table[e - F64_FIRST];
    int shift = q + floor_log2_pow10(e) + 4; /* 0 to 3 */
    struct f64 value = multiply_f64(g, c << shift);
    uint64_t behind = value.low;
    uint64_t digit = multiply_high(behind, 10), rest = behind * 10;
    uint64_t above = g.high << shift >> 1;
    unsigned up = behind + above < above, down = behind < above;
    digit += rest >= HALF;
    *d = (struct decimal){value.high + up, digit & unless(up | down), k};
    return behind - above + MARGIN > 2 * MARGIN && behind + above + MARGIN > 2 * MARGIN &&
           rest - HALF + TEN_MARGIN > 2 * TEN_MARGIN;
}

/*
 * The same for any number of any type, slower: 54 bits before the point, 74 behind it, 10 of
 * them in the high word. irregular: 1 for a power of two below which numbers are twice as
 * dense.
 */
static struct decimal decimal_exact(uint64_t c, int q, unsigned irregular) {
    const uint64_t one = (uint64_t)1 << 10;
    int k = floor_log10_pow2(q, irregular), e = -1 - k;
    struct f64 g = f64_table[e - F64_FIRST];
    g = (struct f64){g.high << 3 | g.low >> 61, g.low << 3};
    int shift = q + floor_log2_pow10(e) + 11; /* 7 to 11 */
    struct f64 value = multiply_f64(g, c << shift);
    struct f64 above = shift_right(g, 65 - shift);
    struct f64 below = irregular ? shift_right(above, 1) : above;
    struct f64 more = {0 - (c & 1), hair(F64_HAIR, c & 1)};
    above = add(above, more);
    below = add(below, more);

    struct f64 end = add(value, above), width = add(above, below);
    bool is_short = subtract((struct f64){end.high % one, end.low}, width).high >> 63;
    /* 10 is no shorter than 9. */
    if (is_short && value.high >= one - one / 20)
        return (struct decimal){end.high / one, 0, k};

    struct f64 behind = {value.high % one, value.low}, rest = times_ten(behind);
    uint64_t odd = rest.high / one & 1;
    rest = subtract(rest, (struct f64){0 - odd, hair(F64_TEN_HAIR, odd)});
    uint64_t digit = (rest.high + one / 2) / one;
    if (irregular) { /* the interval may begin above the nearest one */
        uint64_t first = times_ten(subtract(behind, below)).high / one + 1;
        if (digit < first) digit = first;
    }
    return (struct decimal){value.high / one, digit, k};
}

/* Text ----------------------------------------------------------------------------------- */

#define ZEROS 0x3030303030303030

/*
 * Two numbers below 10^4, the greater digits in the low half, as eight digits in memory's
 * order, one a byte: by twos, by ones.
 */
static inline uint64_t by_ones(uint64_t n) {
    uint64_t tens = (n * 10486 >> 20) & 0x0000007f0000007f; /* n / 100 */
    n = (n << 16) - (100 * 65536 - 1) * tens;
    tens = (n * 103 >> 10) & 0x000f000f000f000f; /* n / 10 */
    return (n << 8) - (10 * 256 - 1) * tens;
}

/* (n << 32) - FOURS * (n / 10^4): two such numbers, of one below 10^8. */
#define FOURS (((uint64_t)10000 << 32) - 1)

/* Below 10^8. */
static inline uint64_t eight_digits(uint64_t n) {
    return by_ones((n << 32) - FOURS * (n * 109951163 >> 40));
}

/* Of eight digits, how many there are up to the last one that is not 0. */
static inline unsigned count_places(uint64_t digits) {
    return (unsigned)(70 - __builtin_clzll(digits << 1 | 1)) >> 3;
}

/* Of eight digits, not all 0, the place of the last one that is not, from 0. */
static inline unsigned last_place(uint64_t digits) {
    return (unsigned)(63 - __builtin_clzll(digits)) >> 3;
}

static inline char *put8(char *at, uint64_t eight) {
    memcpy(at, &eight, 8);
    return at + 8;
}

static inline char digit_char(uint64_t digit) { return (char)('0' + digit); }

/* e-XX, e+XXX */
static inline char *put_exponent(char *at, int e) {
    unsigned size = (unsigned)(e < 0 ? -e : e), hundreds = size / 100;
    size -= 100 * hundreds;
    at[0] = 'e';
    at[1] = e < 0 ? '-' : '+';
    at[2] = digit_char(hundreds);
    at += 2 + (hundreds > 0);
    at[0] = digit_char(size / 10);
    at[1] = digit_char(size % 10);
    return at + 2;
}

/*
 * At most 9 digits, from 10^-4 and below 1. 'more' of the tens would come before "0.", and
 * are 0.
 */
static inline char *put_narrow_small(char *at, struct decimal d, int more) {
    uint64_t tens = eight_digits(d.tens);
    char *last = at + 1 - d.k;
    put8(at, ZEROS);
    put8(last - 8 + more, (tens | ZEROS) >> (4 * more) >> (4 * more));
    at[1] = '.';
    *last = digit_char(d.digit);
    return last - 7 + count_places(tens >> 8 | d.digit << 56);
}

/* At most 9 digits, from 1 or below 10^-4. */
static size_t put_narrow(char *out, unsigned negative, uint64_t number, uint64_t digit,
                         int k) {
    if (number == 0) {
        number = digit;
        digit = 0;
        k--;
    }
    char *at = out + negative;
    uint64_t tens = eight_digits(number);
    int before = __builtin_ctzll(tens) >> 3; /* zeros */
    int e = k + 8 - before, last = 8 - before, whole = e + 1;
    int count = 1 + (int)count_places(tens >> 8 | digit << 56) - before;
    tens = (tens | ZEROS) >> (8 * before);
    *out = '-';
    *at = (char)tens;
    if (e < 0 || e >= 16) {
        put8(at + 1, tens);
        at[1 + last] = digit_char(digit);
        at[1] = '.';
        at = put_exponent(at + (count > 1 ? count + 1 : 1), e);
        return (size_t)(at - out);
    }
    put8(at, tens | ZEROS);
    at[last] = digit_char(digit);
    if (k >= 0) {
        put8(put8(at + last + 1, ZEROS), ZEROS);
        at[whole] = '.';
        at[whole + 1] = '0';
        return (size_t)(at + whole + 2 - out);
    }
    at[whole] = '.';
    put8(at + whole + 1, tens >> (4 * whole) >> (4 * whole));
    at[1 + last] = digit_char(digit);
    return (size_t)(at + (count > whole ? count : whole + 1) + 1 - out);
}

/* Sixteen digits, eight and eight. */
struct sixteen {
    uint64_t first, second;
};

/* Below 10^16. */
static inline struct sixteen sixteen_digits(uint64_t n) {
    uint64_t a = n / 1000000000000, b = n / 100000000, c = n / 10000;
    uint64_t third = c - 10000 * b, fourth = n - 10000 * c;
    return (struct sixteen){by_ones((b << 32) - FOURS * a),
                            by_ones(third | fourth << 32)};
}

/* Of seventeen digits, the place of the last one that is not 0, from 0. */
static inline unsigned last_place_f64(struct sixteen tens, uint64_t digit) {
    uint64_t end = tens.second >> 8 | digit << 56;
    if (end == 0) return tens.second ? 8 : last_place(tens.first);
    return 9 + last_place(end);
}

/* At most 17 digits, from 10^-4 and below 1. */
static inline char *put_f64_small(char *at, struct decimal d) {
    struct sixteen tens = sixteen_digits(d.tens);
    char *first = at - 15 - d.k;
    put8(at, ZEROS);
    put8(put8(first, tens.first | ZEROS), tens.second | ZEROS);
    at[1] = '.';
    first[16] = digit_char(d.digit);
    return first + 1 + last_place_f64(tens, d.digit);
}

/* At most 17 digits; any number. */
static size_t put_f64(char *out, unsigned negative, uint64_t number, uint64_t digit,
                      int k) {
    const uint64_t min = 1000000000000000;
    unsigned few = number < min;
    number += (9 * number + digit) & only(few);
    digit &= unless(few);
    k -= (int)few;
    for (; number < min; k--) number *= 10; /* of few digits, or subnormal */
    char *at = out + negative;
    struct sixteen tens = sixteen_digits(number);
    int e = k + 16, whole = e + 1, count = 1 + (int)last_place_f64(tens, digit);
    tens.first |= ZEROS;
    tens.second |= ZEROS;
    *out = '-';
    *at = (char)tens.first;
    if (e < 0 && e >= -4) {
        put8(at, ZEROS);
        at[1] = '.';
        at += 1 - e;
        put8(put8(at, tens.first), tens.second);
        at[16] = digit_char(digit);
        return (size_t)(at + count - out);
    }
    if (e < 0 || e >= 16) {
        put8(put8(at + 1, tens.first), tens.second);
        at[17] = digit_char(digit);
        at[1] = '.';
        at = put_exponent(at + (count > 1 ? count + 1 : 1), e);
        return (size_t)(at - out);
    }
    put8(put8(at, tens.first), tens.second);
    at[whole] = '.';
    if (whole <= 8) {
        int bits = 8 * (whole - 1);
        put8(at + whole + 1, tens.first >> 8 >> bits | tens.second << (56 - bits));
        put8(at + whole + 9, tens.second >> 8 >> bits);
    } else {
        put8(at + whole + 1, tens.second >> 8 >> (8 * (whole - 9)));
    }
    at[17] = digit_char(digit);
    return (size_t)(at + (count > whole ? count : whole + 1) + 1 - out);
}

/* At least 10^-4. */
static inline bool is_small(struct decimal d) {
    static const uint32_t ten_to[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    int e = -4 - d.k;
    return e <= 0 || (e < 10 && 10 * d.tens + d.digit >= ten_to[e]);
}

/* ---------------------------------------------------------------------------------------- */

/*
 * Bits of the number closest to 10^-4, whose text is "0.0001", and of 1: below the one and
 * from the other on, numbers are written in another way.
 */
#define SMALL_F32 0x38d1b717
#define ONE_F32 0x3f800000
#define SMALL_F64 0x3f1a36e2eb1c432d
#define ONE_F64 0x3ff0000000000000

/* The few numbers that the fast ways are not for. */
__attribute__((noinline)) static size_t put_exact(char *out, unsigned negative,
                                                  uint64_t c, int q, unsigned irregular) {
    if (c == 0) {
        memcpy(out, negative ? "-0.0" : "0.0 ", 4);
        return 3 + negative;
    }
    struct decimal d = decimal_exact(c, q, irregular);
    return put_f64(out, negative, d.tens, d.digit, d.k);
}

size_t ti_decimal_f32(float value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned negative = bits >> 31;
    uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23 & 0xff;
    if (exponent == 0) return put_exact(out, negative, fraction, -149, 0);
    uint32_t c = fraction | 0x800000;
    int q = (int)exponent - 150;
    if (fraction == 0) return put_exact(out, negative, c, q, exponent > 1);
    struct decimal d = decimal_narrow(c, q, false);
    if ((bits & 0x7fffffff) - SMALL_F32 >= ONE_F32 - SMALL_F32)
        return put_narrow(out, negative, d.tens, d.digit, d.k);
    *out = '-';
    return (size_t)(put_narrow_small(out + negative, d, 0) - out);
}

size_t ti_decimal_narrow(float value, struct ti_decimal_type type,
                         char out[TI_DECIMAL_BYTES_MAX]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned negative = bits >> 31;
    uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23 & 0xff,
             normal = exponent > 0;
    uint32_t c = normal << 23 | fraction;
    int q = (int)(exponent - 149 - normal);
    /* In steps of the type, which are greater. */
    int steps = 24 - type.significand_bits;
    if (steps < type.exponent_min - q) steps = type.exponent_min - q;
    c = steps < 24 ? c >> steps : 0; /* 0 itself */
    q += steps;
    unsigned irregular =
        c == (uint32_t)1 << (type.significand_bits - 1) && q > type.exponent_min;
    if (c == 0 || irregular) return put_exact(out, negative, c, q, irregular);
    struct decimal d = decimal_narrow(c, q, true);
    if (exponent >= 127 || !is_small(d))
        return put_narrow(out, negative, d.tens, d.digit, d.k);
    *out = '-';
    return (size_t)(put_narrow_small(out + negative, d, d.k > -9 ? d.k + 9 : 0) - out);
}

size_t ti_decimal_f64(double value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned negative = (unsigned)(bits >> 63);
    uint64_t fraction = bits & 0xfffffffffffff, exponent = bits >> 52 & 0x7ff;
    if (exponent == 0) return put_exact(out, negative, fraction, -1074, 0);
    uint64_t c = fraction | (uint64_t)1 << 52;
    int q = (int)exponent - 1075;
    struct decimal d;
    if (fraction == 0 || !decimal_f64(c, q, &d))
        return put_exact(out, negative, c, q, fraction == 0 && exponent > 1);
    if ((bits & INT64_MAX) - SMALL_F64 >= ONE_F64 - SMALL_F64)
        return put_f64(out, negative, d.tens, d.digit, d.k);
    *out = '-';
    return (size_t)(put_f64_small(out + negative, d) - out);
}
