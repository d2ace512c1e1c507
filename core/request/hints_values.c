/* SPDX-License-Identifier: MIT */
/* Hints for values: words, numbers, shapes. See hints.h. */
#include "core/request/hints.h"

#include <stdio.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/request/kinds.h"
#include "core/request/near_match.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"
#include "core/request/words.h"

/* Words ------------------------------------------------------------------------------ */

/* Offers the word for a choice as the scheme has it, or the scheme that has it. */
static void offer_choice(struct ti_hints *hints, enum ti_param param, unsigned choice) {
    const char *name = ti_param_get(param)->name;
    const struct ti_alias *alias = hints->spec->alias;
    char word[TI_HINT_VALUE_BYTES];
    size_t n = ti_alias_put_word(alias, param, choice, word);
    word[n] = '\0';
    if (n > 0 && ti_hints_offer(hints, NULL, name, word)) return;
    if (!alias || ti_param_get(param)->common) return;
    n = ti_alias_put_word(NULL, param, choice, word);
    word[n] = '\0';
    (void)ti_hints_offer_scheme(hints, ti_scheme_get(hints->spec->scheme)->name, name,
                                word);
}

/* The canonical words at a distance from what was typed. */
static void offer_near(struct ti_hints *hints, enum ti_param param, const char *value,
                       unsigned distance) {
    const char *list = ti_param_get(param)->accepts, *word;
    size_t n;
    for (unsigned choice = 0; ti_words_next(&list, &word, &n); choice++) {
        if (ti_near_distance(value, strlen(value), word, n) == distance) {
            offer_choice(hints, param, choice);
        }
    }
}

static void offer_meanings(struct ti_hints *hints, enum ti_param param,
                           const char *value) {
    static const struct {
        enum ti_param param;
        const char *typed, *words;
    } rows[] = {
#define TI_WORD_MEANING(param, typed, words) {TI_PARAM_##param, typed, words},
#include "core/request/meanings.def"
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *list = rows[i].words, *word;
        unsigned choice;
        size_t n;
        if (rows[i].param != param ||
            !ti_near_same(value, strlen(value), rows[i].typed, strlen(rows[i].typed))) {
            continue;
        }
        while (ti_words_next(&list, &word, &n)) {
            if (ti_words_find(ti_param_get(param)->accepts, word, n, &choice)) {
                if (ti_param_has_words(param)) {
                    offer_choice(hints, param, choice);
                } else {
                    char flag[8];
                    snprintf(flag, sizeof flag, "%.*s", (int)n, word);
                    (void)ti_hints_offer(hints, NULL, ti_param_get(param)->name, flag);
                }
            }
        }
    }
}

static void offer_words(struct ti_hints *hints, enum ti_param param, const char *value) {
    offer_near(hints, param, value, 0);
    offer_meanings(hints, param, value);
    for (unsigned distance = 1; distance <= 3 && hints->count == 0; distance++) {
        offer_near(hints, param, value, distance);
    }
}

/* Numbers ---------------------------------------------------------------------------- */

/* gain=relu means nonlinearity=relu. */
static void offer_activation(struct ti_hints *hints, const char *value) {
    const char *list = ti_param_get(TI_PARAM_nonlinearity)->accepts, *word;
    size_t n;
    while (ti_words_next(&list, &word, &n)) {
        char plain[32];
        if (!ti_near_same(value, strlen(value), word, n)) continue;
        snprintf(plain, sizeof plain, "%.*s", (int)n, word);
        if (!ti_hints_offer(hints, NULL, "nonlinearity", plain)) {
            ti_hints_relatives(hints, "nonlinearity", plain);
        }
    }
}

/* 12.0 for an integer. */
static void offer_integer(struct ti_hints *hints, const char *param, const char *value) {
    double number;
    char text[24];
    if (!ti_text_number(value, strlen(value), &number)) return;
    if (!(number >= 0 && number < 1e15) || number != (double)(uint64_t)number) return;
    text[ti_text_put_u64((uint64_t)number, text)] = '\0';
    (void)ti_hints_offer(hints, NULL, param, text);
}

/* Numbers with other signs between them than commas. */
static void offer_dims(struct ti_hints *hints, const char *value) {
    char dims[TI_HINT_VALUE_BYTES];
    size_t used = 0;
    for (const char *at = value; *at; at++) {
        if (*at >= '0' && *at <= '9') {
            dims[used++] = *at;
        } else if (!strchr(" ,;:|/*()[]{}<>", *at)) {
            return;
        } else if (used > 0 && dims[used - 1] != ',') {
            dims[used++] = ',';
        }
    }
    if (used > 0 && dims[used - 1] == ',') used--;
    dims[used] = '\0';
    if (used > 0) (void)ti_hints_offer(hints, NULL, "shape", dims);
}

void ti_hints_values(struct ti_hints *hints, enum ti_param param, const char *value) {
    ti_value_reader *const read = ti_param_kind(param)->read;
    if (param == TI_PARAM_scheme) {
        ti_hints_schemes(hints, value);
    } else if (ti_param_is_choice(param)) {
        offer_words(hints, param, value);
    } else if (read == ti_read_shape) {
        offer_dims(hints, value);
    } else if (read == ti_read_count || read == ti_read_index || read == ti_read_seed) {
        offer_integer(hints, ti_param_get(param)->name, value);
    } else if (param == TI_PARAM_gain || param == TI_PARAM_slope) {
        offer_activation(hints, value);
    }
}
