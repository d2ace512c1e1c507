/* SPDX-License-Identifier: MIT */
/* Looking up parameters, their words, and what a truncation may be. */
#ifndef TI_PARAMS_H
#define TI_PARAMS_H

#include <tensorinit/schemes.h>

#include "core/spec.h"

bool ti_param_find(const char *name, size_t name_bytes, enum ti_param *param);
bool ti_param_is_choice(enum ti_param param);

/* Whether its value is kept as a choice among words: flags are not. */
bool ti_param_has_words(enum ti_param param);

/* All names but the frameworks', "shape, scheme, ...": a static string. */
const char *ti_param_names(void);

/* Position of a word in a list "oi, io"; false if it is not in there. */
bool ti_words_find(const char *list, const char *word, size_t n, unsigned *position);

/* The limits within which the truncated quantile is accurate: docs/SPEC.md. */
bool ti_truncation_is_valid(struct ti_truncation cut);

#endif
