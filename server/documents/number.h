/* SPDX-License-Identifier: MIT */
/*
 * Decimal text of numbers for header fields and documents. Every request needs a handful,
 * and printf() is slow at that.
 */
#ifndef TID_NUMBER_H
#define TID_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Enough for any number below, with its NUL. */
#define TID_NUMBER_BYTES 32

/* Each of these writes text and a NUL and returns the length. */
size_t tid_number_u64(uint64_t value, char text[TID_NUMBER_BYTES]);

/* "0x" and 16 digits. */
size_t tid_number_hex(uint64_t value, char text[TID_NUMBER_BYTES]);

/*
 * The fewest of 15, 16 or 17 significant digits that read back as 'value', which must be
 * finite. 'digits', if not NULL, is told how many that were.
 */
size_t tid_number_real(double value, char text[TID_NUMBER_BYTES], int *digits);

#endif
