/* SPDX-License-Identifier: MIT */
/* The trial of hints, and the schemes that take a parameter: see hints.h. */
#include "core/request/hints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/request/params.h"
#include "core/request/plan.h"
#include "core/request/schemes/schemes.h"
#include "core/request/spellings.h"
#include "core/request/text.h"

/* Plans that are made for one error at most: a few microseconds each. */
#define TRIALS_MAX 24

static bool set(struct ti_spec *spec, const struct ti_text_pair *pair,
                struct ti_error *error) {
    const struct ti_spelling_context context = {spec->alias, false};
    char plain[TI_HINT_VALUE_BYTES + TI_SPELLING_GROWTH];
    enum ti_param param;
    if (pair->value_bytes >= TI_HINT_VALUE_BYTES ||
        !ti_param_find(pair->name, pair->name_bytes, &param)) {
        return false;
    }
    const size_t n =
        ti_spelling_rewrite(param, pair->value, pair->value_bytes, &context, plain);
    spec->given[param] = false;
    if (param == TI_PARAM_scheme) spec->framework_name[0] = '\0';
    return ti_spec_set(spec, ti_param_get(param)->name, plain, n, error) == TI_OK;
}

bool ti_hints_apply(struct ti_spec *spec, const char *change, struct ti_error *error) {
    struct ti_text_list list = ti_text_list(change);
    struct ti_text_pair pair;
    bool accepted = true;
    while (accepted && ti_text_next_pair(&list, &pair)) {
        accepted = pair.value && set(spec, &pair, error);
    }
    return accepted;
}

bool ti_hints_try(const struct ti_spec *spec, const char *change, double *std,
                  struct ti_error *error) {
    struct ti_spec *changed = malloc(sizeof *changed);
    struct ti_error own;
    if (!error) error = &own;
    error->text[0] = '\0';
    if (changed) *changed = *spec;
    bool accepted = changed && ti_hints_apply(changed, change, error);
    if (accepted) {
        struct ti_plan *plan = NULL;
        const enum ti_status status = ti_plan_resolve(changed, &plan, error);
        if (status == TI_OK && std) *std = plan->info.std;
        ti_plan_free(plan);
        accepted = status == TI_OK ||
                   (status == TI_EMISSING && strcmp(error->field, "shape") == 0);
    }
    free(changed);
    return accepted;
}

/* Whether a value may stand in a query, and between quotes, as it is. */
static bool is_plain(const char *value) {
    for (; *value; value++) {
        if (*value <= ' ' || *value > '~' || strchr("%&+#'\"", *value)) return false;
    }
    return true;
}

bool ti_hints_offer(struct ti_hints *hints, const char *scheme, const char *param,
                    const char *value) {
    char change[TI_HINT_CHANGE_BYTES], quoted[TI_HINT_CHANGE_BYTES + 2];
    const size_t used = strlen(hints->text);
    struct ti_error error;
    hints->refusal[0] = '\0';
    if (hints->count == hints->max || hints->trials == TRIALS_MAX) return false;
    if (scheme && hints->keeps_scheme) return false;
    enum ti_param which;
    if (param && !is_plain(value)) return false;
    /* What the request gives besides is not in question. */
    if (param && ti_param_find(param, strlen(param), &which) &&
        (hints->spec->given[which] || (hints->others && !hints->others->takes(which)))) {
        return false;
    }
    const int n = snprintf(change, sizeof change, "%s%s%s%s%s%s", scheme ? "scheme=" : "",
                           scheme ? scheme : "", scheme && param ? "&" : "",
                           param ? param : "", param ? "=" : "", param ? value : "");
    snprintf(quoted, sizeof quoted, "'%s'", change);
    if ((size_t)n >= sizeof change || used + (size_t)n + 8 > sizeof hints->text ||
        strstr(hints->text, quoted)) {
        return false;
    }
    hints->trials++;
    if (!ti_hints_try(hints->spec, change, NULL, &error)) {
        snprintf(hints->refusal, sizeof hints->refusal, "%s", error.text);
        return false;
    }
    snprintf(hints->text + used, sizeof hints->text - used, "%s%s", used ? " or " : "",
             quoted);
    if (hints->count++ == 0) memcpy(hints->first, change, sizeof change);
    return true;
}

/*
 * Appends what a framework's name says besides the scheme, "&layout=io&std=0.05", but
 * for 'param', as far as 'scheme' takes it.
 */
static void add_framework_values(const struct ti_hints *hints, const char *scheme,
                                 const char *param, char *text, size_t capacity) {
    struct ti_plan *plan;
    struct ti_text_pair pair;
    size_t index;
    if (!ti_scheme_find(scheme, strlen(scheme), &index) ||
        ti_plan_resolve(hints->spec, &plan, NULL) != TI_OK) {
        return;
    }
    struct ti_text_list list = ti_text_list(plan->info.query);
    while (ti_text_next_pair(&list, &pair)) {
        const size_t used = strlen(text);
        enum ti_param which;
        if (!ti_param_find(pair.name, pair.name_bytes, &which) ||
            ti_param_get(which)->common || hints->spec->given[which] ||
            strcmp(ti_param_get(which)->name, param) == 0 ||
            !ti_scheme_takes(index, which)) {
            continue;
        }
        snprintf(text + used, capacity - used, "&%.*s=%.*s", (int)pair.name_bytes,
                 pair.name, (int)pair.value_bytes, pair.value);
    }
    ti_plan_free(plan);
}

bool ti_hints_offer_scheme(struct ti_hints *hints, const char *scheme, const char *param,
                           const char *value) {
    char text[TI_HINT_VALUE_BYTES];
    snprintf(text, sizeof text, "%s", scheme);
    if (hints->spec->alias) {
        add_framework_values(hints, scheme, param, text, sizeof text);
    }
    return ti_hints_offer(hints, text, param, value);
}

void ti_hints_relatives(struct ti_hints *hints, const char *param, const char *value) {
    static const struct {
        const char *scheme, *relative;
    } relatives[] = {
#define TI_RELATIVE(scheme, relative) {#scheme, #relative},
#include "core/request/meanings.def"
    };
    const char *scheme = ti_scheme_get(hints->spec->scheme)->name;
    enum ti_param which;
    if (!ti_param_find(param, strlen(param), &which)) return;
    if (hints->spec->alias && ti_hints_offer_scheme(hints, scheme, param, value)) return;
    for (size_t i = 0; i < sizeof relatives / sizeof *relatives; i++) {
        if (strcmp(relatives[i].scheme, scheme) == 0 &&
            ti_hints_offer_scheme(hints, relatives[i].relative, param, value)) {
            return;
        }
    }
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        if (!ti_param_get(which)->common && ti_scheme_takes(i, which)) {
            (void)ti_hints_offer_scheme(hints, ti_scheme_get(i)->name, param, value);
        }
    }
}
