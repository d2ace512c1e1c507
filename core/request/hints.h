/* SPDX-License-Identifier: MIT */
/*
 * What a request that is refused may have meant: at most three changes, each of which has
 * been tried, so that the request is accepted with it. They are added to the error's text
 * as "did you mean 'layers=12' or ...?".
 */
#ifndef TI_HINTS_H
#define TI_HINTS_H

#include "core/base/error.h"
#include "core/request/near_match.h"
#include "core/request/spec.h"

/* Max bytes of a value in a hint, with the NUL, and of a change. */
#define TI_HINT_VALUE_BYTES 128
#define TI_HINT_CHANGE_BYTES (2 * TI_HINT_VALUE_BYTES)

/* The request that a parameter is of. */
struct ti_hint_request {
    /* as in spec.h, or NULL */
    const struct ti_other_params *others;
    /* no other scheme is offered */
    bool keeps_scheme;
    /* receives the first change that was offered, or "" */
    char offered[TI_HINT_CHANGE_BYTES];
};

/*
 * For a parameter that could not be set: 'name' is NUL-terminated, 'spec' has the other
 * parameters of the request, 'error' is what ti_spec_set() has returned. Adds at most 'max'
 * changes, and returns how many.
 */
unsigned ti_hints_for_pair(const struct ti_spec *spec, const char *name,
                           const char *value, size_t value_bytes,
                           struct ti_hint_request *request, unsigned max,
                           struct ti_error *error);

/* Makes a change that was offered. False if it cannot be made; the spec is spoilt then. */
bool ti_hints_apply(struct ti_spec *spec, const char *change, struct ti_error *error);

/* Adds those of 'names' that are near to what was typed, each with 'before' in front, such
   as "activation=". Returns how many. */
unsigned ti_hints_add_near(struct ti_error *error, const char *typed, const char *before,
                           const char *const *names, size_t count);

/* Adds what is wrong with another parameter of the request, hints included. */
void ti_hints_add_error(struct ti_error *error, const struct ti_error *other);

/* For a spec that ti_plan_make() refuses with 'error', which may be NULL. */
void ti_hints_for_plan(const struct ti_spec *spec, struct ti_error *error);

/* The rest is for the files hints*.c. ------------------------------------------------ */

struct ti_hints {
    /* the request without the parameter at fault */
    struct ti_spec *spec;
    unsigned count, max, trials;
    /* "'layers=12', 'scheme=normal'" */
    char text[480];
    /* why the last change was not accepted; "" if it was, or was not tried */
    char refusal[TI_ERROR_TEXT_BYTES];
    /* a word that is near, but with which the request would be refused, and why; "" */
    char near[TI_ERROR_TEXT_BYTES];
    /* parameters that the scheme does not take either, which 'spec' is without */
    enum ti_param dropped[TI_NEAR_MAX];
    unsigned dropped_count;
    /* they do not apply to this scheme: no other is offered */
    bool keeps_scheme;
    const struct ti_other_params *others;
    /* the first change, or "" */
    char first[TI_HINT_CHANGE_BYTES];
};

/*
 * Whether the spec is accepted with a change, such as "scheme=normal&std=1": values as
 * people write them, but not encoded. A missing shape is another fault. '*std', unless
 * NULL, receives the standard deviation if there is a plan. 'error' may be NULL.
 */
bool ti_hints_try(const struct ti_spec *spec, const char *change, double *std,
                  struct ti_error *error);

/*
 * Offers a change, unless the request would be refused with it, or there are enough
 * hints. 'scheme' is NULL if it stays as it is, 'param' is NULL if only the scheme
 * changes. Returns whether it was offered.
 */
bool ti_hints_offer(struct ti_hints *hints, const char *scheme, const char *param,
                    const char *value);

/*
 * The same for a canonical scheme in place of a framework's name: the layout and other
 * values that the name implies go with it.
 */
bool ti_hints_offer_scheme(struct ti_hints *hints, const char *scheme, const char *param,
                           const char *value);

/* Names of schemes that are near to 'name', which is none. */
void ti_hints_schemes(struct ti_hints *hints, const char *name);

/* Values of a parameter that are near to 'value', or that it may mean. */
void ti_hints_values(struct ti_hints *hints, enum ti_param param, const char *value);

/*
 * The canonical word of a choice that 'value' means or is nearest to. Returns false if
 * there is none, or if it takes no words ('word' is untouched).
 */
bool ti_hints_word(enum ti_param param, const char *value,
                   char word[TI_HINT_VALUE_BYTES]);

/* Schemes that take the parameter, which the request's scheme does not. */
void ti_hints_relatives(struct ti_hints *hints, const char *param, const char *value);

#endif
