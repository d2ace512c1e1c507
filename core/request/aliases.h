/* SPDX-License-Identifier: MIT */
/*
 * Frameworks' names of initializers, and what they stand for in our own terms. A request with
 * such a name is turned into one with a scheme of ours before anything else looks at it, so
 * that both have the same bytes, canonical query and entity tag.
 */
#ifndef TI_ALIASES_H
#define TI_ALIASES_H

#include <tensorinit/schemes.h>

#include "core/base/error.h"
#include "core/request/spec.h"

/*
 * Where a framework looks for fans, in our terms, and the like.
 *
 *   none    the scheme has no fans
 *   square  nor has this one, and other shapes are an error
 *   delta   nor has this one; column_axis is of the matrix of inputs and outputs
 *   torch   layout=oi; fewer than 2 dims are an error
 *   keras   layout=io; 1 for a scalar, n and n for n biases
 *   jax     layout=io; fewer than 2 dims are an error
 *   tfjs    layout=io for 2 to 5 dims; else the root of the number of elements, twice
 *   rows    layout=io, fan_in is the product of all dims but the last
 */
enum ti_alias_rule {
    TI_ALIAS_NONE,
    TI_ALIAS_SQUARE,
    TI_ALIAS_DELTA,
    TI_ALIAS_TORCH,
    TI_ALIAS_KERAS,
    TI_ALIAS_JAX,
    TI_ALIAS_TFJS,
    TI_ALIAS_ROWS,
};

struct ti_alias {
    struct ti_alias_info info;
    enum ti_alias_rule rule;
};

/* One item of a list of parameters, "mean, stddev=std": the framework's name and ours. */
struct ti_alias_param {
    const char *theirs, *ours;
    size_t theirs_bytes, ours_bytes;
};

/* Takes the next item of such a list, of which '*list' is what is left; false at its end. */
bool ti_alias_next_param(const char **list, struct ti_alias_param *param);

/* The row for a name such as "keras.HeNormal"; NULL if there is none. */
const struct ti_alias *ti_alias_find(const char *name, size_t name_bytes);

/* The scheme that it stands for, as an index into schemes.def. */
size_t ti_alias_scheme(const struct ti_alias *alias);

/* A word that some framework has for a choice: TI_FRAMEWORK_WORD and more; false if none has. */
bool ti_alias_word_find(enum ti_param param, const char *word, size_t word_bytes,
                        unsigned *choice);

/*
 * Writes to 'resolved' what 'spec', which has a framework's name, means in our own terms.
 *
 * Returns TI_OK; TI_EINAPPLICABLE, TI_EVALUE or TI_EMISSING with the field, by the framework's
 * name of it, at fault.
 */
enum ti_status ti_alias_resolve(const struct ti_spec *spec, struct ti_spec *resolved,
                                struct ti_error *error);

/* Whether some framework has words of its own for a choice. */
bool ti_alias_has_words(enum ti_param param);

/* A choice in a spec of a framework's name: from the framework's word to ours. */
enum ti_status ti_alias_translate_word(struct ti_spec *spec, enum ti_param param,
                                       struct ti_error *error);

/* Without a framework's name, no framework's word may be left. */
enum ti_status ti_alias_refuse_words(const struct ti_spec *spec, struct ti_error *error);

/* Makes an error about a parameter of ours speak of the framework's one that was given. */
void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error);

#endif
