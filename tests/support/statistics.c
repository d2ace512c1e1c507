/* SPDX-License-Identifier: MIT */
/* P-values and their count: see statistics.h. */
#include "support/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int tests, failures;
static double min = 1, max = 0;

/*
 * The upper incomplete gamma function Q(a, x), regularized: its series below a + 1, else
 * its continued fraction (Abramowitz and Stegun 6.5.29 and 6.5.31).
 */
static double gamma_q(double a, double x) {
    const double factor = exp(a * log(x) - x - lgamma(a));
    if (x <= 0) return 1;
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (double k = a + 1; term > sum * 1e-16; k++) sum += term *= x / k;
        return 1 - sum * factor;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, fraction = d;
    for (int k = 1; k < 100000; k++) {
        const double numerator = -k * (k - a);
        b += 2;
        d = 1 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= d * c;
        if (fabs(d * c - 1) < 1e-15) break;
    }
    return fraction * factor;
}

/* The term of one bin. */
static double share(double count, double expected) {
    return (count - expected) * (count - expected) / expected;
}

double p_chi_square(const uint64_t *count, const double *expected, size_t bins) {
    double sum = 0, left = 0; /* expected in the bins from i on */
    size_t used = 0;
    for (size_t i = 0; i < bins; i++) left += expected[i];
    for (size_t i = 0; i < bins;) {
        double joined = 0, joined_expected = 0;
        while (i < bins && (joined_expected < 5 || left < 5)) {
            joined += (double)count[i];
            joined_expected += expected[i];
            left -= expected[i++];
        }
        sum += share(joined, joined_expected);
        used++;
    }
    return gamma_q((double)(used - 1) / 2, sum / 2);
}

double p_even(const uint64_t *count, size_t bins) {
    double total = 0, sum = 0;
    for (size_t i = 0; i < bins; i++) total += (double)count[i];
    const double expected = total / (double)bins;
    for (size_t i = 0; i < bins; i++) sum += share((double)count[i], expected);
    return gamma_q((double)(bins - 1) / 2, sum / 2);
}

double p_normal(double z) { return erfc(fabs(z) / sqrt(2)); }

double p_kolmogorov(double d, size_t n) {
    const double root = sqrt((double)n);
    const double x = (root + 0.12 + 0.11 / root) * d; /* Stephens' correction */
    double sum = 0;
    if (x < 0.2) return 1;
    for (int k = 1; k < 100; k++) sum += (k % 2 ? 2 : -2) * exp(-2 * k * k * x * x);
    return sum;
}

void test_note(const char *stream, const char *test, double p) {
    tests++;
    if (p < min) min = p;
    if (p > max) max = p;
    if (getenv("VERBOSE")) printf("%.6f %s, %s\n", p, stream, test);
    if (p >= P_MIN && p <= 1 - P_MIN) return;
    failures++;
    printf("FAILED: %s, %s: p = %.3g\n", stream, test, p);
}

int test_sum(void) {
    printf("%d tests, p from %.3g to 1 - %.3g, %d outside [%g, 1 - %g]\n", tests, min,
           1 - max, failures, P_MIN, P_MIN);
    return failures > 0;
}
