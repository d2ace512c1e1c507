/* SPDX-License-Identifier: MIT */
/*
 * P-values, and the count of tests that tests/long/statistics makes. All input is fixed, so a result
 * is always the same; a test fails if its p-value is outside [1e-6, 1 - 1e-6].
 */
#ifndef TEST_STATISTICS_H
#define TEST_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#define P_MIN 1e-6

/* Chi-square of counts against expected ones; bins of less than 5 expected are joined. */
double p_chi_square(const uint64_t *count, const double *expected, size_t bins);

/* The same with all bins alike. */
double p_even(const uint64_t *count, size_t bins);

/* Two-sided, of a standard normal; Kolmogorov's limit of the statistic sqrt(n) D. */
double p_normal(double z);
double p_kolmogorov(double d, size_t n);

/* Counts a test, and prints it if it fails; all are printed if VERBOSE is in the environment. */
void test_note(const char *stream, const char *test, double p);

/* Prints the sum; the program's exit code. */
int test_sum(void);

#endif
