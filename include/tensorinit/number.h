/* SPDX-License-Identifier: MIT */
/*
 * The text of a number, the same in canonical queries, headers, plans and commands.
 */
#ifndef TENSORINIT_NUMBER_H
#define TENSORINIT_NUMBER_H

#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Size of the buffer for ti_number_text(), with the terminating NUL. */
#define TI_NUMBER_TEXT_BYTES 32

/*
 * Writes the shortest decimal that reads back as the same binary64, NUL-terminated and
 * spelled as docs/SPEC.md section 11 says: "2", "0.02", "1e16", "1e-07"; or "nan", "inf",
 * "-inf".
 *
 * Returns the length in bytes, without the NUL. Independent of locale and rounding mode;
 * allocates nothing.
 */
TI_API size_t ti_number_text(double value, char out[TI_NUMBER_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
