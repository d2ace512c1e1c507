/* SPDX-License-Identifier: MIT */
/* Frameworks' names of initializers, from aliases.def: see aliases.h. */
#include "core/aliases.h"

#include <stdio.h>
#include <string.h>

#include "core/params.h"
#include "core/schemes/schemes.h"
#include "core/text.h"

/*
 * Where a framework looks for fans, in our terms, and the like.
 *
 *   none    the scheme has no fans
 *   square  nor has this one, and other shapes are an error
 *   torch   layout=oi; fewer than 2 dims are an error
 *   keras   layout=io; 1 for a scalar, n and n for n biases
 *   jax     layout=io; fewer than 2 dims are an error
 *   tfjs    layout=io for 2 to 5 dims; else the root of the number of elements, twice
 *   rows    layout=io, fan_in is the product of all dims but the last
 */
enum rule {
    rule_none,
    rule_square,
    rule_torch,
    rule_keras,
    rule_jax,
    rule_tfjs,
    rule_rows,
};

struct ti_alias {
    struct ti_alias_info info;
    enum rule rule;
};

static const struct ti_alias alias_rows[] = {
#define TI_ALIAS(frameworks, spellings, scheme, rule, params, defaults, fixed)           \
    {{frameworks, spellings, #scheme, params, defaults, fixed}, rule_##rule},
#define TI_WORD(frameworks, param, word, ours)
#include "core/aliases.def"
#undef TI_ALIAS
#undef TI_WORD
};

static const struct ti_word_info word_rows[] = {
#define TI_ALIAS(frameworks, spellings, scheme, rule, params, defaults, fixed)
#define TI_WORD(frameworks, param, word, ours) {frameworks, #param, word, ours},
#include "core/aliases.def"
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
    unsigned position;
    if (!dot) return NULL;
    const size_t framework = (size_t)(dot - name), rest = name_bytes - framework - 1;
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        const struct ti_alias_info *info = &alias_rows[i].info;
        if (ti_words_find(info->frameworks, name, framework, &position) &&
            ti_words_find(info->spellings, dot + 1, rest, &position)) {
            return &alias_rows[i];
        }
    }
    return NULL;
}

size_t ti_alias_scheme(const struct ti_alias *alias) {
    size_t index = 0;
    (void)ti_scheme_find(alias->info.scheme, strlen(alias->info.scheme), &index);
    return index;
}

/* Lists of parameters ------------------------------------------------------------------ */

/* One item of "mean, stddev=std": the framework's name and ours. */
struct item {
    const char *theirs, *ours;
    size_t theirs_bytes, ours_bytes;
};

static bool next_item(struct ti_text_list *list, struct item *item) {
    const char *field;
    size_t n;
    if (!*list->end && list->at == list->end) return false;
    if (!ti_text_next(list, ',', &field, &n)) return false;
    while (n > 0 && *field == ' ') field++, n--;
    const char *equals = memchr(field, '=', n);
    item->theirs = field;
    item->theirs_bytes = equals ? (size_t)(equals - field) : n;
    item->ours = equals ? equals + 1 : field;
    item->ours_bytes = (size_t)(field + n - item->ours);
    return n > 0;
}

static struct ti_text_list list_of(const char *text) {
    const struct ti_text_list list = {text, text + strlen(text)};
    return list;
}

static bool takes(const struct ti_alias *alias, enum ti_param param) {
    struct ti_text_list list = list_of(alias->info.params);
    const struct ti_param_info *info = ti_param_get(param);
    struct item item;
    if (info->common) return true;
    if (alias->rule >= rule_torch &&
        (param == TI_PARAM_fan_in || param == TI_PARAM_fan_out)) {
        return true; /* no framework has these; we do */
    }
    while (*alias->info.params && next_item(&list, &item)) {
        if (ti_text_is(item.theirs, item.theirs_bytes, info->name)) return true;
    }
    return false;
}

static enum ti_status check_params(const struct ti_spec *spec, struct ti_error *error) {
    const struct ti_alias *alias = spec->alias;
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const enum ti_param param = (enum ti_param)i;
        char list[256] = "";
        if (!spec->given[i] || takes(alias, param)) continue;
        for (size_t k = 0; k < TI_PARAM_COUNT; k++) {
            if (ti_param_get(k)->common || !takes(alias, (enum ti_param)k)) continue;
            if (*list) strncat(list, ", ", sizeof list - strlen(list) - 1);
            strncat(list, ti_param_get(k)->name, sizeof list - strlen(list) - 1);
        }
        return ti_error_set(error, TI_EINAPPLICABLE, ti_param_get(i)->name,
                            "%s does not apply to scheme=%s, which takes %s; "
                            "scheme=%s takes ours",
                            ti_param_get(i)->name, spec->asked,
                            *list ? list : "none of its own", alias->info.scheme);
    }
    return TI_OK;
}

/* Words of choices ---------------------------------------------------------------------- */

bool ti_alias_word_find(enum ti_param param, const char *word, size_t word_bytes,
                        unsigned *choice) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(word_rows[i].param, ti_param_get(param)->name) == 0 &&
            ti_text_is(word, word_bytes, word_rows[i].word)) {
            *choice = TI_FOREIGN_WORD + (unsigned)i;
            return true;
        }
    }
    return false;
}

/* A choice as the request spelt it. */
static const char *word_of(enum ti_param param, unsigned choice, size_t *n) {
    const char *word = NULL;
    if (choice >= TI_FOREIGN_WORD) {
        word = word_rows[choice - TI_FOREIGN_WORD].word;
        *n = strlen(word);
        return word;
    }
    struct ti_text_list list = list_of(ti_param_get(param)->accepts);
    for (unsigned i = 0; i <= choice; i++) ti_text_next(&list, ',', &word, n);
    while (*n > 0 && *word == ' ') word++, --*n;
    return word;
}

enum ti_status ti_alias_refuse_words(const struct ti_spec *spec, struct ti_error *error) {
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const struct ti_param_info *info = ti_param_get(i);
        if (!spec->given[i] || !info->choice || !ti_param_has_words((enum ti_param)i) ||
            spec->value[i].choice < TI_FOREIGN_WORD) {
            continue;
        }
        const struct ti_word_info *word =
            &word_rows[spec->value[i].choice - TI_FOREIGN_WORD];
        char meanings[256] = "";
        for (size_t k = 0; k < WORD_COUNT; k++) {
            if (strcmp(word_rows[k].param, info->name) != 0 ||
                strcmp(word_rows[k].word, word->word) != 0) {
                continue;
            }
            const size_t used = strlen(meanings);
            snprintf(meanings + used, sizeof meanings - used, "%s%s in %s",
                     used ? ", " : "", word_rows[k].ours, word_rows[k].frameworks);
        }
        return ti_error_set(
            error, TI_EVALUE, info->name,
            "%s=%s is %s; it takes one of %s, or that word with a name of "
            "the framework's for scheme",
            info->name, word->word, meanings, info->accepts);
    }
    return TI_OK;
}

/* The first framework of a list that is also in the other. */
static bool share_framework(const char *a, const char *b) {
    struct ti_text_list list = list_of(a);
    struct item item;
    unsigned position;
    while (next_item(&list, &item)) {
        if (ti_words_find(b, item.theirs, item.theirs_bytes, &position)) return true;
    }
    return false;
}

static enum ti_status translate_word(struct ti_spec *spec, enum ti_param param,
                                     struct ti_error *error) {
    const char *frameworks = spec->alias->info.frameworks;
    const unsigned choice = spec->value[param].choice;
    char words[256] = "";
    size_t n = 0;
    const char *word = word_of(param, choice, &n);
    for (size_t i = 0; i < WORD_COUNT; i++) {
        const struct ti_word_info *row = &word_rows[i];
        if (strcmp(row->param, ti_param_get(param)->name) != 0 ||
            !share_framework(row->frameworks, frameworks)) {
            continue;
        }
        if (ti_text_is(word, n, row->word)) {
            (void)ti_words_find(ti_param_get(param)->accepts, row->ours,
                                strlen(row->ours), &spec->value[param].choice);
            return TI_OK;
        }
        if (*words) strncat(words, ", ", sizeof words - strlen(words) - 1);
        strncat(words, row->word, sizeof words - strlen(words) - 1);
    }
    if (!*words && choice < TI_FOREIGN_WORD) return TI_OK; /* our words are theirs */
    return ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                        "%s=%.*s is not supported by %s; it takes one of %s",
                        ti_param_get(param)->name, (int)n, word, frameworks,
                        *words ? words : ti_param_get(param)->accepts);
}

/* From their parameters to ours --------------------------------------------------------- */

/* Gives each parameter of "a=1&b=2" that is not given yet. The texts are our own: they fit. */
static void set_missing(struct ti_spec *spec, const char *pairs) {
    struct ti_text_list list = list_of(pairs);
    const char *pair;
    size_t n;
    while (*pairs && ti_text_next(&list, '&', &pair, &n)) {
        const char *equals = memchr(pair, '=', n);
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(equals - pair), pair);
        enum ti_param param;
        if (!ti_param_find(name, strlen(name), &param) || spec->given[param]) continue;
        enum ti_status status =
            ti_spec_set(spec, name, equals + 1, (size_t)(pair + n - equals - 1), NULL);
        (void)status;
    }
}

static void move(struct ti_spec *spec, enum ti_param from, enum ti_param to) {
    if (!spec->given[from]) return;
    spec->given[from] = false;
    spec->given[to] = true;
    spec->value[to] = spec->value[from];
}

/* Parameters that become ours by more than another name: see below. */
static bool is_converted(enum ti_param theirs) {
    return theirs == TI_PARAM_lower || theirs == TI_PARAM_upper ||
           theirs == TI_PARAM_column_axis || theirs == TI_PARAM_axis;
}

static void rename_params(struct ti_spec *spec) {
    struct ti_text_list list = list_of(spec->alias->info.params);
    struct item item;
    enum ti_param theirs, ours;
    while (*spec->alias->info.params && next_item(&list, &item)) {
        if (ti_param_find(item.theirs, item.theirs_bytes, &theirs) &&
            ti_param_find(item.ours, item.ours_bytes, &ours) && theirs != ours &&
            !is_converted(theirs)) {
            move(spec, theirs, ours);
        }
    }
}

static void set_count(struct ti_spec *spec, enum ti_param param, uint64_t count) {
    if (spec->given[param]) return;
    spec->given[param] = true;
    spec->value[param].count = count > 0 ? count : 1;
}

static void set_choice(struct ti_spec *spec, enum ti_param param, unsigned choice) {
    spec->given[param] = true;
    spec->value[param].choice = choice;
}

/* The product of dims [0, rank) other than 0, as far as 64 bits go: the plan checks it. */
static uint64_t product(const struct ti_spec *spec, unsigned rank) {
    uint64_t product = 1;
    for (unsigned i = 0; i < rank; i++) product *= spec->shape[i];
    return product;
}

static void set_fans(struct ti_spec *spec, enum rule rule) {
    const unsigned rank = spec->rank;
    const bool axes = spec->given[TI_PARAM_input_axes] ||
                      spec->given[TI_PARAM_output_axes] ||
                      spec->given[TI_PARAM_in_axis] || spec->given[TI_PARAM_out_axis] ||
                      spec->given[TI_PARAM_batch_axis];
    const bool in = spec->given[TI_PARAM_fan_in], out = spec->given[TI_PARAM_fan_out];
    if (rule <= rule_torch || axes || (in && out)) return;
    if (rule == rule_tfjs && (rank < 2 || rank > 5) && !in && !out) {
        set_count(spec, TI_PARAM_fan_in, product(spec, rank));
        set_count(spec, TI_PARAM_fan_out, 1);
        set_choice(spec, TI_PARAM_mode, TI_MODE_FAN_GEO_AVG);
    } else if (rank < 2 && rule == rule_keras) {
        set_count(spec, TI_PARAM_fan_in, product(spec, rank));
        set_count(spec, TI_PARAM_fan_out, product(spec, rank));
    } else if (rank < 2 && rule == rule_rows) {
        set_count(spec, TI_PARAM_fan_in, 1);
    } else if (rank >= 2) {
        set_choice(spec, TI_PARAM_layout, TI_LAYOUT_IO);
    }
}

/* lower and upper, at least one of them asked for: the two ends of truncation. */
static enum ti_status set_truncation(struct ti_spec *spec, const struct ti_spec *asked,
                                     struct ti_error *error) {
    const struct ti_truncation cut = {spec->value[TI_PARAM_lower].number,
                                      spec->value[TI_PARAM_upper].number};
    if (!spec->given[TI_PARAM_lower]) return TI_OK;
    spec->given[TI_PARAM_lower] = spec->given[TI_PARAM_upper] = false;
    spec->given[TI_PARAM_truncation] = true;
    spec->truncation = cut;
    if (ti_truncation_is_valid(cut)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, asked->given[TI_PARAM_lower] ? "lower" : "upper",
        "lower and upper are %.6g and %.6g; lower must be at most 6, upper "
        "at least -6 and above lower",
        cut.low, cut.high);
}

/* column_axis or axis, from which columns are counted: our two layouts. */
static enum ti_status set_columns(struct ti_spec *spec, enum ti_param param,
                                  struct ti_error *error) {
    const int64_t axis = spec->value[param].whole;
    const int64_t last = (int64_t)spec->rank - 1;
    if (!spec->given[param]) return TI_OK;
    spec->given[param] = false;
    set_choice(spec, TI_PARAM_layout,
               axis == -1 || axis == last ? TI_LAYOUT_IO : TI_LAYOUT_OI);
    if (axis == -1 || axis == last || axis == 0 || axis == -1 - last) return TI_OK;
    return ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                        "%s takes 0 or -1; permute= gives the other orders of axes",
                        ti_param_get(param)->name);
}

/* tfjs.identity is for square matrices only. */
static enum ti_status check_square(const struct ti_spec *spec, struct ti_error *error) {
    if (spec->rank == 2 && spec->shape[0] == spec->shape[1]) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "shape",
                        "tfjs's identity can only be used for 2D square matrices; "
                        "scheme=identity takes others, too");
}

enum ti_status ti_alias_resolve(const struct ti_spec *spec, struct ti_spec *resolved,
                                struct ti_error *error) {
    const struct ti_alias *alias = spec->alias;
    enum ti_status status = check_params(spec, error);
    if (status != TI_OK) return status;
    *resolved = *spec;
    set_missing(resolved, alias->info.defaults);
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const enum ti_param param = (enum ti_param)i;
        if (!resolved->given[i] || ti_param_get(i)->common ||
            !ti_param_has_words(param)) {
            continue;
        }
        status = translate_word(resolved, param, error);
        if (status != TI_OK) return status;
    }
    rename_params(resolved);
    set_missing(resolved, alias->info.fixed);
    if (ti_spec_choice(resolved, TI_PARAM_distribution, TI_DRAWN_TRUNCATED_NORMAL) !=
        TI_DRAWN_TRUNCATED_NORMAL) {
        resolved->given[TI_PARAM_corrected] =
            false; /* it is fixed for what is truncated */
    }
    status = set_truncation(resolved, spec, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_column_axis, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_axis, error);
    if (status == TI_OK && alias->rule == rule_square) status = check_square(spec, error);
    if (status == TI_OK) set_fans(resolved, alias->rule);
    return status;
}

/* Their parameter that ours, the error's field, comes from. */
static bool find_theirs(const struct ti_spec *spec, const struct ti_error *error,
                        struct item *item) {
    struct ti_text_list list = list_of(spec->alias->info.params);
    while (*spec->alias->info.params && next_item(&list, item)) {
        if (ti_text_is(item->ours, item->ours_bytes, error->field)) return true;
    }
    return false;
}

static bool is_given(const struct ti_spec *spec, const struct item *item) {
    enum ti_param theirs;
    return ti_param_find(item->theirs, item->theirs_bytes, &theirs) &&
           spec->given[theirs];
}

void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error) {
    struct item item;
    if (!error || !spec->alias || !find_theirs(spec, error, &item)) return;
    if (item.theirs_bytes != item.ours_bytes ||
        memcmp(item.theirs, item.ours, item.ours_bytes) != 0) {
        const size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, "; %s calls %.*s %.*s",
                 spec->asked, (int)item.ours_bytes, item.ours, (int)item.theirs_bytes,
                 item.theirs);
    }
    /* At fault is what was given, not the default that it does not go with. */
    if (error->code != TI_EMISSING && !is_given(spec, &item)) {
        struct ti_text_list list = list_of(spec->alias->info.params);
        const struct item none = item;
        while (next_item(&list, &item) && !is_given(spec, &item)) continue;
        if (!is_given(spec, &item)) item = none;
    }
    snprintf(error->field, sizeof error->field, "%.*s", (int)item.theirs_bytes,
             item.theirs);
}
