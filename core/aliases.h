/* SPDX-License-Identifier: MIT */
/*
 * Frameworks' names of initializers, and what they stand for in our own terms. A request with
 * such a name is turned into one with a scheme of ours before anything else looks at it, so
 * that both have the same bytes, canonical query and entity tag.
 */
#ifndef TI_ALIASES_H
#define TI_ALIASES_H

#include <tensorinit/schemes.h>

#include "core/error.h"
#include "core/spec.h"

/* The row for a name such as "keras.HeNormal"; NULL if there is none. */
const struct ti_alias *ti_alias_find(const char *name, size_t name_bytes);

/* The scheme that it stands for, as an index into schemes.def. */
size_t ti_alias_scheme(const struct ti_alias *alias);

/* A word that some framework has for a choice: TI_FOREIGN_WORD and more; false if none has. */
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

/* Without a framework's name, no framework's word may be left. */
enum ti_status ti_alias_refuse_words(const struct ti_spec *spec, struct ti_error *error);

/* Makes an error about a parameter of ours speak of the framework's one that was given. */
void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error);

#endif
