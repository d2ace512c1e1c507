/* SPDX-License-Identifier: MIT */
/* Hints for parameters: see hints.h. */
#include "core/request/hints.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/request/kinds.h"
#include "core/request/near_match.h"
#include "core/request/params.h"
#include "core/request/plan.h"
#include "core/request/schemes/schemes.h"
#include "core/request/spellings.h"
#include "core/request/text.h"
#include "core/request/words.h"

/* Adds text to the error; what does not fit is left out. */
static void add(struct ti_error *error, const char *before, const char *text,
                const char *after) {
    const char *const parts[] = {before, text, after};
    size_t used = strlen(error->text);
    if (used + strlen(before) + strlen(text) + strlen(after) >= sizeof error->text)
        return;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t bytes = strlen(parts[i]);
        memcpy(error->text + used, parts[i], bytes);
        used += bytes;
    }
    error->text[used] = '\0';
}

/* Parameters ------------------------------------------------------------------------- */

static const struct {
    const char *typed, *params;
} meanings[] = {
#define TI_PARAM_MEANING(typed, params) {typed, params},
#include "core/request/meanings.def"
};

static const struct {
    const char *typed, *text;
} absent[] = {
#define TI_PARAM_ABSENT(typed, text) {typed, text},
#include "core/request/meanings.def"
};

/* Offers a parameter with the value as it is, or else with what the value may mean. */
static void offer(struct ti_hints *hints, const char *param, const char *value) {
    enum ti_param which;
    if (ti_hints_offer(hints, NULL, param, value)) return;
    if (*hints->refusal && !*hints->near) {
        snprintf(hints->near, sizeof hints->near, "%s is near, but: %.900s", param,
                 hints->refusal);
    }
    if (!ti_param_find(param, strlen(param), &which) || hints->spec->given[which]) return;
    ti_hints_values(hints, which, value);
}

/* The same with a scheme that takes the parameter. */
static void offer_relatives(struct ti_hints *hints, const char *param,
                            const char *value) {
    const unsigned before = hints->count;
    char word[TI_HINT_VALUE_BYTES];
    enum ti_param which;
    ti_hints_relatives(hints, param, value);
    if (hints->count > before || !ti_param_find(param, strlen(param), &which)) return;
    if (ti_hints_word(which, value, word)) ti_hints_relatives(hints, param, word);
}

/* Offers the parameters of the table for a name, with the scheme or with another. */
static void offer_meanings(struct ti_hints *hints, const char *name, const char *value,
                           bool relatives) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const char *list = meanings[i].params, *word, *typed = meanings[i].typed;
        size_t n;
        if (!ti_near_same(name, strlen(name), typed, strlen(typed))) continue;
        while (ti_words_next(&list, &word, &n)) {
            char param[32];
            snprintf(param, sizeof param, "%.*s", (int)n, word);
            if (relatives) {
                offer_relatives(hints, param, value);
            } else {
                offer(hints, param, value);
            }
        }
    }
}

static void offer_near(struct ti_hints *hints, const char *name, const char *value) {
    for (unsigned distance = 0; distance <= 3; distance++) {
        for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
            const char *param = ti_param_get(i)->name;
            if (ti_near_distance(name, strlen(name), param, strlen(param)) == distance) {
                offer(hints, param, value);
            }
        }
    }
}

/* The framework's parameters for a canonical one. */
static void offer_renamed(struct ti_hints *hints, const char *name, const char *value) {
    const struct ti_alias *alias = hints->spec->alias;
    const char *list = alias ? alias->info.params : "";
    struct ti_alias_param item;
    while (ti_alias_next_param(&list, &item)) {
        char param[32];
        if (!ti_text_is(item.canonical, item.canonical_bytes, name)) continue;
        snprintf(param, sizeof param, "%.*s", (int)item.framework_bytes, item.framework);
        offer(hints, param, value);
    }
}

/* The frameworks' names of the scheme, if the parameter is a framework's. */
static void offer_frameworks(struct ti_hints *hints, const char *name,
                             const char *value) {
    const char *scheme = ti_scheme_get(hints->spec->scheme)->name;
    for (size_t i = 0; i < ti_alias_count() && !hints->spec->alias; i++) {
        const struct ti_alias_info *info = ti_alias_get(i);
        const char *list = info->params;
        struct ti_alias_param item;
        char alias[TI_MAX_SCHEME_BYTES];
        if (strcmp(info->scheme, scheme) != 0) continue;
        snprintf(alias, sizeof alias, "%.*s.%.*s", (int)strcspn(info->frameworks, ","),
                 info->frameworks, (int)strcspn(info->spellings, ","), info->spellings);
        while (ti_alias_next_param(&list, &item)) {
            if (ti_text_is(item.framework, item.framework_bytes, name)) {
                (void)ti_hints_offer(hints, alias, name, value);
            }
        }
    }
}

static void offer_all(struct ti_hints *hints, const char *name, const char *value) {
    hints->trials = 0;
    offer_renamed(hints, name, value);
    offer_meanings(hints, name, value, false);
    if (hints->count == 0) offer_near(hints, name, value);
    if (hints->count == 0) offer_frameworks(hints, name, value);
    if (hints->count == 0) offer_relatives(hints, name, value);
    if (hints->count == 0) offer_meanings(hints, name, value, true);
}

static bool takes(const struct ti_spec *spec, enum ti_param param) {
    return spec->alias ? ti_alias_takes(spec->alias, param)
                       : ti_scheme_has(ti_scheme_at(spec->scheme), param);
}

/* Removes parameters that the scheme does not take: each makes any other change refused. */
static void drop_inapplicable(struct ti_hints *hints) {
    struct ti_spec *spec = hints->spec;
    for (size_t i = 0; i < TI_PARAM_COUNT && hints->dropped_count < TI_NEAR_MAX; i++) {
        const enum ti_param param = (enum ti_param)i;
        if (!spec->given[i] || ti_param_get(i)->common || takes(spec, param)) continue;
        spec->given[i] = false;
        hints->dropped[hints->dropped_count++] = param;
    }
}

static void offer_params(struct ti_hints *hints, const char *name, const char *value) {
    offer_all(hints, name, value);
    if (hints->count > 0) return;
    drop_inapplicable(hints);
    if (hints->dropped_count == 0) return;
    hints->keeps_scheme = true;
    hints->max =
        hints->max > hints->dropped_count ? hints->max - hints->dropped_count : 1;
    offer_all(hints, name, value);
}

/* ------------------------------------------------------------------------------------ */

/* Copies the spec without a parameter, which may be TI_PARAM_COUNT for none. */
static bool begin(struct ti_hints *hints, const struct ti_spec *spec, enum ti_param param,
                  unsigned max) {
    memset(hints, 0, sizeof *hints);
    hints->max = max;
    hints->spec = malloc(sizeof *hints->spec);
    if (!hints->spec) return false;
    *hints->spec = *spec;
    if (param < TI_PARAM_COUNT) hints->spec->given[param] = false;
    return true;
}

/* The text of a value that is set; false for lists and names. */
static bool value_text(const struct ti_spec *spec, enum ti_param param,
                       char text[TI_HINT_VALUE_BYTES]) {
    const struct ti_param_kind *kind = ti_param_kind(param);
    const struct ti_canonical_source from = {spec, ti_scheme_at(spec->scheme), NULL};
    size_t n;
    if (kind->read == ti_read_choice) {
        const char *word = ti_alias_choice_word(param, spec->value[param].choice, &n);
        memcpy(text, word, n);
    } else if (kind->read == ti_read_number || kind->read == ti_read_constant ||
               kind->read == ti_read_flag || kind->read == ti_read_count ||
               kind->read == ti_read_index || kind->read == ti_read_truncation) {
        n = kind->write(&from, param, text);
    } else if (kind->read == ti_read_bound && isfinite(spec->value[param].number)) {
        n = ti_write_number(&from, param, text);
    } else if (kind->read == ti_read_axes && spec->rank > 0) {
        n = kind->write(&from, param, text);
    } else {
        return false;
    }
    text[n] = '\0';
    return true;
}

static unsigned end(struct ti_hints *hints, struct ti_error *error);

/*
 * Says that the parameters that were dropped are at fault as well, and what each may mean.
 * Returns how many changes that are.
 */
static unsigned explain_dropped(const struct ti_hints *hints, unsigned left,
                                struct ti_error *error) {
    unsigned count = 0;
    for (unsigned i = 0; i < hints->dropped_count; i++) {
        const char *name = ti_param_get(hints->dropped[i])->name;
        char value[TI_HINT_VALUE_BYTES];
        struct ti_hints own;
        struct ti_error also;
        (void)ti_error_set(&also, TI_EINAPPLICABLE, name, "%s does not apply", name);
        if (count < left && value_text(hints->spec, hints->dropped[i], value) &&
            begin(&own, hints->spec, hints->dropped[i], 1)) {
            own.keeps_scheme = true;
            offer_all(&own, name, value);
            own.near[0] = '\0';
            count += end(&own, &also);
        }
        ti_hints_add_error(error, &also);
    }
    return count;
}

/* Adds the hints to the error. Returns how many there are. */
static unsigned end(struct ti_hints *hints, struct ti_error *error) {
    unsigned count = hints->count;
    if (count > 0) {
        add(error, "; did you mean ", hints->text, "?");
        count += explain_dropped(hints, TI_NEAR_MAX - count, error);
    } else if (*hints->near) {
        add(error, "; ", hints->near, "");
    }
    free(hints->spec);
    return count;
}

/* What Python, JavaScript and shells write for no value. */
static bool is_nothing(const char *value) {
    static const char *const words[] = {"", "none", "null", "nil", "undefined"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (ti_spelling_same(value, strlen(value), words[i], strlen(words[i]))) {
            return true;
        }
    }
    return false;
}

/* begin() for a parameter of a request. */
static bool begin_request(struct ti_hints *hints, const struct ti_spec *spec,
                          enum ti_param param, const struct ti_hint_request *request,
                          unsigned max) {
    if (!begin(hints, spec, param, max)) return false;
    hints->others = request->others;
    hints->keeps_scheme = request->keeps_scheme;
    return true;
}

static unsigned hint_value(const struct ti_spec *spec, enum ti_param param,
                           const char *value, struct ti_hint_request *request,
                           unsigned max, struct ti_error *error) {
    const struct ti_param_info *info = ti_param_get(param);
    const bool required = strcmp(info->fallback, "required") == 0;
    struct ti_hints hints;
    if (is_nothing(value) && !required) {
        char text[160];
        snprintf(text, sizeof text, "; leave %s out for its default, %s", info->name,
                 info->fallback);
        add(error, text, "", "");
        return 0;
    }
    if (!begin_request(&hints, spec, param, request, max)) return 0;
    ti_hints_values(&hints, param, value);
    memcpy(request->offered, hints.first, sizeof hints.first);
    const unsigned found = end(&hints, error);
    if (param == TI_PARAM_scheme) {
        add(error, found ? " " : "; ",
            "/v1/schemes and 'tensorinit schemes' list all schemes", "");
    }
    return found;
}

unsigned ti_hints_add_near(struct ti_error *error, const char *typed, const char *before,
                           const char *const *names, size_t count) {
    const char *near[TI_NEAR_MAX];
    const size_t found = ti_near_names(typed, names, count, near);
    for (size_t i = 0; i < found; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", before, near[i]);
        add(error, i > 0 ? " or '" : "; did you mean '", name, "'");
    }
    if (found > 0) add(error, "?", "", "");
    return (unsigned)found;
}

/* For a parameter that has no hint, in a request that has other parameters as well. */
static unsigned hint_others(const char *name, const struct ti_other_params *others,
                            struct ti_error *error) {
    char list[256] = "";
    const unsigned found =
        ti_hints_add_near(error, name, "", others->names, others->count);
    for (size_t i = 0; found == 0 && i < others->count; i++) {
        ti_words_add(list, sizeof list, others->names[i]);
    }
    if (found == 0) {
        add(error, "; parameters are: ", list, ", and those of the scheme");
    }
    return found;
}

/* For what people write for another parameter of the request; 0 if it is no such word. */
static unsigned hint_meaning(const char *name, const struct ti_other_params *others,
                             struct ti_error *error) {
    for (size_t i = 0; others->meanings[i][0]; i++) {
        const char *typed = others->meanings[i][0];
        if (ti_near_same(name, strlen(name), typed, strlen(typed))) {
            return ti_hints_add_near(error, others->meanings[i][1], "",
                                     &others->meanings[i][1], 1);
        }
    }
    return 0;
}

static unsigned hint_unknown(const struct ti_spec *spec, const char *name,
                             const char *value, struct ti_hint_request *request,
                             unsigned max, struct ti_error *error) {
    const struct ti_other_params *others = request->others;
    struct ti_error other;
    struct ti_hints hints;
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        const char *typed = absent[i].typed;
        if (!ti_near_same(name, strlen(name), typed, strlen(typed))) continue;
        (void)ti_error_set(error, TI_EPARAM, name,
                           "unknown parameter '%.64s': a service has no such thing; %s",
                           name, absent[i].text);
        return 0;
    }
    (void)ti_error_set(&other, TI_EPARAM, name, "unknown parameter '%.64s'", name);
    if (others && hint_meaning(name, others, &other) > 0) {
        *error = other;
        return 1;
    }
    if (!begin_request(&hints, spec, TI_PARAM_COUNT, request, max)) return 0;
    offer_params(&hints, name, value);
    if (others) hints.near[0] = '\0';
    memcpy(request->offered, hints.first, sizeof hints.first);
    if (others || hints.count > 0 || *hints.near) *error = other;
    const unsigned found = end(&hints, error);
    return found > 0 || !others ? found : hint_others(name, others, error);
}

unsigned ti_hints_for_pair(const struct ti_spec *spec, const char *name,
                           const char *value, size_t value_bytes,
                           struct ti_hint_request *request, unsigned max,
                           struct ti_error *error) {
    char text[TI_HINT_VALUE_BYTES];
    enum ti_param param;
    request->offered[0] = '\0';
    if (value_bytes >= sizeof text || memchr(value, '\0', value_bytes)) return 0;
    memcpy(text, value, value_bytes);
    text[value_bytes] = '\0';
    if (error->code == TI_EPARAM) {
        return hint_unknown(spec, name, text, request, max, error);
    }
    if (error->code == TI_EVALUE && ti_param_find(name, strlen(name), &param)) {
        return hint_value(spec, param, text, request, max, error);
    }
    return 0;
}

void ti_hints_add_error(struct ti_error *error, const struct ti_error *other) {
    const size_t used = strlen(error->text);
    const bool ended = used > 0 && error->text[used - 1] == '?';
    add(error, ended ? " Also: " : ". Also: ", other->text, "");
}

void ti_hints_for_plan(const struct ti_spec *spec, struct ti_error *error) {
    char value[TI_HINT_VALUE_BYTES];
    struct ti_hints hints;
    enum ti_param param;
    if (!error || !ti_param_find(error->field, strlen(error->field), &param) ||
        !spec->given[param] || ti_param_get(param)->common ||
        !value_text(spec, param, value)) {
        return;
    }
    if (!begin(&hints, spec, param, TI_NEAR_MAX)) return;
    if (error->code == TI_EINAPPLICABLE && !takes(spec, param)) {
        offer_params(&hints, ti_param_get(param)->name, value);
        hints.near[0] = '\0'; /* the error says what the scheme takes */
    } else if (error->code == TI_EVALUE && ti_param_has_words(param)) {
        ti_hints_values(&hints, param, value);
    }
    (void)end(&hints, error);
}
