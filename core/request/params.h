/* SPDX-License-Identifier: MIT */
/* The table of parameters, and the valid truncations. */
#ifndef TI_PARAMS_H
#define TI_PARAMS_H

#include <tensorinit/schemes.h>

#include "core/request/spec.h"

/* Finds a parameter by its name; false if there is none ('*param' is untouched). */
bool ti_param_find(const char *name, size_t name_bytes, enum ti_param *param);

/* Whether its value is one of a list of words. */
bool ti_param_is_choice(enum ti_param param);

/* Whether its value is stored in union ti_value as 'choice'; false for flags. */
bool ti_param_has_words(enum ti_param param);

/* All names but those of frameworks: "shape, scheme, ...", a static string. */
const char *ti_param_names(void);

/* Within the limits in which the truncated quantile is accurate: docs/SPEC.md. */
bool ti_truncation_is_valid(struct ti_truncation cut);

#endif
