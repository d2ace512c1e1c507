/* SPDX-License-Identifier: MIT */
/*
 * Expected values, computed in another way than by the core: Philox from the paper's
 * definition, the normal quantile from the C library's erfc(), narrow types by real
 * arithmetic. Includes no header of the core.
 */
#ifndef TEST_ORACLE_H
#define TEST_ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* One block of Philox4x32-10. */
void oracle_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The 32-bit word of an element in a lane, as docs/SPEC.md section 2 numbers them. */
uint32_t oracle_word(uint64_t seed, uint64_t stream, unsigned lane, uint64_t elem);

/*
 * The error z - exact, where 'exact' is the positive number beyond which the standard
 * normal has the mass 'tail', 0 < tail < 1/2. About 1e-18 of long double arithmetic where
 * that is wider than binary64 (ORACLE_IS_WIDE), else 1e-15.
 */
double oracle_error(double z, long double tail);

#include <float.h>
#define ORACLE_IS_F64 (LDBL_MANT_DIG >= 64)

/*
 * The quantiles of a run of tails q(i) = first + i * step, i = 0 ... count-1, as binary64
 * numbers within 2e-15 for count * step at most first / 1000. A Taylor series about the
 * middle, which is found by Halley's method on erfc.
 */
void oracle_run(double first, double step, size_t count, double *exact);

/*
 * A narrow type: sign, exponent and 'fraction_bits' of fraction. 'limit' is the smallest
 * |x| that does not round to a finite number of the type.
 */
struct oracle_type {
    const char *name;
    int fraction_bits, bias;
    double limit;
};

/* f16, bf16, f8_e4m3, f8_e5m2; a name of NULL ends the list. */
extern const struct oracle_type oracle_types[];

/* The type of that name; NULL if there is none. */
const struct oracle_type *oracle_type_of(const char *name);

/* x, below the limit, rounded to the type to nearest even; a number of the type. */
uint16_t oracle_narrow(const struct oracle_type *type, float x);
double oracle_value(const struct oracle_type *type, uint16_t bits);

#endif
