/* SPDX-License-Identifier: MIT */
/* Hints for values: words, numbers, shapes. See hints.h. */
#include "core/request/hints.h"

#include <stdio.h>
#include <string.h>

#include "core/base/decimal.h"
#include "core/request/aliases.h"
#include "core/request/kinds.h"
#include "core/request/near_match.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/spellings.h"
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

/* How near a value is to a word, or to another spelling of a dtype. */
static unsigned distance_of(enum ti_param param, const char *value, const char *word,
                            size_t n) {
    const size_t bytes = strlen(value);
    const unsigned distance = ti_near_distance(value, bytes, word, n);
    const unsigned other = param == TI_PARAM_dtype
                               ? ti_spelling_dtype_distance(value, bytes, word, n)
                               : TI_NEAR_NONE;
    return other < distance ? other : distance;
}

/* Positions in the list of canonical words that a value may mean, the best first. */
struct meant {
    unsigned choice[12], count;
};

static void add(struct meant *meant, unsigned choice) {
    if (meant->count < sizeof meant->choice / sizeof *meant->choice) {
        meant->choice[meant->count++] = choice;
    }
}

/* The words at a distance from what was typed. */
static void add_near(struct meant *meant, enum ti_param param, const char *value,
                     unsigned distance) {
    const char *list = ti_param_get(param)->accepts, *word;
    size_t n;
    for (unsigned choice = 0; ti_words_next(&list, &word, &n); choice++) {
        if (distance_of(param, value, word, n) == distance) add(meant, choice);
    }
}

/* Those of the table; flags have rows in common. */
static void add_meanings(struct meant *meant, enum ti_param param, const char *value) {
    enum { any_flag = TI_PARAM_COUNT };
    static const struct {
        int param;
        const char *typed, *words;
    } rows[] = {
#define TI_WORD_MEANING(param, typed, words) {TI_PARAM_##param, typed, words},
#define TI_FLAG_MEANING(typed, word) {any_flag, typed, word},
#include "core/request/meanings.def"
    };
    const int wanted = ti_param_has_words(param) ? (int)param : any_flag;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *list = rows[i].words, *word;
        unsigned choice;
        size_t n;
        if (rows[i].param != wanted ||
            !ti_near_same(value, strlen(value), rows[i].typed, strlen(rows[i].typed))) {
            continue;
        }
        while (ti_words_next(&list, &word, &n)) {
            if (ti_words_find(ti_param_get(param)->accepts, word, n, &choice)) {
                add(meant, choice);
            }
        }
    }
}

/*
 * The word within what code writes around it: ReLU in "torch.nn.ReLU()", relu in
 * "calculate_gain('relu')". Returns false if there is nothing around it.
 */
static bool inner_word(const char *value, char word[TI_HINT_VALUE_BYTES]) {
    const char *quote = strpbrk(value, "'\""), *start = value;
    size_t n = strcspn(value, "(");
    if (quote) {
        start = quote + 1;
        n = strcspn(start, "'\"");
    } else {
        for (const char *at = value; at < value + n; at++) {
            if (*at == '.') start = at + 1;
        }
        n -= (size_t)(start - value);
    }
    if (n == strlen(value) || n == 0) return false;
    memcpy(word, start, n);
    word[n] = '\0';
    return true;
}

/* All words that a value may mean. Distances above 0 are for what has no other meaning. */
static struct meant words_of(enum ti_param param, const char *value) {
    struct meant meant = {.count = 0};
    char inner[TI_HINT_VALUE_BYTES];
    add_near(&meant, param, value, 0);
    add_meanings(&meant, param, value);
    for (unsigned distance = 1; distance <= 3 && meant.count == 0; distance++) {
        add_near(&meant, param, value, distance);
    }
    return meant.count == 0 && inner_word(value, inner) ? words_of(param, inner) : meant;
}

static void offer_words(struct ti_hints *hints, enum ti_param param, const char *value) {
    const struct meant meant = words_of(param, value);
    for (unsigned i = 0; i < meant.count; i++)
        offer_choice(hints, param, meant.choice[i]);
}

bool ti_hints_word(enum ti_param param, const char *value,
                   char word[TI_HINT_VALUE_BYTES]) {
    if (param == TI_PARAM_scheme || !ti_param_is_choice(param)) return false;
    const struct meant meant = words_of(param, value);
    if (meant.count == 0) return false;
    word[ti_alias_put_word(NULL, param, meant.choice[0], word)] = '\0';
    return true;
}

/* Numbers ---------------------------------------------------------------------------- */

/*
 * gain=relu means nonlinearity=relu, or the number of it for a scheme that has a gain
 * only. Schemes of He have relu's gain already, and another one takes the activation.
 */
static void offer_activation(struct ti_hints *hints, enum ti_param param,
                             const char *value) {
    const struct ti_scheme *scheme = ti_scheme_at(hints->spec->scheme);
    char word[TI_HINT_VALUE_BYTES], number[TI_DECIMAL_BYTES_MAX];
    unsigned activation;
    if (!ti_hints_word(TI_PARAM_nonlinearity, value, word) ||
        !ti_words_find(ti_param_get(TI_PARAM_nonlinearity)->accepts, word, strlen(word),
                       &activation) ||
        ti_hints_offer(hints, NULL, "nonlinearity", word)) {
        return;
    }
    if (param == TI_PARAM_gain && !ti_scheme_gain_is_factor(scheme)) {
        const double gain = ti_scheme_gain_of((enum ti_nonlinearity)activation, 0.01);
        number[ti_decimal_f64(gain, number)] = '\0';
        if (ti_hints_offer(hints, NULL, "gain", number)) return;
    }
    ti_hints_relatives(hints, "nonlinearity", word);
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

/* Appends the digits of a dim and a comma; "512.0" is 512. Returns what follows it. */
static const char *add_dim(const char *at, char *dims, size_t *used) {
    const size_t digits = strspn(at, "0123456789");
    memcpy(dims + *used, at, digits);
    *used += digits;
    dims[(*used)++] = ',';
    at += digits;
    if (*at != '.' || at[1] < '0') return at;
    const size_t zeros = strspn(at + 1, "0");
    const char *const end = at + 1 + zeros;
    return zeros > 0 && !(*end >= '1' && *end <= '9') ? end : at;
}

/* Numbers with other signs between them than commas, in what code may write around. */
static void offer_dims(struct ti_hints *hints, const char *value) {
    char dims[2 * TI_HINT_VALUE_BYTES];
    const char *bracket = strpbrk(value, "([{");
    size_t used = 0;
    if (bracket &&
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._") ==
            (size_t)(bracket - value)) {
        value = bracket;
    }
    for (const char *at = value; *at;) {
        if (*at >= '0' && *at <= '9') {
            at = add_dim(at, dims, &used);
        } else if (strchr(" ,;:|/*()[]{}<>", *at)) {
            at++;
        } else {
            return;
        }
    }
    if (used == 0) return;
    dims[used - 1] = '\0';
    (void)ti_hints_offer(hints, NULL, "shape", dims);
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
        offer_activation(hints, param, value);
    }
}
