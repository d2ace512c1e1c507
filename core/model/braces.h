/* SPDX-License-Identifier: MIT */
/*
 * Texts with alternatives in braces, which stand for several: "h.{0..11}.{q,k}" for 24. Keys
 * of a manifest and names of streams are such texts; manifest_names.c makes them names.
 */
#ifndef TI_BRACES_H
#define TI_BRACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/status.h>

/* Max number of pairs of braces in a text, and max bytes of one. */
#define TI_BRACES_MAX 16
#define TI_BRACES_TEXT_BYTES_MAX ((size_t)16 << 20)

/* A pair of braces and the literal text before it. */
struct ti_brace {
    uint32_t literal, literal_bytes;
    /* what is between the braces */
    uint32_t inside, inside_bytes;
    /* number of alternatives */
    uint64_t count;
    /* a range's first number, if there are no items */
    uint64_t low;
    /* where each alternative of a list begins, and one past the last */
    uint32_t *items;
};

struct ti_braces {
    /* behind the pairs, in the same block */
    char *text;
    /* pairs of braces; 'pairs' has one more for the literal text after the last */
    unsigned count;
    struct ti_brace *pairs;
};

/*
 * Parses a text, of which it makes a copy. 'what' is what error messages call it.
 *
 *   literal  braces have no meaning
 *
 * Returns TI_OK, TI_EVALUE or TI_ENOMEM ('braces' is untouched).
 */
enum ti_status ti_braces_parse(const char *text, bool literal, const char *what,
                               struct ti_braces *braces, struct ti_error *error);
void ti_braces_clear(struct ti_braces *braces);

/* Memory that it uses, besides the struct itself. */
size_t ti_braces_memory_bytes(const struct ti_braces *braces);

/* The number of texts; UINT64_MAX if it is larger than 'max'. */
uint64_t ti_braces_total(const struct ti_braces *braces, uint64_t max);

/* Whether both have the same literal text before the same pair of braces. */
bool ti_braces_same_pair(const struct ti_braces *a, const struct ti_braces *b,
                         unsigned pair);

/*
 * Writes the text with an alternative for each pair of braces, NUL-terminated. Returns its
 * length; SIZE_MAX if it does not fit. 'choices' has a number for each pair, from 0.
 */
size_t ti_braces_write(const struct ti_braces *braces, const uint64_t *choices, char *out,
                       size_t capacity);

#endif
