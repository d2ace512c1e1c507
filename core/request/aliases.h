/* SPDX-License-Identifier: MIT */
/*
 * Frameworks' names of initializers, such as keras.HeNormal. A request with such a name
 * is translated into a canonical one, with a scheme and its parameters, before it is
 * resolved. So both requests have the same bytes, canonical query and entity tag.
 */
#ifndef TI_ALIASES_H
#define TI_ALIASES_H

#include <tensorinit/schemes.h>

#include "core/base/error.h"
#include "core/request/spec.h"

/* How a framework finds the fans of a shape. */
enum ti_alias_rule {
    /* the scheme has no fans */
    TI_ALIAS_NONE,
    /* no fans; other ranks than 2 are an error */
    TI_ALIAS_MATRIX,
    /* no fans; other shapes than square matrices are an error */
    TI_ALIAS_SQUARE,
    /* no fans; column_axis is an axis of the matrix of inputs and outputs */
    TI_ALIAS_DELTA,
    /* layout=oi; fewer than 2 dims are an error */
    TI_ALIAS_TORCH,
    /* layout=io; 1 and 1 for a scalar, n and n for a vector of n */
    TI_ALIAS_KERAS,
    /* layout=io; fewer than 2 dims are an error */
    TI_ALIAS_JAX,
    /* layout=io for 2 to 5 dims; else both are the square root of the number of
       elements */
    TI_ALIAS_TFJS,
    /* layout=io; fan_in is the product of all dims but the last */
    TI_ALIAS_ROWS,
};

struct ti_alias {
    struct ti_alias_info info;
    enum ti_alias_rule rule;
};

/* One parameter in a list "mean, stddev=std": the framework's name and the canonical
   one. */
struct ti_alias_param {
    const char *framework, *canonical;
    size_t framework_bytes, canonical_bytes;
};

/* Takes the next parameter from the rest of such a list; false at the end. */
bool ti_alias_next_param(const char **list, struct ti_alias_param *param);

/* The row of a name such as "keras.HeNormal"; NULL if there is none. */
const struct ti_alias *ti_alias_find(const char *name, size_t name_bytes);

/* The scheme of a row, as an index into schemes.def. */
size_t ti_alias_scheme(const struct ti_alias *alias);

/*
 * Finds a word that some framework has for a choice: TI_FRAMEWORK_WORD plus its row.
 * Returns false if there is none ('*choice' is untouched).
 */
bool ti_alias_word_find(enum ti_param param, const char *word, size_t word_bytes,
                        unsigned *choice);

/*
 * Writes the canonical request for 'spec', which has a framework's name, to 'resolved'.
 *
 * Returns TI_OK; TI_EINAPPLICABLE, TI_EVALUE or TI_EMISSING with the framework's name of
 * the parameter at fault.
 */
enum ti_status ti_alias_resolve(const struct ti_spec *spec, struct ti_spec *resolved,
                                struct ti_error *error);

/* Whether some framework has its own words for a choice. */
bool ti_alias_has_words(enum ti_param param);

/*
 * Replaces the framework's word of a choice by the canonical one. Returns TI_OK;
 * TI_EVALUE if the framework does not have the word.
 */
enum ti_status ti_alias_translate_word(struct ti_spec *spec, enum ti_param param,
                                       struct ti_error *error);

/* The word of a choice in a request, '*n' bytes long. */
const char *ti_alias_choice_word(enum ti_param param, unsigned choice, size_t *n);

/*
 * Writes the word for a choice, without a NUL: that of the framework of 'alias', or the
 * canonical one if it has no words for the parameter or 'alias' is NULL. Returns its
 * length, 0 if the framework has words, but none for this choice.
 */
size_t ti_alias_put_word(const struct ti_alias *alias, enum ti_param param,
                         unsigned choice, char *out);

/*
 * Writes the words that a choice takes, "fan_in, fan_out", to 'out', NUL-terminated:
 * those of the framework, or the canonical ones as above.
 */
void ti_alias_list_words(const struct ti_alias *alias, enum ti_param param, char *out,
                         size_t capacity);

/* Whether a request with the name takes the parameter; true for common ones. */
bool ti_alias_takes(const struct ti_alias *alias, enum ti_param param);

/* TI_EVALUE if a canonical request has a framework's word. */
enum ti_status ti_alias_refuse_words(const struct ti_spec *spec, struct ti_error *error);

/*
 * Changes an error about the canonical request into one about 'spec': its field and its
 * text get the framework's parameters and words. 'error' may be NULL.
 */
void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error);

#endif
