/* SPDX-License-Identifier: MIT */
/*
 * The few functions of the normal distribution that resolving a truncation needs, pinned:
 * double-double arithmetic of + - * / alone, every operation in docs/SPEC.md. Tail and mass
 * come out correctly rounded in all tests against mpmath, and are the same everywhere.
 */
#ifndef TI_NORMAL_CDF_H
#define TI_NORMAL_CDF_H

/* The tail above 2 and tau(2), which the formulas give as well (tests/unit/core). */
#define TI_NORMAL_TAIL_2 0x1.74bcf82c9d860p-6
#define TI_NORMAL_TAU_2 0.87962566103423978

/* Mass of the standard normal above x, any x including infinities. */
double ti_normal_tail(double x);

/* Mass between low < high. */
double ti_normal_mass(double low, double high);

/*
 * Mean and standard deviation of a standard normal cut to [low, high]; for low = -high the
 * mean is 0 and the standard deviation is tau(high), within 1 ulp. For intervals of some
 * 10^-5 sigmas beyond 5 sigmas cancellation leaves the standard deviation 6 digits.
 */
void ti_normal_moments(double low, double high, double *mean, double *std);

#endif
