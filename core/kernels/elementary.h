/* SPDX-License-Identifier: MIT */
/*
 * exp, expm1, log, sin and cos in binary64, by the operations of docs/SPEC.md, "Elementary
 * functions", alone: the same bits everywhere, within 4 ulp of the exact values. For places and
 * distributions whose elements need them one by one; libm's differ between systems.
 */
#ifndef TI_ELEMENTARY_H
#define TI_ELEMENTARY_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* LN2_HIGH has 21 zeros at its end, so that its multiples are exact. */
#define TI_LN2_HIGH 0x1.62e42feep-1
#define TI_LN2_LOW 0x1.a39ef35793c76p-33

/* The largest argument of sin and cos. */
#define TI_SIN_MAX 0x1p24

/* 2^n, -1022 <= n <= 1023. */
static inline double ti_two_to(int64_t n) {
    const uint64_t bits = (uint64_t)(n + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Sum of c[k] * x^k, k = 0 ... n - 1, by Horner's rule. */
static inline double ti_horner(double x, const double *c, size_t n) {
    double sum = c[n - 1];
    while (n-- > 1) sum = c[n - 1] + x * sum;
    return sum;
}

/* 1 / k! */
#define TI_FACTORIALS                                                                    \
    {                                                                                    \
        1.0, 1.0, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0, 1 / 5040.0,          \
            1 / 40320.0, 1 / 362880.0, 1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0,   \
            1 / 6227020800.0, 1 / 87178291200.0, 1 / 1307674368000.0,                    \
    }

/* 0 below -745, infinity above 710. */
static inline double ti_exp(double x) {
    static const double c[] = TI_FACTORIALS;
    if (x < -745) return 0;
    if (x > 710) return INFINITY;
    const double n = floor(x * 0x1.71547652b82fep+0 + 0.5);
    const double r = (x - n * TI_LN2_HIGH) - n * TI_LN2_LOW;
    const int64_t half = (int64_t)floor(n / 2);
    return ti_horner(r, c, 14) * ti_two_to(half) * ti_two_to((int64_t)n - half);
}

static inline double ti_expm1(double x) {
    static const double c[] = TI_FACTORIALS;
    if (fabs(x) >= 0.5) return ti_exp(x) - 1;
    return x + x * x * ti_horner(x, c + 2, 14);
}

/* Of positive numbers. */
static inline double ti_log(double x) {
    static const double c[] = {1 / 3.0,  1 / 5.0,  1 / 7.0,  1 / 9.0,  1 / 11.0, 1 / 13.0,
                               1 / 15.0, 1 / 17.0, 1 / 19.0, 1 / 21.0, 1 / 23.0};
    int e = 0;
    double m = frexp(x, &e); /* exact */
    if (m < 0x1.6a09e667f3bcdp-1) m = 2 * m, e--;
    const double s = (m - 1) / (m + 1), z = s * s;
    const double log_m = 2 * s + 2 * s * (z * ti_horner(z, c, 11));
    return e * TI_LN2_HIGH + (log_m + e * TI_LN2_LOW);
}

/* sin(x + quarter * pi / 2) for x from 0 to TI_SIN_MAX. */
static inline double ti_sin_shifted(double x, int64_t quarter) {
    /* (-1)^k / (2k + 1)! from k = 1 on, and / (2k)! */
    static const double odd[] = {
        -1 / 6.0,        1 / 120.0,        -1 / 5040.0,          1 / 362880.0,
        -1 / 39916800.0, 1 / 6227020800.0, -1 / 1307674368000.0, 1 / 355687428096000.0};
    static const double even[] = {-1 / 2.0,
                                  1 / 24.0,
                                  -1 / 720.0,
                                  1 / 40320.0,
                                  -1 / 3628800.0,
                                  1 / 479001600.0,
                                  -1 / 87178291200.0,
                                  1 / 20922789888000.0,
                                  -1 / 6402373705728000.0};
    /* pi / 2 in parts of 29 bits, whose multiples by n are exact, and a rest */
    const double n = floor(x * 0x1.45f306dc9c883p-1 + 0.5);
    const double r =
        (((x - n * 0x1.921fb54p+0) - n * 0x1.10b4611p-30) - n * 0x1.4c4c662p-59) -
        n * 0x1.1701b839a252p-88;
    const double z = r * r;
    const int64_t q = ((int64_t)n + quarter) & 3;
    const double y =
        q & 1 ? 1 + z * ti_horner(z, even, 9) : r + r * (z * ti_horner(z, odd, 8));
    return q & 2 ? -y : y;
}

#endif
