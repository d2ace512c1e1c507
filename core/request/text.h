/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing numbers, lists and pairs in requests. Readers are strict: they take
 * the whole text or nothing, allow no white space and do not depend on locale or rounding
 * mode. They return false, and leave the result untouched, if the text is not well
 * formed. Texts are 'n' bytes long and need no NUL.
 */
#ifndef TI_TEXT_H
#define TI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Max bytes of a decimal number: enough for any binary64 written out in full. */
#define TI_TEXT_NUMBER_MAX 1100

/* Whether the text is 'word', which is NUL-terminated. */
bool ti_text_is(const char *text, size_t n, const char *word);

/* Decimal digits, at most 2^64-1. */
bool ti_text_u64(const char *text, size_t n, uint64_t *value);

/* -2^63 to 2^63-1 in decimal, with or without a sign. */
bool ti_text_i64(const char *text, size_t n, int64_t *value);

/* -2^63 to 2^64-1 in decimal (negative: two's complement), or 0x and 1 to 16 hex
   digits. */
bool ti_text_seed(const char *text, size_t n, uint64_t *value);

/*
 * A decimal number such as "-1.5e-3", correctly rounded to binary64. Hexadecimal, words
 * and numbers that round to infinity are not valid.
 */
bool ti_text_number(const char *text, size_t n, double *value);

/* Whether the text is well formed as such a number, of whatever size. */
bool ti_text_is_number(const char *text, size_t n);

/* A list of fields between separators. "1," has two fields, the second one empty. */
struct ti_text_list {
    /* the fields not read yet; 'at' is NULL after the last one */
    const char *at, *end;
};

/* The list in a NUL-terminated text; no fields if it is empty. */
struct ti_text_list ti_text_list(const char *text);

/* Reads the next field; false if there is none. */
bool ti_text_next(struct ti_text_list *list, char separator, const char **field,
                  size_t *n);

/* A field "name=value". */
struct ti_text_pair {
    const char *name;
    size_t name_bytes;
    /* NULL if the field has no '=' */
    const char *value;
    size_t value_bytes;
};

/* Splits a field at its first '='. */
struct ti_text_pair ti_text_split(const char *field, size_t n);

/* Reads the next pair of "a=1&b=2"; false if there is none. Decodes nothing. */
bool ti_text_next_pair(struct ti_text_list *list, struct ti_text_pair *pair);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL. */
bool ti_text_is_utf8(const char *text, size_t n);

/* Writes a word or a number without a NUL; returns the length, at most 20 for a
   number. */
size_t ti_text_put(const char *word, char *out);
size_t ti_text_put_u64(uint64_t value, char *out);

/* Writes "2,3,4" in the same way; nothing for no numbers. */
size_t ti_text_put_list(const uint64_t *values, unsigned count, char *out);

/* Bytes of a text in an error, with the NUL. */
#define TI_SHOWN_BYTES 65

/* Copies the beginning of a text from a request; a NUL in it becomes '?'. */
void ti_text_show(const char *text, size_t n, char *out, size_t capacity);

/* The value of a hexadecimal digit; -1 for other characters. */
int ti_text_hex(char c);

#endif
