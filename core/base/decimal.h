/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal of a floating-point number: the min digits that read back (round
 * to nearest even) as the same value of its type, and of those the closest to it. Written as
 * Python's repr does: "0.0", "-1.5", "1e-07", "100000.0", "1e+16". The writer of JSON bodies
 * calls it once per number.
 *
 * Integers only: no locale, no rounding mode, no allocation. Values must be finite.
 */
#ifndef TI_DECIMAL_H
#define TI_DECIMAL_H

#include <stddef.h>

/*
 * Capacity that 'out' must have. The text, without a NUL, takes 24 bytes at most
 * ("-2.2250738585072014e-308"), of binary32 and narrower types 19 ("-1234567900000000.0");
 * behind it a call may leave rubbish.
 */
#define TI_DECIMAL_BYTES_MAX 32

/* A binary type that binary32 contains, subnormals included. */
struct ti_decimal_type {
    int significand_bits; /* with the leading one */
    int exponent_min;     /* of the smallest positive value, a power of two */
};

#define TI_DECIMAL_F16 ((struct ti_decimal_type){11, -24})
#define TI_DECIMAL_BF16 ((struct ti_decimal_type){8, -133})
#define TI_DECIMAL_F8_E4M3 ((struct ti_decimal_type){4, -9})
#define TI_DECIMAL_F8_E5M2 ((struct ti_decimal_type){3, -16})

/* Each returns the length of the text in bytes. */
size_t ti_decimal_f64(double value, char out[TI_DECIMAL_BYTES_MAX]);
size_t ti_decimal_f32(float value, char out[TI_DECIMAL_BYTES_MAX]);

/* 'value' is one of 'type': 0.1 of bf16 is 0.10009765625f, and its text is "0.1". */
size_t ti_decimal_narrow(float value, struct ti_decimal_type type,
                         char out[TI_DECIMAL_BYTES_MAX]);

#endif
