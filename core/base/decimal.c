/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal: see decimal.h. Two steps, almost without branches:
 *
 * Digits after Raffaello Giulietti ("The Schubfach way to render doubles", 2021): take the
 * power of ten 10^k just below the width of the value's rounding interval. Then the interval
 * holds at least one multiple of 10^k and at most one of 10^(k+1); the latter, less its
 * zeros, is the shortest if it is there, else the nearest multiple of 10^k is.
 *
 * Text: the digits as ASCII in machine words, stored whole, so that no loop runs over them.
 *
 * scripts/derive_decimal.py writes the powers of ten, and proves for all types that they,
 * HAIR and the formulas for logarithms give the same answers as exact arithmetic.
 */
#include "core/base/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/float_state.h" /* refuses hosts on which words are stored the other way */

struct wide {
    uint64_t high, low;
};

/* 10^e = narrow_table[e - NARROW_FIRST] * 2^(floor_log2_pow10(e) - 63), rounded up. */
#define NARROW_FIRST (-37)
static const uint64_t narrow_table[] = {
#include "core/base/decimal_f32.inc"
};

/* The same with 128 bits, for each WIDE_STEP-th e; between them, powers of five. */
#define WIDE_FIRST (-292)
#define WIDE_STEP 28
static const struct wide quantile_table[] = {
#include "core/base/decimal_f64.inc"
};
static const uint64_t five_table[WIDE_STEP] = {
#include "core/base/decimal_five.inc"
};

/* Right shifts of negative numbers are arithmetic: gcc and clang promise it. */
static inline int floor_log2_pow10(int e) { return e * 217706 >> 16; }

/* floor(log10(2^q)), or of 3/4 * 2^q. */
static inline int floor_log10_pow2(int q, unsigned three_quarters) {
    return (q * 315653 - (int)three_quarters * 131008) >> 20;
}

/* n if 'when' is 1, 0 if it is 0, without a branch: nobody could predict it. */
static inline uint64_t only_if(unsigned when, uint64_t n) {
    return n & (0 - (uint64_t)when);
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

/* digits * 10^k; the digits may end in zeros. */
struct decimal {
    uint64_t digits;
    int k;
};

/*
 * What follows counts in units of 10^k, in fixed point. An interval that includes its ends
 * (c is even) is made a hair wider, one that does not a hair narrower: more than all
 * rounding errors, less than what separates an end from any whole number that it is not.
 */
#define HAIR 5

static inline uint64_t hair(uint64_t odd) { return HAIR - 2 * HAIR * odd; }
static inline struct wide wide_hair(uint64_t odd) {
    return (struct wide){0 - odd, hair(odd)};
}

/* Whole numbers first..last lie in the interval; 'near' is the one closest to the value. */
static inline uint64_t shortest(uint64_t first, uint64_t near, uint64_t last) {
    uint64_t ten = last / 10 * 10;
    near = near > first ? near : first; /* an irregular interval may begin above 'near' */
    /* Ten has no digit less than nine. */
    return near + only_if((ten >= first) & (near >= 10), ten - near);
}

/* Types within binary32: 28 bits before the point, 36 behind it. */
static inline struct decimal decimal_narrow(struct binary x) {
    const uint64_t one = (uint64_t)1 << 36;
    int k = floor_log10_pow2(x.q, x.irregular);
    int shift = x.q + floor_log2_pow10(-k) + 1; /* 1 to 4 */
    uint64_t g = narrow_table[-k - NARROW_FIRST];
    uint64_t value = multiply(g, x.c << (36 + shift)).high;
    uint64_t above = g >> (29 - shift), below = above >> x.irregular;
    uint64_t more = hair(x.c & 1), tie = hair(value / one & 1); /* ties to even */

    uint64_t first = (value - below - more) / one + 1;
    uint64_t last = (value + above + more) / one;
    uint64_t near = (value + one / 2 - tie) / one;
    return (struct decimal){shortest((uint32_t)first, (uint32_t)near, (uint32_t)last), k};
}

/* As the table's values, but the highest bit or the next one is set. */
static inline struct wide wide_pow10(int e) {
    unsigned index = (unsigned)(e - WIDE_FIRST);
    struct wide base = quantile_table[index / WIDE_STEP];
    return add(multiply_wide(base, five_table[index % WIDE_STEP]), (struct wide){0, 1});
}

/* binary64: 58 bits before the point, 70 behind it, 6 of them in the high word. */
static inline struct decimal decimal_wide(struct binary x) {
    const uint64_t one = 1 << 6;
    int k = floor_log10_pow2(x.q, x.irregular);
    struct wide g = wide_pow10(-k);
    int shift = x.q + floor_log2_pow10(-k) + 2 - (int)(g.high >> 63); /* 1 to 5 */
    struct wide value = multiply_wide(g, x.c << (6 + shift));
    struct wide above = shift_right(g, 59 - shift);
    struct wide below = shift_right(g, 59 - shift + (int)x.irregular);
    struct wide more = wide_hair(x.c & 1), tie = wide_hair(value.high / one & 1);

    uint64_t first = subtract(value, add(below, more)).high / one + 1;
    uint64_t last = add(value, add(above, more)).high / one;
    uint64_t near = (subtract(value, tie).high + one / 2) / one;
    return (struct decimal){shortest(first, near, last), k};
}

/* Text ----------------------------------------------------------------------------------- */

/* Digits as ASCII: one that is not 0, then eight and eight, times 10^e if read as d.ddd. */
struct ascii {
    char first;
    uint64_t next, last;
    unsigned count; /* up to the last digit that is not 0 */
    int e;
};

#define ZEROS 0x3030303030303030

/* Two numbers below 10^4 as eight digits in memory's order, one a byte: pairs, then digits. */
static inline uint64_t eight_digits(uint64_t high, uint64_t low) {
    uint64_t n = high | low << 32;
    uint64_t tens = (n * 10486 >> 20) & 0x0000007f0000007f; /* n / 100 */
    n = (n << 16) - (100 * 65536 - 1) * tens;
    tens = (n * 103 >> 10) & 0x000f000f000f000f; /* n / 10 */
    return (n << 8) - (10 * 256 - 1) * tens;
}

/* How many of eight digits there are up to the last one that is not 0. */
static inline unsigned count_digits(uint64_t digits) {
    return (unsigned)(70 - __builtin_clzll(digits << 1 | 1)) >> 3;
}

/* At most 9 digits. */
static inline struct ascii ascii_narrow(struct decimal d) {
    uint32_t n = (uint32_t)d.digits;
    /* To 9 digits: f16 and bf16 take one turn, f32 none; the rest nobody could predict. */
    while (n < 1000000) {
        bool few = n < 100000;
        n *= few ? 10000 : 10;
        d.k -= few ? 4 : 1;
    }
    unsigned ten = n < 100000000, hundred = n < 10000000;
    n += (uint32_t)(only_if(ten, 9 * n) + only_if(hundred, 90 * n));

    uint32_t first = n / 100000000, high = n / 10000, low = n % 10000;
    uint64_t next = eight_digits(high - 10000 * first, low);
    return (struct ascii){(char)('0' + first), next | ZEROS, ZEROS,
                          1 + count_digits(next), d.k + 8 - (int)(ten + hundred)};
}

/* At most 17 digits. */
static inline struct ascii ascii_wide(struct decimal d) {
    uint64_t n = d.digits;
    for (; n < 1000000000000000; d.k--) n *= 10; /* few but subnormal numbers */
    unsigned ten = n < 10000000000000000;
    n += only_if(ten, 9 * n);

    uint64_t first = n / 10000000000000000, high = n / 100000000;
    uint32_t middle = (uint32_t)(high - 100000000 * first);
    uint32_t low = (uint32_t)(n - 100000000 * high);
    uint64_t next = eight_digits(middle / 10000, middle % 10000);
    uint64_t last = eight_digits(low / 10000, low % 10000);
    return (struct ascii){(char)('0' + first), next | ZEROS, last | ZEROS,
                          last ? 9 + count_digits(last) : 1 + count_digits(next),
                          d.k + 16 - (int)ten};
}

static inline char *put8(char *at, uint64_t eight) {
    memcpy(at, &eight, 8);
    return at + 8;
}

/* 0.000ddd */
static inline char *put_small(char *at, struct ascii a) {
    put8(at, ZEROS);
    at[1] = '.';
    at += 1 - a.e;
    *at = a.first;
    put8(put8(at + 1, a.next), a.last);
    return at + a.count;
}

/* ddd.ddd, ddd000.0 */
static inline char *put_fixed(char *at, struct ascii a) {
    unsigned whole = (unsigned)a.e + 1;
    *at = a.first;
    put8(put8(at + 1, a.next), a.last);
    at += whole;
    *at++ = '.';
    if (whole <= 8) {
        unsigned bits = 8 * (whole - 1);
        at = put8(at, a.next >> bits | a.last << 1 << (63 - bits));
        at = put8(at, a.last >> bits) - 16;
    } else {
        put8(at, a.last >> (8 * (whole - 9)));
    }
    return at + (a.count > whole ? a.count - whole : 1);
}

/* d.ddde-XX, de+XX */
static inline char *put_scientific(char *at, struct ascii a) {
    *at++ = a.first;
    *at = '.';
    put8(put8(at + 1, a.next), a.last);
    at += a.count > 1 ? a.count : 0;
    unsigned size = (unsigned)(a.e < 0 ? -a.e : a.e);
    *at++ = 'e';
    *at++ = a.e < 0 ? '-' : '+';
    if (size >= 100) {
        *at++ = (char)('0' + size / 100);
        size %= 100;
    }
    *at++ = (char)('0' + size / 10);
    *at++ = (char)('0' + size % 10);
    return at;
}

static inline size_t put(char *out, unsigned negative, struct ascii a) {
    char *at = out;
    *at = '-';
    at += negative;
    if (a.e >= -4 && a.e < 0) {
        at = put_small(at, a);
    } else if (a.e >= 0 && a.e < 16) {
        at = put_fixed(at, a);
    } else {
        at = put_scientific(at, a);
    }
    return (size_t)(at - out);
}

static size_t put_zero(char *out, unsigned negative) {
    memcpy(out, negative ? "-0.0" : "0.0 ", 4);
    return 3 + negative;
}

/* ---------------------------------------------------------------------------------------- */

static inline struct binary binary_f32(uint32_t bits) {
    uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23 & 0xff;
    uint32_t normal = exponent > 0;
    /*
     * "fraction == 0" as gcc compiles it writes one byte of a register, and so waits for what
     * the call before left there: a fifth of the speed.
     */
    uint32_t irregular = (fraction - 1) >> 31 & (exponent > 1);
    return (struct binary){normal << 23 | fraction, (int)(exponent - 149 - normal),
                           irregular};
}

static inline struct binary binary_f64(uint64_t bits) {
    uint64_t fraction = bits & 0xfffffffffffff, exponent = bits >> 52 & 0x7ff;
    uint64_t normal = exponent > 0;
    return (struct binary){normal << 52 | fraction, (int)(exponent - 1074 - normal),
                           fraction == 0 && exponent > 1};
}

size_t ti_decimal_f32(float value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct binary x = binary_f32(bits);
    if (x.c == 0) return put_zero(out, bits >> 31);
    return put(out, bits >> 31, ascii_narrow(decimal_narrow(x)));
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
    return put(out, bits >> 31, ascii_narrow(decimal_narrow(x)));
}

size_t ti_decimal_f64(double value, char out[TI_DECIMAL_BYTES_MAX]) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct binary x = binary_f64(bits);
    if (x.c == 0) return put_zero(out, (unsigned)(bits >> 63));
    return put(out, (unsigned)(bits >> 63), ascii_wide(decimal_wide(x)));
}
