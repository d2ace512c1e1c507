/* SPDX-License-Identifier: MIT */
/*
 * The text of a number: one spelling in canonical queries, headers, plans and commands.
 */
#ifndef TENSORINIT_NUMBER_H
#define TENSORINIT_NUMBER_H

#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that ti_number_text() may use of 'out', the terminating NUL included. */
#define TI_NUMBER_TEXT_BYTES 32

/*
 * Writes the shortest decimal that reads back as the same binary64, as docs/SPEC.md section 11
 * spells it: "2", "0.02", "1e16", "1e-07"; "nan", "inf" and "-inf" for what is not finite.
 *
 * Returns the length in bytes, without the NUL. No locale, no rounding mode, no allocation.
 */
TI_API size_t ti_number_text(double value, char out[TI_NUMBER_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
