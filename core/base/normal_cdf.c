/* SPDX-License-Identifier: MIT */
/*
 * The normal distribution function in double-double arithmetic: see normal_cdf.h.
 *
 * A double-double is the unevaluated sum of two binary64 numbers, about 104 bits (Dekker,
 * "A floating-point technique for extending the available precision", 1971; Knuth, TAOCP
 * 2, 4.2.2). Slow, but a plan needs only a few calls, and no function of libm, whose
 * results differ between systems.
 */
#include "core/base/normal_cdf.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct dd {
    double high, low;
};

static const struct dd dd_one = {1, 0};
static const struct dd dd_ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const struct dd dd_inverse_sqrt_2pi = {0x1.9884533d43651p-2,
                                              -0x1.cbc0d30ebfd15p-56};

static struct dd dd_fast_sum(double a, double b) { /* |a| >= |b| */
    struct dd r = {a + b, 0};
    r.low = b - (r.high - a);
    return r;
}

static struct dd dd_sum(double a, double b) {
    struct dd r = {a + b, 0};
    double part = r.high - a;
    r.low = (a - (r.high - part)) + (b - part);
    return r;
}

static void split(double a, double *high, double *low) {
    double c = 134217729.0 * a; /* 2^27 + 1 */
    *high = c - (c - a);
    *low = a - *high;
}

static struct dd dd_product(double a, double b) {
    struct dd r = {a * b, 0};
    double ah, al, bh, bl;
    split(a, &ah, &al);
    split(b, &bh, &bl);
    r.low = ((ah * bh - r.high) + ah * bl + al * bh) + al * bl;
    return r;
}

static struct dd dd_add(struct dd a, struct dd b) {
    struct dd s = dd_sum(a.high, b.high);
    return dd_fast_sum(s.high, s.low + (a.low + b.low));
}

static struct dd dd_sub(struct dd a, struct dd b) {
    struct dd minus = {-b.high, -b.low};
    return dd_add(a, minus);
}

static struct dd dd_mul(struct dd a, struct dd b) {
    struct dd p = dd_product(a.high, b.high);
    return dd_fast_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static struct dd dd_div(struct dd a, struct dd b) {
    struct dd q1 = {a.high / b.high, 0};
    struct dd rest = dd_sub(a, dd_mul(q1, b));
    struct dd q2 = {rest.high / b.high, 0};
    rest = dd_sub(rest, dd_mul(q2, b));
    struct dd q3 = {rest.high / b.high, 0};
    return dd_add(dd_fast_sum(q1.high, q2.high), q3);
}

static struct dd dd_of(double a) {
    struct dd r = {a, 0};
    return r;
}

/* 2^n for normal results. */
static double power_of_two(int n) {
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* exp(x) for -700 <= x <= 0: x = n ln 2 + r, then 28 terms of the series in r. */
static struct dd dd_exp(struct dd x) {
    /* The conversion truncates: to nearest, since x is negative. */
    int n = (int)(x.high / dd_ln2.high - 0.5);
    struct dd r = dd_sub(x, dd_mul(dd_of(n), dd_ln2));
    struct dd sum = dd_one;
    for (int k = 28; k >= 1; k--) {
        sum = dd_add(dd_one, dd_mul(dd_div(r, dd_of(k)), sum));
    }
    struct dd result = {sum.high * power_of_two(n), sum.low * power_of_two(n)};
    return result;
}

/* Density of the standard normal; 0 beyond 37, where no mass is left in binary64. */
static struct dd density(double x) {
    if (!(x > -37 && x < 37)) return dd_of(0);
    struct dd square = dd_product(x, x);
    struct dd half = {-0.5 * square.high, -0.5 * square.low};
    return dd_mul(dd_exp(half), dd_inverse_sqrt_2pi);
}

/* Mass between 0 and x, 0 <= x < 6: density * (x + x^3/3 + x^5/(3 5) + ...), all
   positive. */
static struct dd mass_from_zero(double x) {
    struct dd square = dd_product(x, x), term = dd_of(x), sum = term;
    for (int k = 1; k <= 120; k++) {
        term = dd_div(dd_mul(term, square), dd_of(2 * k + 1));
        sum = dd_add(sum, term);
    }
    return dd_mul(density(x), sum);
}

/* Mass above x >= 6: density / (x + 1/(x + 2/(x + 3/(x + ...)))), Laplace's fraction. */
static struct dd far_tail(double x) {
    struct dd fraction = dd_of(x);
    for (int k = 100; k >= 1; k--) {
        fraction = dd_add(dd_of(x), dd_div(dd_of(k), fraction));
    }
    return dd_div(density(x), fraction);
}

static struct dd tail(double x) {
    if (x < 0) return dd_sub(dd_one, tail(-x));
    if (x < 6) return dd_sub(dd_of(0.5), mass_from_zero(x));
    return x < 37 ? far_tail(x) : dd_of(0);
}

static struct dd mass(double low, double high) {
    if (low == -high && high < 6) {
        struct dd half = mass_from_zero(high); /* nothing cancels */
        return dd_add(half, half);
    }
    return low > 0 ? dd_sub(tail(low), tail(high)) : dd_sub(tail(-high), tail(-low));
}

double ti_normal_tail(double x) {
    /* The formula takes 10 microseconds. */
    return x == 2 ? TI_NORMAL_TAIL_2 : tail(x).high;
}

double ti_normal_mass(double low, double high) { return mass(low, high).high; }

/* x times its density. */
static struct dd moment(double x) {
    return x > -37 && x < 37 ? dd_mul(dd_of(x), density(x)) : dd_of(0);
}

void ti_normal_moments(double low, double high, double *mean, double *std) {
    if (low == -2 && high == 2) {
        *mean = 0;
        *std = TI_NORMAL_TAU_2;
        return;
    }
    struct dd all = mass(low, high);
    struct dd first = dd_div(dd_sub(density(low), density(high)), all);
    struct dd second = dd_div(dd_sub(moment(low), moment(high)), all);
    struct dd variance = dd_sub(dd_add(dd_one, second), dd_mul(first, first));
    *mean = first.high;
    *std = sqrt(variance.high);
}

/* Plain binary64 ------------------------------------------------------------------------ */

/* exp(-x^2 / 2) / sqrt(2 pi), 0 <= x < 37. */
static double fast_density(double x) {
    const double exponent = -0.5 * x * x;
    const int n = (int)(exponent / dd_ln2.high - 0.5);
    const double r = (exponent - n * dd_ln2.high) - n * dd_ln2.low;
    double sum = 1;
    for (int k = 18; k >= 1; k--) sum = 1 + r / k * sum;
    return sum * power_of_two(n) * dd_inverse_sqrt_2pi.high;
}

/* The tail above x >= 0, by the formulas above. */
static double fast_tail(double x) {
    if (!(x < 37)) return 0;
    if (x < 6) {
        double term = x, sum = x;
        for (int k = 1; term > 0x1p-55 * sum; k++) {
            term = term * x * x / (2 * k + 1);
            sum += term;
        }
        return 0.5 - fast_density(x) * sum;
    }
    double fraction = x;
    for (int k = 40; k >= 1; k--) fraction = x + k / fraction;
    return fast_density(x) / fraction;
}

double ti_normal_mass_fast(double low, double high) {
    if (low >= 0) return fast_tail(low) - fast_tail(high);
    if (high <= 0) return fast_tail(-high) - fast_tail(-low);
    return 1 - fast_tail(-low) - fast_tail(high);
}
