/* SPDX-License-Identifier: MIT */
/*
 * The decimal of every finite binary32 number, checked by exact integer arithmetic that
 * shares nothing with core/base/decimal.c: the text has Python's form; it lies in the
 * rounding interval of the number, so that it reads back as the same bits; no shorter
 * decimal does; none of the same length is closer.
 *
 * The numbers c * 2^q of an exponent q are visited in order. In units of 10^unit / 4, a
 * power of ten well below their spacing, the value and the ends of its interval are n * X
 * with X = 2^q / 10^unit; going from one number to the next adds 4 X to each, which is
 * exact for the integer part and the remainder.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/decimal.h"
#include "support/parallel.h"

#define EXPONENTS 255

__extension__ typedef unsigned __int128 u128;

static int faults;

/* Exact positions -------------------------------------------------------------------- */

/* integer + rest / scale */
struct position {
    uint64_t integer;
    u128 rest;
};

struct grid {
    int unit;
    u128 scale;
    struct position x; /* 2^q / 10^unit */
};

static struct position plus(const struct grid *grid, struct position a,
                            struct position b) {
    struct position sum = {a.integer + b.integer, a.rest + b.rest};
    if (sum.rest >= grid->scale) {
        sum.rest -= grid->scale;
        sum.integer++;
    }
    return sum;
}

static struct position times_x(const struct grid *grid, uint64_t n) {
    struct position product = {0, 0};
    for (int bit = 63; bit >= 0; bit--) {
        product = plus(grid, product, product);
        if (n >> bit & 1) product = plus(grid, product, grid->x);
    }
    return product;
}

static u128 pow5(int n) { return n ? 5 * pow5(n - 1) : 1; }

static struct grid grid_of(int q) {
    struct grid grid;
    grid.unit = q * 30103 / 100000 - 2;
    int e = -grid.unit;
    u128 dividend = 1, divisor = 1; /* 2^q * 10^e = 2^(q + e) * 5^e */
    *(e >= 0 ? &dividend : &divisor) = pow5(abs(e));
    *(q + e >= 0 ? &dividend : &divisor) <<= abs(q + e);
    grid.scale = divisor;
    grid.x = (struct position){(uint64_t)(dividend / divisor), dividend % divisor};
    return grid;
}

/* -1, 0, 1: the position is below, at or above n. */
static int compare(struct position a, uint64_t n) {
    if (a.integer != n) return a.integer < n ? -1 : 1;
    return a.rest != 0;
}

/* The value and the ends of its rounding interval, in quarters of a unit. */
struct interval {
    struct position low, value, high;
    bool closed;
};

static bool contains(const struct interval *interval, uint64_t quarters) {
    int low = compare(interval->low, quarters), high = compare(interval->high, quarters);
    return interval->closed ? low <= 0 && high >= 0 : low < 0 && high > 0;
}

/* Text ------------------------------------------------------------------------------- */

static uint64_t ten_to[20];

/* A number of 'count' digits, the last one not 0: d.ddd * 10^e. */
struct decimal {
    uint64_t digits;
    int count, e;
};

/* Reads any form of a number other than 0; render() then checks the form. */
static bool parse(const char *text, size_t n, struct decimal *d) {
    size_t at = 0;
    bool point = false, negative = false;
    int shift = 0, e = 0;
    *d = (struct decimal){0, 1, 0};
    for (; at < n && text[at] != 'e'; at++) {
        if (text[at] == '.') {
            point = true;
            continue;
        }
        if (text[at] < '0' || text[at] > '9' || d->digits > UINT64_MAX / 11) return false;
        d->digits = 10 * d->digits + (uint64_t)(text[at] - '0');
        shift -= point;
    }
    if (at < n && ++at < n) negative = text[at++] == '-';
    for (; at < n; at++) {
        if (text[at] < '0' || text[at] > '9' || e > 99) return false;
        e = 10 * e + text[at] - '0';
    }
    if (d->digits == 0) return false;
    for (; d->digits % 10 == 0; shift++) d->digits /= 10;
    while (d->count < 20 && d->digits >= ten_to[d->count]) d->count++;
    d->e = shift + (negative ? -e : e) + d->count - 1;
    return true;
}

/* The form of Python's repr(). */
static size_t render(struct decimal d, char *out) {
    char digits[20], *at = out;
    for (int i = d.count; i-- > 0; d.digits /= 10)
        digits[i] = (char)('0' + d.digits % 10);
    if (d.e < -4 || d.e >= 16) {
        *at++ = digits[0];
        if (d.count > 1) *at++ = '.';
        for (int i = 1; i < d.count; i++) *at++ = digits[i];
        *at++ = 'e';
        *at++ = d.e < 0 ? '-' : '+';
        int size = abs(d.e);
        *at++ = (char)('0' + size / 10);
        *at++ = (char)('0' + size % 10);
        return (size_t)(at - out);
    }
    for (int place = d.e > 0 ? d.e : 0; place >= 0 || d.e - place < d.count; place--) {
        if (place == -1) *at++ = '.';
        int i = d.e - place;
        *at++ = i >= 0 && i < d.count ? digits[i] : '0';
        if (place == 0 && d.e + 1 >= d.count) {
            *at++ = '.';
            *at++ = '0';
        }
    }
    return (size_t)(at - out);
}

/* Checks ----------------------------------------------------------------------------- */

/* Whether the other decimal is valid, too, and closer; of two equally close ones the even
   one. */
static bool is_better(const struct interval *interval, uint64_t n, uint64_t other,
                      bool odd) {
    int side = compare(interval->value, 2 * (n + other)); /* of the middle, in quarters */
    if (other < n) side = -side;
    return contains(interval, 4 * other) && (side > 0 || (side == 0 && odd));
}

/* Why the decimal is not the shortest and closest, or NULL. */
static const char *judge(const struct grid *grid, const struct interval *interval,
                         struct decimal d) {
    int zeros = d.e - d.count + 1 - grid->unit;
    if (zeros < 0) return "too many digits";
    if (d.count > 9 || d.count + zeros > 18) return "out of proportion";
    uint64_t step = ten_to[zeros], n = step * d.digits; /* d = n * 10^unit */
    if (!contains(interval, 4 * n)) return "reads back as another number";

    /*
     * A shorter one would be a multiple of ten steps: if the interval reaches below the
     * power of ten that precedes n, where shorter ones are denser, it holds this power
     * too.
     */
    uint64_t below = n / (10 * step) * (10 * step);
    if (d.count > 1 &&
        (contains(interval, 4 * below) || contains(interval, 4 * (below + 10 * step))))
        return "a shorter one would do";

    /* The adjacent decimals of the same length, which are closer below a power of ten. */
    if (is_better(interval, n, n + step, d.digits % 2)) return "the next one is closer";
    if (is_better(interval, n, n - (d.digits == 1 ? step / 10 : step), d.digits % 2))
        return "the one before is closer";
    return NULL;
}

static const char *check(const struct grid *grid, const struct interval *interval,
                         uint32_t bits, char *text) {
    char negative[TI_DECIMAL_BYTES_MAX + 1], expected[40];
    struct decimal d;
    float value;
    memcpy(&value, &bits, sizeof value);
    size_t n = ti_decimal_f32(value, text);
    text[n] = '\0';
    if (!parse(text, n, &d)) return "not a number";
    if (render(d, expected) != n || memcmp(text, expected, n) != 0)
        return "not Python's form";
    if (ti_decimal_f32(-value, negative) != n + 1 || negative[0] != '-' ||
        memcmp(negative + 1, text, n) != 0)
        return "the negative number is not the same with a sign";
    return judge(grid, interval, d);
}

static void report(uint32_t bits, const char *text, const char *fault) {
    parallel_lock();
    if (faults++ < 10) printf("%08x: %s: %s\n", bits, text, fault);
    parallel_unlock();
}

static void check_exponent(void *unused, uint64_t chunk) {
    (void)unused;
    uint32_t exponent = (uint32_t)chunk;
    int q = (int)exponent - 150 + (exponent == 0);
    uint32_t hidden = exponent ? (uint32_t)1 << 23 : 0;
    struct grid grid = grid_of(q);
    struct position step = times_x(&grid, 4);
    struct interval interval;
    uint32_t c = hidden ? hidden : 1; /* 0 itself is left out */
    interval.value = times_x(&grid, 4 * (uint64_t)c);
    interval.low = times_x(&grid, 4 * (uint64_t)c - (exponent > 1 ? 1 : 2));
    interval.high = times_x(&grid, 4 * (uint64_t)c + 2);
    for (; c >> 23 == hidden >> 23; c++) {
        char text[TI_DECIMAL_BYTES_MAX + 1];
        uint32_t bits = exponent << 23 | (c - hidden);
        interval.closed = c % 2 == 0;
        const char *fault = check(&grid, &interval, bits, text);
        if (fault) report(bits, text, fault);
        interval.low = interval.high;
        interval.value = plus(&grid, interval.value, step);
        interval.high = plus(&grid, interval.high, step);
    }
}

int main(void) {
    char zero[TI_DECIMAL_BYTES_MAX];
    ten_to[0] = 1;
    for (int i = 1; i < 20; i++) ten_to[i] = 10 * ten_to[i - 1];
    if (ti_decimal_f32(0.0f, zero) != 3 || memcmp(zero, "0.0", 3) != 0) faults++;
    if (ti_decimal_f32(-0.0f, zero) != 4 || memcmp(zero, "-0.0", 4) != 0) faults++;
    parallel(EXPONENTS, check_exponent, NULL);
    printf("decimals of all finite binary32 numbers: %d faults\n", faults);
    return faults != 0;
}
