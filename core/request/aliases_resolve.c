/* SPDX-License-Identifier: MIT */
/*
 * Translates a request with a framework's name into a canonical one: see aliases.h. The
 * steps are those of docs/SPEC.md, "Names of frameworks".
 */
#include "core/request/aliases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/request/params.h"
#include "core/request/text.h"
#include "core/request/words.h"

bool ti_alias_takes(const struct ti_alias *alias, enum ti_param param) {
    const struct ti_param_info *info = ti_param_get(param);
    const char *list = alias->info.params;
    struct ti_alias_param item;
    if (info->common) return true;
    if (alias->rule >= TI_ALIAS_TORCH &&
        (param == TI_PARAM_fan_in || param == TI_PARAM_fan_out)) {
        return true; /* an addition: no framework has these */
    }
    while (ti_alias_next_param(&list, &item)) {
        if (ti_text_is(item.framework, item.framework_bytes, info->name)) return true;
    }
    return false;
}

static enum ti_status check_params(const struct ti_spec *spec, struct ti_error *error) {
    const struct ti_alias *alias = spec->alias;
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const enum ti_param param = (enum ti_param)i;
        char list[256] = "";
        if (!spec->given[i] || ti_alias_takes(alias, param)) continue;
        for (size_t k = 0; k < TI_PARAM_COUNT; k++) {
            if (ti_param_get(k)->common || !ti_alias_takes(alias, (enum ti_param)k))
                continue;
            ti_words_add(list, sizeof list, ti_param_get(k)->name);
        }
        return ti_error_set(error, TI_EINAPPLICABLE, ti_param_get(i)->name,
                            "%s does not apply to scheme=%s, which takes %s; "
                            "scheme=%s takes the canonical parameters",
                            ti_param_get(i)->name, spec->framework_name,
                            *list ? list : "only the common parameters",
                            alias->info.scheme);
    }
    return TI_OK;
}

/* Sets the parameters of "a=1&b=2", a text of aliases.def, that are not given. */
static void set_missing(struct ti_spec *spec, const char *pairs) {
    struct ti_text_list list = ti_text_list(pairs);
    struct ti_text_pair pair;
    enum ti_param param;
    while (ti_text_next_pair(&list, &pair)) {
        if (!ti_param_find(pair.name, pair.name_bytes, &param) || spec->given[param]) {
            continue;
        }
        enum ti_status status = ti_spec_set(spec, ti_param_get(param)->name, pair.value,
                                            pair.value_bytes, NULL);
        (void)status; /* cannot fail: tests read all of aliases.def */
    }
}

/* Renames a parameter. */
static void move(struct ti_spec *spec, enum ti_param from, enum ti_param to) {
    if (!spec->given[from]) return;
    spec->given[from] = false;
    spec->given[to] = true;
    spec->value[to] = spec->value[from];
}

/* Parameters whose values are converted, too: set_truncation(), set_columns() and
   set_fan_in_axes(). */
static bool is_converted(enum ti_param param) {
    return param == TI_PARAM_lower || param == TI_PARAM_upper ||
           param == TI_PARAM_column_axis || param == TI_PARAM_axis ||
           param == TI_PARAM_fan_in_axes;
}

static void rename_params(struct ti_spec *spec) {
    const char *list = spec->alias->info.params;
    struct ti_alias_param item;
    enum ti_param from, to;
    while (ti_alias_next_param(&list, &item)) {
        if (ti_param_find(item.framework, item.framework_bytes, &from) &&
            ti_param_find(item.canonical, item.canonical_bytes, &to) && from != to &&
            !is_converted(from)) {
            /* ends of a cut: set_truncation() joins them */
            if (to == TI_PARAM_truncation)
                to = from == TI_PARAM_a ? TI_PARAM_lower : TI_PARAM_upper;
            move(spec, from, to);
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

/* Number of elements. It may wrap: the plan rejects shapes beyond 64 bits. */
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
    /* JAX's own message, with a way out. */
    if (rule == TI_ALIAS_JAX && rank < 2 && default_in_axis && !in && !out) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "Can't compute input and output sizes of a %u-dimensional weights "
            "tensor with default in_axis. Must be at least 2D or specify "
            "in_axis explicitly. fan_in= and fan_out= set the sizes",
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

/* Converts lower and upper, of which the request has at least one, to truncation. */
static enum ti_status set_truncation(struct ti_spec *spec,
                                     const struct ti_spec *requested,
                                     struct ti_error *error) {
    const struct ti_truncation cut = {spec->value[TI_PARAM_lower].number,
                                      spec->value[TI_PARAM_upper].number};
    /* lower and upper, or the names that timm has for them */
    const bool timm = requested->given[TI_PARAM_a] || requested->given[TI_PARAM_b];
    const char *lower = timm ? "a" : "lower", *upper = timm ? "b" : "upper";
    if (!spec->given[TI_PARAM_lower]) return TI_OK;
    spec->given[TI_PARAM_lower] = spec->given[TI_PARAM_upper] = false;
    spec->given[TI_PARAM_truncation] = true;
    spec->truncation = cut;
    if (ti_truncation_is_valid(cut)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE,
        requested->given[timm ? TI_PARAM_a : TI_PARAM_lower] ? lower : upper,
        "%s and %s are %.6g and %.6g; %s must be at most 6, %s at least -6, and %s - %s at "
        "least 0.000001",
        lower, upper, cut.low, cut.high, lower, upper, upper, lower);
}

/* Converts column_axis or axis, the axis of the matrix's columns, to layout. */
static enum ti_status set_columns(struct ti_spec *spec, enum ti_param param,
                                  struct ti_error *error) {
    const int64_t axis = spec->value[param].integer;
    const int64_t last = (int64_t)spec->rank - 1;
    if (!spec->given[param]) return TI_OK;
    spec->given[param] = false;
    if (spec->alias->rule == TI_ALIAS_DELTA) {
        /* The distribution is the same for both axes. */
        if (axis >= -2 && axis <= 1) return TI_OK;
        return ti_error_set(
            error, TI_EVALUE, ti_param_get(param)->name,
            "%s takes -2 to 1: it is an axis of the matrix of inputs and outputs",
            ti_param_get(param)->name);
    }
    set_choice(spec, TI_PARAM_layout,
               axis == -1 || axis == last ? TI_LAYOUT_IO : TI_LAYOUT_OI);
    if (axis == -1 || axis == last || axis == 0 || axis == -1 - last) return TI_OK;
    return ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                        "%s takes 0 or -1; permute= changes the order of the axes",
                        ti_param_get(param)->name);
}

/*
 * Converts fan_in_axes to input_axes and output_axes, as haiku/_src/initializers.py does:
 * fan_out is the product of the axes that the list does not name, and a negative axis
 * names none of them. With fewer than 3 dims Haiku ignores the list.
 */
static enum ti_status set_fan_in_axes(struct ti_spec *spec, struct ti_error *error) {
    const struct ti_axes *in = &spec->axes[TI_AXES_fan_in_axes];
    struct ti_axes out = {0};
    if (!spec->given[TI_PARAM_fan_in_axes]) return TI_OK;
    spec->given[TI_PARAM_fan_in_axes] = false;
    if (spec->rank < 3) {
        const bool same =
            spec->rank == 2 && in->count == 1 && (in->axis[0] == 0 || in->axis[0] == -2);
        if (same) return TI_OK;
        return ti_error_set(error, TI_EINAPPLICABLE, "fan_in_axes",
                            "fan_in_axes requires 3 or more dims: Haiku ignores it for "
                            "fewer; fan_in= and fan_out= set the sizes");
    }
    for (unsigned i = 0; i < spec->rank; i++) {
        bool named = false;
        for (unsigned k = 0; k < in->count; k++) named |= in->axis[k] == (int64_t)i;
        if (!named) out.axis[out.count++] = i;
    }
    spec->axes[TI_AXES_input_axes] = *in;
    spec->axes[TI_AXES_output_axes] = out;
    spec->given[TI_PARAM_input_axes] = spec->given[TI_PARAM_output_axes] = true;
    return TI_OK;
}

/* An infinite bound of a truncated normal is none; nothing else may be infinite. */
static enum ti_status drop_infinite(struct ti_spec *spec, const struct ti_spec *requested,
                                    struct ti_error *error) {
    static const struct {
        enum ti_param param;
        double none;
    } rows[] = {
        {TI_PARAM_low, -INFINITY}, {TI_PARAM_high, INFINITY}, {TI_PARAM_slope, 0}};
    const bool cuts = strcmp(spec->alias->info.scheme, "truncated_normal") == 0;
    bool dropped = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const enum ti_param param = rows[i].param;
        const double value = spec->value[param].number;
        if (!spec->given[param] || !isinf(value)) continue;
        if (!cuts || value != rows[i].none) {
            (void)ti_error_set(error, TI_EVALUE, ti_param_get(param)->name,
                               "%s must be a finite number for scheme=%s",
                               ti_param_get(param)->name, spec->alias->info.scheme);
            ti_alias_explain(requested, error);
            return TI_EVALUE;
        }
        spec->given[param] = false;
        dropped = true;
    }
    if (!dropped || spec->given[TI_PARAM_low] || spec->given[TI_PARAM_high]) return TI_OK;
    spec->given[TI_PARAM_truncation] = true;
    spec->truncation = (struct ti_truncation){-INFINITY, INFINITY};
    return TI_OK;
}

static enum ti_status check_matrix(const struct ti_spec *spec, struct ti_error *error) {
    if (spec->rank == 2) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "shape",
                        "Only tensors with 2 dimensions are supported; this one has %u. "
                        "scheme=identity takes stacks of matrices, too",
                        spec->rank);
}

/* tfjs.identity is for square matrices only. */
static enum ti_status check_square(const struct ti_spec *spec, struct ti_error *error) {
    if (spec->rank == 2 && spec->shape[0] == spec->shape[1]) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "shape",
                        "tfjs's identity can only be used for 2D square matrices; "
                        "scheme=identity takes other shapes, too");
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
        /* A corrected= in 'fixed' is for truncated distributions only. */
        resolved->given[TI_PARAM_corrected] = false;
    }
    status = set_truncation(resolved, spec, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_column_axis, error);
    if (status == TI_OK) status = set_columns(resolved, TI_PARAM_axis, error);
    if (status == TI_OK) status = set_fan_in_axes(resolved, error);
    if (status == TI_OK) status = drop_infinite(resolved, spec, error);
    if (status == TI_OK && alias->rule == TI_ALIAS_MATRIX)
        status = check_matrix(spec, error);
    if (status == TI_OK && alias->rule == TI_ALIAS_SQUARE)
        status = check_square(spec, error);
    if (status != TI_OK) return status;
    /* PyTorch always has a slope, which defaults to 0, and ignores it but for
       leaky_relu. */
    if (alias->rule == TI_ALIAS_TORCH && resolved->value[TI_PARAM_slope].number == 0 &&
        ti_spec_choice(resolved, TI_PARAM_nonlinearity, TI_NONLINEARITY_LEAKY_RELU) !=
            TI_NONLINEARITY_LEAKY_RELU) {
        resolved->given[TI_PARAM_slope] = false;
    }
    return set_fans(resolved, alias->rule, error);
}
