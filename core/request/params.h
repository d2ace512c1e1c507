/* SPDX-License-Identifier: MIT */
/* Looking up parameters, their words, and what a truncation may be. */
#ifndef TI_PARAMS_H
#define TI_PARAMS_H

#include <tensorinit/schemes.h>

#include "core/request/spec.h"

bool ti_param_find(const char *name, size_t name_bytes, enum ti_param *param);
bool ti_param_is_choice(enum ti_param param);

/* Whether its value is kept as a choice among words: flags are not. */
bool ti_param_has_words(enum ti_param param);

/* All names but the frameworks', "shape, scheme, ...": a static string. */
const char *ti_param_names(void);

/*
 * Lists of words, "oi, io": the position of a word, false if it is not in there; the word at a
 * position that exists, and its length in '*n'; adding one, as far as 'room' goes.
 */
bool ti_words_find(const char *list, const char *word, size_t n, unsigned *position);
const char *ti_words_at(const char *list, unsigned position, size_t *n);
void ti_words_add(char *list, size_t room, const char *word);

/* The limits within which the truncated quantile is accurate: docs/SPEC.md. */
bool ti_truncation_is_valid(struct ti_truncation cut);

#endif
