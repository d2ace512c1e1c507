/* SPDX-License-Identifier: MIT */
/*
 * The text of integers, for header fields and documents. Every request writes a handful,
 * and printf() is slow at that. Reals: <tensorinit/number.h>.
 */
#ifndef TID_DIGITS_H
#define TID_DIGITS_H

#include <stddef.h>
#include <stdint.h>

/* Enough for any integer, with its NUL. */
#define TID_DIGITS_BYTES 24

/* Both write the text and a NUL, and return the length without the NUL. */
size_t tid_digits_u64(uint64_t value, char text[TID_DIGITS_BYTES]);

/* "0x" and 16 digits. */
size_t tid_digits_hex(uint64_t value, char text[TID_DIGITS_BYTES]);

#endif
