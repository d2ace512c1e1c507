/* SPDX-License-Identifier: MIT */
/*
 * From a request with a framework's name to one of ours: see aliases.h. The steps are those of
 * docs/SPEC.md, "Names of frameworks".
 */
#include "core/request/aliases.h"

#include <stdio.h>
#include <string.h>

#include "core/request/params.h"
#include "core/request/text.h"

static bool takes(const struct ti_alias *alias, enum ti_param param) {
    const struct ti_param_info *info = ti_param_get(param);
    const char *list = alias->info.params;
    struct ti_alias_param item;
    if (info->common) return true;
    if (alias->rule >= TI_ALIAS_TORCH &&
        (param == TI_PARAM_fan_in || param == TI_PARAM_fan_out)) {
        return true; /* no framework has these; we do */
    }
    while (ti_alias_next_param(&list, &item)) {
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
            ti_words_add(list, sizeof list, ti_param_get(k)->name);
        }
        return ti_error_set(error, TI_EINAPPLICABLE, ti_param_get(i)->name,
                            "%s does not apply to scheme=%s, which takes %s; "
                            "scheme=%s takes ours",
                            ti_param_get(i)->name, spec->framework_name,
                            *list ? list : "none of its own", alias->info.scheme);
    }
    return TI_OK;
}

/* Gives each parameter of "a=1&b=2" that is not given yet. The texts are our own: they fit. */
static void set_missing(struct ti_spec *spec, const char *pairs) {
    struct ti_text_list list = {pairs, pairs + strlen(pairs)};
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
    const char *list = spec->alias->info.params;
    struct ti_alias_param item;
    enum ti_param theirs, ours;
    while (ti_alias_next_param(&list, &item)) {
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

/* How many elements there are; a number beyond 64 bits wraps, and the plan refuses it. */
static uint64_t elems_of(const struct ti_spec *spec) {
    uint64_t elems = 1;
    for (unsigned i = 0; i < spec->rank; i++) elems *= spec->shape[i];
    return elems;
}

static enum ti_status set_fans(struct ti_spec *spec, enum ti_alias_rule rule,
                               struct ti_error *error) {
    const unsigned rank = spec->rank;
    const bool axes = spec->given[TI_PARAM_input_axes] ||
                      spec->given[TI_PARAM_output_axes] ||
                      spec->given[TI_PARAM_in_axis] || spec->given[TI_PARAM_out_axis] ||
                      spec->given[TI_PARAM_batch_axis];
    const bool in = spec->given[TI_PARAM_fan_in], out = spec->given[TI_PARAM_fan_out];
    const struct ti_axes *in_axis = &spec->axes[TI_AXES_in_axis];
    const bool default_in_axis =
        !spec->given[TI_PARAM_in_axis] || (in_axis->count == 1 && in_axis->axis[0] == -2);
    /* in JAX's words */
    if (rule == TI_ALIAS_JAX && rank < 2 && default_in_axis && !in && !out) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "Can't compute input and output sizes of a %u-dimensional weights "
            "tensor with default in_axis. Must be at least 2D or specify "
            "in_axis explicitly. fan_in= and fan_out= give the sizes outright",
            rank);
    }
    if (rule <= TI_ALIAS_TORCH || axes || (in && out)) return TI_OK;
    if (rule == TI_ALIAS_TFJS && (rank < 2 || rank > 5) && !in && !out) {
        set_count(spec, TI_PARAM_fan_in, elems_of(spec));
        set_count(spec, TI_PARAM_fan_out, 1);
        set_choice(spec, TI_PARAM_mode, TI_MODE_FAN_GEO_AVG);
    } else if (rank < 2 && rule == TI_ALIAS_KERAS) {
        set_count(spec, TI_PARAM_fan_in, elems_of(spec));
        set_count(spec, TI_PARAM_fan_out, elems_of(spec));
    } else if (rank < 2 && rule == TI_ALIAS_ROWS) {
        set_count(spec, TI_PARAM_fan_in, 1);
    } else if (rank >= 2) {
        set_choice(spec, TI_PARAM_layout, TI_LAYOUT_IO);
    }
    return TI_OK;
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
        "lower and upper are %.6g and %.6g; lower must be at most 6, upper at least -6, and "
        "they at least 0.000001 apart",
        cut.low, cut.high);
}

/* column_axis or axis, from which columns are counted: our two layouts. */
static enum ti_status set_columns(struct ti_spec *spec, enum ti_param param,
                                  struct ti_error *error) {
    const int64_t axis = spec->value[param].integer;
    const int64_t last = (int64_t)spec->rank - 1;
    if (!spec->given[param]) return TI_OK;
    spec->given[param] = false;
    if (spec->alias->rule ==
        TI_ALIAS_DELTA) { /* the distribution is the same either way */
        if (axis >= -2 && axis <= 1) return TI_OK;
        return ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                            "%s takes -2 to 1: it is of the matrix of inputs and outputs",
                            ti_param_get(param)->name);
    }
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
        status = ti_alias_translate_word(resolved, param, error);
        if (status != TI_OK) return status;
    }
    rename_params(resolved);
    set_missing(resolved, alias->info.fixed);
    if (ti_spec_choice(resolved, TI_PARAM_distribution, TI_SAMPLING_TRUNCATED_NORMAL) !=
        TI_SAMPLING_TRUNCATED_NORMAL) {
        resolved->given[TI_PARAM_corrected] =
            false; /* it is fixed for what is truncated */
    }
    status = set_truncation(resolved, spec, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_column_axis, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_axis, error);
    if (status == TI_OK && alias->rule == TI_ALIAS_SQUARE)
        status = check_square(spec, error);
    if (status != TI_OK) return status;
    /* PyTorch has a default for its slope, and no use for it but with leaky_relu. */
    if (alias->rule == TI_ALIAS_TORCH && resolved->value[TI_PARAM_slope].number == 0 &&
        ti_spec_choice(resolved, TI_PARAM_nonlinearity, TI_NONLINEARITY_LEAKY_RELU) !=
            TI_NONLINEARITY_LEAKY_RELU) {
        resolved->given[TI_PARAM_slope] = false;
    }
    return set_fans(resolved, alias->rule, error);
}

/* Their parameter that ours, the error's field, comes from. */
static bool find_theirs(const struct ti_spec *spec, const struct ti_error *error,
                        struct ti_alias_param *item) {
    const char *list = spec->alias->info.params;
    while (ti_alias_next_param(&list, item)) {
        if (ti_text_is(item->ours, item->ours_bytes, error->field)) return true;
    }
    return false;
}

static bool is_given(const struct ti_spec *spec, const struct ti_alias_param *item) {
    enum ti_param theirs;
    return ti_param_find(item->theirs, item->theirs_bytes, &theirs) &&
           spec->given[theirs];
}

void ti_alias_explain(const struct ti_spec *spec, struct ti_error *error) {
    struct ti_alias_param item;
    if (!error || !find_theirs(spec, error, &item)) return;
    if (item.theirs_bytes != item.ours_bytes ||
        memcmp(item.theirs, item.ours, item.ours_bytes) != 0) {
        const size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, "; %s calls %.*s %.*s",
                 spec->framework_name, (int)item.ours_bytes, item.ours,
                 (int)item.theirs_bytes, item.theirs);
    }
    /* At fault is what was given, not the default that it does not go with. */
    if (error->code != TI_EMISSING && !is_given(spec, &item)) {
        const char *list = spec->alias->info.params;
        const struct ti_alias_param none = item;
        while (ti_alias_next_param(&list, &item) && !is_given(spec, &item)) continue;
        if (!is_given(spec, &item)) item = none;
    }
    snprintf(error->field, sizeof error->field, "%.*s", (int)item.theirs_bytes,
             item.theirs);
}
