/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers and characters, strictly: the whole text or nothing, no white space, any
 * locale, any rounding mode. Each returns false, and leaves the result alone, if the text is
 * not of its form.
 */
#ifndef TI_TEXT_H
#define TI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest decimal number that is read: enough for any binary64 written out in full. */
#define TI_TEXT_NUMBER_MAX 1100

bool ti_text_is(const char *text, size_t n, const char *word);

/* Decimal digits, at most 2^64-1. */
bool ti_text_u64(const char *text, size_t n, uint64_t *value);

/* -2^63 to 2^63-1 in decimal, with or without a sign. */
bool ti_text_i64(const char *text, size_t n, int64_t *value);

/* -2^63 to 2^64-1 in decimal (negative: two's complement), or 0x and 1 to 16 hex digits. */
bool ti_text_seed(const char *text, size_t n, uint64_t *value);

/*
 * A decimal number, "-1.5e-3", correctly rounded to binary64. No hexadecimal, no words; what
 * would round to infinity is refused.
 */
bool ti_text_number(const char *text, size_t n, double *value);

/*
 * Fields between separators. Takes the next one; false if there is none left. A separator is
 * always followed by a field: "1," has two, the second of them empty.
 */
struct ti_text_list {
    const char *at, *end; /* 'at' is NULL when the last field has been taken */
};
bool ti_text_next(struct ti_text_list *list, char separator, const char **field,
                  size_t *n);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL. */
bool ti_text_is_utf8(const char *text, size_t n);

/* Writes a word or a number without a NUL; returns the length, at most 20 for a number. */
size_t ti_text_put(const char *word, char *out);
size_t ti_text_put_u64(uint64_t value, char *out);

/* The value of a hexadecimal digit, -1 if it is none. */
int ti_text_hex(char c);

#endif
