/* SPDX-License-Identifier: MIT */
/* Expected values: see oracle.h. */
#include "support/oracle.h"

#include <math.h>
#include <string.h>

#define SQRT_HALF 0.707106781186547524400844362104849039L
#define SQRT_2PI 2.506628274631000502415765284811045253L

void oracle_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4], k[2] = {key[0], key[1]};
    memcpy(c, counter, sizeof c);
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
        const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1,
                                  (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9;
        k[1] += 0xBB67AE85;
    }
    memcpy(out, c, sizeof c);
}

uint32_t oracle_word(uint64_t seed, uint64_t stream, unsigned lane, uint64_t elem) {
    const uint64_t block = elem / 4 + ((uint64_t)lane << 62);
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32),
                                 (uint32_t)stream, (uint32_t)(stream >> 32)};
    uint32_t out[4];
    oracle_philox(counter, key, out);
    return out[elem % 4];
}

double oracle_error(double z, long double tail) {
    /* Newton's step from z, with the second-order term (Halley). */
    const long double x = z;
    const long double excess = tail - 0.5L * erfcl(x * SQRT_HALF);
    const long double step = excess * SQRT_2PI * expl(0.5L * x * x);
    return (double)(step / (1 + 0.5L * x * step));
}

/*
 * The quantile of one tail: Hastings' rough start (Abramowitz and Stegun 26.2.23, 5e-4),
 * then two steps of Halley's method, each of which triples the digits.
 */
static double quantile(double tail) {
    const double t = sqrt(-2 * log(tail));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int i = 0; i < 2; i++) {
        const double excess = tail - 0.5 * erfc(z * (double)SQRT_HALF);
        const double step = excess * (double)SQRT_2PI * exp(0.5 * z * z);
        z -= step / (1 + 0.5 * z * step);
    }
    return z;
}

void oracle_run(double first, double step, size_t count, double *exact) {
    const double middle = (double)(count - 1) / 2;
    const double z = quantile(first + step * middle);
    /* Derivatives by the mass; each is the last one's, with dz/dq = -1/density. */
    const double d = -(double)SQRT_2PI * exp(0.5 * z * z), d2 = d * d;
    const double c1 = d, c2 = z * d2 / 2, c3 = (1 + 2 * z * z) * d2 * d / 6;
    const double c4 = (7 + 6 * z * z) * z * d2 * d2 / 24;
    for (size_t i = 0; i < count; i++) {
        const double h = ((double)i - middle) * step;
        exact[i] = z + h * (c1 + h * (c2 + h * (c3 + h * c4)));
    }
}

/*
 * The last 464 of e4m3, halfway from 448 to what would be 480, belongs to 448: the limit
 * is the next binary32 number.
 */
const struct oracle_type oracle_types[] = {
    {"f16", 10, 15, 65520},
    {"bf16", 7, 127, 0x1.ffp127},
    {"f8_e4m3", 3, 7, 0x1.d00002p8},
    {"f8_e5m2", 2, 15, 61440},
    {NULL, 0, 0, 0},
};

/* 2^n for normal results, without the C library's cost. */
static double power_of_two(int n) {
    const uint64_t bits = (uint64_t)(n + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Exponent of a normal binary64 number. */
static int exponent_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (int)(bits >> 52 & 0x7ff) - 1023;
}

const struct oracle_type *oracle_type_of(const char *name) {
    for (const struct oracle_type *type = oracle_types; type->name; type++)
        if (strcmp(type->name, name) == 0) return type;
    return NULL;
}

/*
 * Rounds in binary64 to a multiple of the type's last place, by adding a number whose own
 * last place is 1. Codes of a type are in the order of the numbers, so the code is the
 * number of last places plus the codes of the octaves below.
 */
uint16_t oracle_narrow(const struct oracle_type *type, float x) {
    const double size = fabs((double)x), rounder = 0x1p52;
    const int min = 1 - type->bias; /* exponent of normal numbers */
    int exponent = size == 0 ? min : exponent_of(size);
    if (exponent < min) exponent = min;
    const double places = size * power_of_two(type->fraction_bits - exponent);
    const int rounded = (int)((places + rounder) - rounder);
    const int code = ((exponent - min) << type->fraction_bits) + rounded;
    const int sign_at = type->fraction_bits == 10 || type->bias == 127 ? 15 : 7;
    return (uint16_t)(code | (signbit(x) ? 1 << sign_at : 0));
}

double oracle_value(const struct oracle_type *type, uint16_t bits) {
    const int sign_at = type->fraction_bits == 10 || type->bias == 127 ? 15 : 7;
    const int code = bits & ((1 << sign_at) - 1);
    int exponent = code >> type->fraction_bits;
    int fraction = code & ((1 << type->fraction_bits) - 1);
    if (exponent == 0) {
        exponent = 1;
    } else {
        fraction += 1 << type->fraction_bits;
    }
    const double size = ldexp(fraction, exponent - type->bias - type->fraction_bits);
    return bits >> sign_at ? -size : size;
}
