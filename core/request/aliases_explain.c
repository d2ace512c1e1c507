/* SPDX-License-Identifier: MIT */
/*
 * Errors about a canonical request, in the words of the framework's name that was
 * requested: see aliases.h.
 */
#include "core/request/aliases.h"

#include <stdio.h>
#include <string.h>

#include "core/request/params.h"
#include "core/request/text.h"
#include "core/request/words.h"

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '.';
}

/* Replaces each occurrence of a word in a text of 'capacity' bytes; truncates. */
static void replace(char *text, size_t capacity, const char *word, size_t word_bytes,
                    const char *with, size_t with_bytes) {
    char made[TI_ERROR_TEXT_BYTES];
    size_t used = 0;
    for (const char *at = text; *at && used + with_bytes + 1 < sizeof made;) {
        const bool starts = at == text || !is_word_char(at[-1]);
        const char next = strlen(at) >= word_bytes ? at[word_bytes] : 'x';
        const bool ends =
            next == '.' ? !is_word_char(at[word_bytes + 1]) : !is_word_char(next);
        if (starts && ends && strncmp(at, word, word_bytes) == 0) {
            memcpy(made + used, with, with_bytes);
            used += with_bytes;
            at += word_bytes;
        } else {
            made[used++] = *at++;
        }
    }
    made[used] = '\0';
    snprintf(text, capacity, "%s", made);
}

static bool renamed(const struct ti_alias_param *item) {
    /* These two are converted, with messages of their own. */
    if (ti_text_is(item->canonical, item->canonical_bytes, "truncation") ||
        ti_text_is(item->canonical, item->canonical_bytes, "layout")) {
        return false;
    }
    return item->framework_bytes != item->canonical_bytes ||
           memcmp(item->framework, item->canonical, item->canonical_bytes) != 0;
}

/* "mode=fan_in" with the framework's word. */
static void replace_modes(const struct ti_alias *alias, struct ti_error *error) {
    const char *list = ti_param_get(TI_PARAM_mode)->accepts, *word;
    size_t n;
    for (unsigned mode = 0; ti_words_next(&list, &word, &n); mode++) {
        char from[40] = "mode=", to[40] = "mode=";
        memcpy(from + 5, word, n);
        const size_t own = ti_alias_put_word(alias, TI_PARAM_mode, mode, to + 5);
        if (own > 0) replace(error->text, sizeof error->text, from, 5 + n, to, 5 + own);
    }
}

/* A bound that the framework has fixed is a number there: jax.uniform begins at 0. */
static void replace_fixed(const struct ti_alias *alias, struct ti_error *error) {
    struct ti_text_list list = ti_text_list(alias->info.fixed);
    struct ti_text_pair pair;
    while (ti_text_next_pair(&list, &pair)) {
        if (!ti_text_is(pair.name, pair.name_bytes, "low")) continue;
        replace(error->text, sizeof error->text, pair.name, pair.name_bytes, pair.value,
                pair.value_bytes);
    }
}

static void replace_words(const struct ti_spec *spec, struct ti_error *error) {
    const struct ti_alias *alias = spec->alias;
    const char *list = alias->info.params;
    char from[80], to[80];
    struct ti_alias_param item;
    snprintf(from, sizeof from, "scheme=%s", alias->info.scheme);
    snprintf(to, sizeof to, "scheme=%s", spec->framework_name);
    replace(error->text, sizeof error->text, from, strlen(from), to, strlen(to));
    while (ti_alias_next_param(&list, &item)) {
        if (!renamed(&item)) continue;
        replace(error->text, sizeof error->text, item.canonical, item.canonical_bytes,
                item.framework, item.framework_bytes);
    }
    replace_fixed(alias, error);
    replace_modes(alias, error);
}

/* The framework's parameter of that canonical name, and whether the request has it. */
static bool find_param(const struct ti_spec *spec, const char *canonical,
                       struct ti_alias_param *item, bool *is_given) {
    const char *list = spec->alias->info.params;
    enum ti_param param;
    while (ti_alias_next_param(&list, item)) {
        if (!ti_text_is(item->canonical, item->canonical_bytes, canonical)) continue;
        *is_given = ti_param_find(item->framework, item->framework_bytes, &param) &&
                    spec->given[param];
        return true;
    }
    return false;
}

/*
 * The field for an error about a default of the framework: what the request has of the
 * parameters that bounds are checked with.
 */
static bool find_partner(const struct ti_spec *spec, const char *canonical,
                         struct ti_alias_param *item) {
    static const char *const bounds[] = {"low", "high", "mean", "std"};
    bool is_given = false;
    if (strcmp(canonical, "low") != 0 && strcmp(canonical, "high") != 0) return false;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds && !is_given; i++) {
        if (!find_param(spec, bounds[i], item, &is_given)) is_given = false;
    }
    return is_given;
}

void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error) {
    struct ti_alias_param item, partner;
    bool is_given;
    if (!error) return;
    replace_words(spec, error);
    if (!find_param(spec, error->field, &item, &is_given)) return;
    if (!is_given && find_partner(spec, error->field, &partner)) item = partner;
    snprintf(error->field, sizeof error->field, "%.*s", (int)item.framework_bytes,
             item.framework);
}
