/* SPDX-License-Identifier: MIT */
/* Frameworks' names of initializers, from aliases.def: see aliases.h. */
#include "core/request/aliases.h"

#include <stdio.h>
#include <string.h>

#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"
#include "core/request/words.h"

static const struct ti_alias alias_rows[] = {
#define TI_ALIAS(frameworks, spellings, scheme, rule, params, defaults, fixed)           \
    {{frameworks, spellings, #scheme, params, defaults, fixed}, TI_ALIAS_##rule},
#define TI_WORD(frameworks, param, word, canonical)
#include "core/request/aliases.def"
#undef TI_ALIAS
#undef TI_WORD
};

static const struct ti_word_info word_rows[] = {
#define TI_ALIAS(frameworks, spellings, scheme, rule, params, defaults, fixed)
#define TI_WORD(frameworks, param, word, canonical) {frameworks, #param, word, canonical},
#include "core/request/aliases.def"
#undef TI_ALIAS
#undef TI_WORD
};

#define ALIAS_COUNT (sizeof alias_rows / sizeof *alias_rows)
#define WORD_COUNT (sizeof word_rows / sizeof *word_rows)

size_t ti_alias_count(void) { return ALIAS_COUNT; }

const struct ti_alias_info *ti_alias_get(size_t index) {
    return index < ALIAS_COUNT ? &alias_rows[index].info : NULL;
}

size_t ti_word_count(void) { return WORD_COUNT; }

const struct ti_word_info *ti_word_get(size_t index) {
    return index < WORD_COUNT ? &word_rows[index] : NULL;
}

const struct ti_alias *ti_alias_find(const char *name, size_t name_bytes) {
    const char *dot = memchr(name, '.', name_bytes);
    if (!dot) return NULL;
    const size_t framework = (size_t)(dot - name), rest = name_bytes - framework - 1;
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        const struct ti_alias_info *info = &alias_rows[i].info;
        if (ti_words_find(info->frameworks, name, framework, NULL) &&
            ti_words_find(info->spellings, dot + 1, rest, NULL)) {
            return &alias_rows[i];
        }
    }
    return NULL;
}

bool ti_alias_find_name(const char *name, size_t name_bytes, size_t *index) {
    const struct ti_alias *alias = ti_alias_find(name, name_bytes);
    if (!alias) return false;
    *index = (size_t)(alias - alias_rows);
    return true;
}

size_t ti_alias_scheme(const struct ti_alias *alias) {
    size_t index = 0;
    (void)ti_scheme_find(alias->info.scheme, strlen(alias->info.scheme), &index);
    return index;
}

bool ti_alias_next_param(const char **list, struct ti_alias_param *param) {
    const char *word;
    size_t n;
    if (!ti_words_next(list, &word, &n)) return false;
    const struct ti_text_pair pair = ti_text_split(word, n);
    param->framework = pair.name;
    param->framework_bytes = pair.name_bytes;
    param->canonical = pair.value ? pair.value : pair.name;
    param->canonical_bytes = pair.value ? pair.value_bytes : pair.name_bytes;
    return true;
}

bool ti_alias_has_words(enum ti_param param) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(word_rows[i].param, ti_param_get(param)->name) == 0) return true;
    }
    return false;
}

bool ti_alias_word_find(enum ti_param param, const char *word, size_t word_bytes,
                        unsigned *choice) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(word_rows[i].param, ti_param_get(param)->name) == 0 &&
            ti_text_is(word, word_bytes, word_rows[i].word)) {
            *choice = TI_FRAMEWORK_WORD + (unsigned)i;
            return true;
        }
    }
    return false;
}

const char *ti_alias_choice_word(enum ti_param param, unsigned choice, size_t *n) {
    if (choice < TI_FRAMEWORK_WORD) {
        return ti_words_at(ti_param_get(param)->accepts, choice, n);
    }
    *n = strlen(word_rows[choice - TI_FRAMEWORK_WORD].word);
    return word_rows[choice - TI_FRAMEWORK_WORD].word;
}

enum ti_status ti_alias_refuse_words(const struct ti_spec *spec, struct ti_error *error) {
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const struct ti_param_info *info = ti_param_get(i);
        if (!spec->given[i] || !info->choice || !ti_param_has_words((enum ti_param)i) ||
            spec->value[i].choice < TI_FRAMEWORK_WORD) {
            continue;
        }
        const struct ti_word_info *word =
            &word_rows[spec->value[i].choice - TI_FRAMEWORK_WORD];
        char meanings[256] = "";
        for (size_t k = 0; k < WORD_COUNT; k++) {
            if (strcmp(word_rows[k].param, info->name) != 0 ||
                strcmp(word_rows[k].word, word->word) != 0) {
                continue;
            }
            const size_t used = strlen(meanings);
            snprintf(meanings + used, sizeof meanings - used, "%s%s in %s",
                     used ? ", " : "", word_rows[k].canonical, word_rows[k].frameworks);
        }
        return ti_error_set(
            error, TI_EVALUE, info->name,
            "%s=%s means %s; without a framework's name, %s takes one of %s", info->name,
            word->word, meanings, info->name, info->accepts);
    }
    return TI_OK;
}

/* Whether two lists have a framework in common. */
static bool share_framework(const char *a, const char *b) {
    const char *word;
    size_t n;
    while (ti_words_next(&a, &word, &n)) {
        if (ti_words_find(b, word, n, NULL)) return true;
    }
    return false;
}

/* Whether the row is a word of the framework for the parameter. */
static bool is_word_of(const struct ti_word_info *row, const struct ti_alias *alias,
                       enum ti_param param) {
    return strcmp(row->param, ti_param_get(param)->name) == 0 &&
           share_framework(row->frameworks, alias->info.frameworks);
}

size_t ti_alias_put_word(const struct ti_alias *alias, enum ti_param param,
                         unsigned choice, char *out) {
    size_t n;
    bool has_words = false;
    const char *canonical = ti_words_at(ti_param_get(param)->accepts, choice, &n);
    for (size_t i = 0; alias && i < WORD_COUNT; i++) {
        if (!is_word_of(&word_rows[i], alias, param)) continue;
        has_words = true;
        if (!ti_text_is(canonical, n, word_rows[i].canonical)) continue;
        return ti_text_put(word_rows[i].word, out);
    }
    if (has_words) return 0;
    memcpy(out, canonical, n);
    return n;
}

void ti_alias_list_words(const struct ti_alias *alias, enum ti_param param, char *out,
                         size_t capacity) {
    *out = '\0';
    for (size_t i = 0; alias && i < WORD_COUNT; i++) {
        if (is_word_of(&word_rows[i], alias, param)) {
            ti_words_add(out, capacity, word_rows[i].word);
        }
    }
    if (!*out) ti_words_add(out, capacity, ti_param_get(param)->accepts);
}

enum ti_status ti_alias_translate_word(struct ti_spec *spec, enum ti_param param,
                                       struct ti_error *error) {
    const struct ti_alias *alias = spec->alias;
    char words[256];
    size_t n = 0;
    bool has_words = false;
    const char *word = ti_alias_choice_word(param, spec->value[param].choice, &n);
    for (size_t i = 0; i < WORD_COUNT; i++) {
        const struct ti_word_info *row = &word_rows[i];
        if (!is_word_of(row, alias, param)) continue;
        has_words = true;
        if (!ti_text_is(word, n, row->word)) continue;
        (void)ti_words_find(ti_param_get(param)->accepts, row->canonical,
                            strlen(row->canonical), &spec->value[param].choice);
        return TI_OK;
    }
    /* A framework without words of its own takes the canonical ones. */
    if (!has_words && spec->value[param].choice < TI_FRAMEWORK_WORD) return TI_OK;
    ti_alias_list_words(alias, param, words, sizeof words);
    if (param == TI_PARAM_nonlinearity) { /* in PyTorch's own words */
        return ti_error_set(
            error, TI_EVALUE, "nonlinearity",
            "Unsupported nonlinearity '%.*s' of %s, which takes one of %s", (int)n, word,
            alias->info.frameworks, words);
    }
    return ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                        "%s=%.*s is not supported by %s; it takes one of %s",
                        ti_param_get(param)->name, (int)n, word, alias->info.frameworks,
                        words);
}
