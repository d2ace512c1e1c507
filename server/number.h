/* SPDX-License-Identifier: MIT */
/*
 * Decimal text of binary64 numbers for header fields and documents.
 */
#ifndef TID_NUMBER_H
#define TID_NUMBER_H

/* Enough for any finite number, with its NUL. */
#define TID_NUMBER_BYTES 32

/*
 * The fewest of 15, 16 or 17 significant digits that read back as 'value', which must be
 * finite.
 */
int tid_number_digits(double value);

/* Writes 'value', which must be finite, with that many digits; returns 'text'. */
const char *tid_number_text(double value, char text[TID_NUMBER_BYTES]);

#endif
