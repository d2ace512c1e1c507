/* SPDX-License-Identifier: MIT */
/*
 * Spellings of values that can mean only one thing: spellings.def and docs/SPELLINGS.md.
 * typed_query.c rewrites values before they are read strictly.
 */
#ifndef TI_SPELLINGS_H
#define TI_SPELLINGS_H

#include <tensorinit/spellings.h>

#include "core/request/aliases.h"

/* What the meaning of a value depends on. */
struct ti_spelling_context {
    /* the framework's name of scheme=; NULL if there is none */
    const struct ti_alias *alias;
    /* dtype=bool: True and False are values of a constant */
    bool is_bool;
};

/*
 * Writes the plain form of a value to 'out', value_bytes + TI_SPELLING_GROWTH bytes, and
 * returns its length. A value without one is copied as it is.
 */
size_t ti_spelling_rewrite(enum ti_param param, const char *value, size_t value_bytes,
                           const struct ti_spelling_context *context, char *out);

/* How near a text is to another spelling of a dtype, as ti_near_distance(). */
unsigned ti_spelling_dtype_distance(const char *typed, size_t typed_bytes,
                                    const char *dtype, size_t dtype_bytes);

/* Whether a parameter may be given once for each item: shape=512&shape=784. */
bool ti_spelling_is_list(enum ti_param param);

/* The text without blanks at both ends. */
void ti_spelling_trim(const char **text, size_t *n);

/* Whether both are equal but for upper and lower case in ASCII. */
bool ti_spelling_same(const char *text, size_t n, const char *word, size_t word_bytes);

#endif
