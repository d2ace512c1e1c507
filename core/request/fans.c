/* SPDX-License-Identifier: MIT */
/* Fans from the full shape: docs/SPEC.md, "Fans". */
#include "core/request/fans.h"

#include <math.h>

#include "core/request/params.h"
#include "core/request/words.h"

/* The axes of the two channel dims, and which of them the groups divide. */
struct channels {
    unsigned in, out, grouped;
};

static struct channels channels_of(const struct ti_spec *spec) {
    bool transposed = ti_spec_flag(spec, TI_PARAM_transposed, false);
    unsigned last = spec->rank - 1;
    if (ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_OI) {
        /* [out, in/g, *kernel]; transposed [in, out/g, *kernel] */
        struct channels c = {transposed ? 0 : 1, transposed ? 1 : 0, 0};
        return c;
    }
    /* [*kernel, in/g, out]; transposed [*kernel, out/g, in] */
    struct channels c = {transposed ? last : last - 1, transposed ? last - 1 : last,
                         last};
    return c;
}

/* icnr=: how many outputs are equal, a factor for each axis of the kernel; 1 without it. */
static enum ti_status copies_of(const struct ti_spec *spec, uint64_t outputs,
                                uint64_t *copies, struct ti_error *error) {
    const uint64_t factor = ti_spec_count(spec, TI_PARAM_icnr, 1);
    *copies = 1;
    if (!spec->given[TI_PARAM_icnr]) return TI_OK;
    if (ti_spec_flag(spec, TI_PARAM_transposed, false) || spec->rank < 3) {
        return ti_error_set(
            error, TI_EINAPPLICABLE, "icnr",
            "icnr is for kernels of convolutions, of 3 or more dims, that are "
            "not transposed");
    }
    for (unsigned i = 2; i < spec->rank; i++) {
        /* A product of divisors: no overflow. */
        if (outputs / *copies % factor == 0) {
            *copies *= outputs > 0 ? factor : 1;
            continue;
        }
        return ti_error_set(
            error, TI_EVALUE, "icnr",
            "the number of outputs, %llu, must be a multiple of %llu^%u: with "
            "icnr=%llu that many are equal",
            (unsigned long long)outputs, (unsigned long long)factor, spec->rank - 2,
            (unsigned long long)factor);
    }
    return TI_OK;
}

static enum ti_status fans_of_shape(const struct ti_spec *spec, struct ti_fans *fans,
                                    struct ti_error *error) {
    const struct channels c = channels_of(spec);
    const uint64_t groups = ti_spec_count(spec, TI_PARAM_groups, 1);
    uint64_t size[2] = {spec->shape[c.in], spec->shape[c.out]}, kernel = 1;
    const enum ti_status status = copies_of(spec, size[1], &fans->copies, error);
    if (status != TI_OK) return status;
    size[1] /= fans->copies;
    if (size[c.grouped == c.out] % groups != 0) {
        return ti_error_set(
            error, TI_EVALUE, "groups",
            "dim %u must be divisible by groups: %llu is not a multiple of "
            "%llu",
            c.grouped, (unsigned long long)size[c.grouped == c.out],
            (unsigned long long)groups);
    }
    size[c.grouped == c.out] /= groups;
    for (unsigned i = 0; i < spec->rank; i++) {
        if (i != c.in && i != c.out) kernel *= spec->shape[i];
    }
    /* No overflow: plan.c has checked the product of all dims that are not 0. */
    fans->in = size[0] * kernel;
    fans->out = size[1] * kernel;
    fans->has_in = fans->has_out = true;
    return TI_OK;
}

/*
 * Reports a bad axis. If the list is a default, the error names the parameter that made
 * the default apply.
 */
static enum ti_status refuse_axis(const struct ti_spec *spec, enum ti_param param,
                                  const char *why, int64_t axis, struct ti_error *error) {
    static const enum ti_param lists[] = {TI_PARAM_in_axis, TI_PARAM_out_axis,
                                          TI_PARAM_batch_axis};
    enum ti_param at_fault = param;
    for (size_t i = 0; !spec->given[at_fault] && i < sizeof lists / sizeof *lists; i++) {
        at_fault = spec->given[lists[i]] ? lists[i] : at_fault;
    }
    return ti_error_set(error, TI_EVALUE, ti_param_get(at_fault)->name,
                        "axis %lld of %s%s %s; the tensor has %u dimensions",
                        (long long)axis, ti_param_get(param)->name,
                        spec->given[param] ? "" : " (the default)", why, spec->rank);
}

/* The axes of a list as a set of bits. None may be named twice or be in the set
   'used'. */
static enum ti_status axes_of(const struct ti_spec *spec, enum ti_param param,
                              const struct ti_axes *fallback, uint64_t used,
                              uint64_t *set, struct ti_error *error) {
    const struct ti_axes *axes =
        spec->given[param] ? &spec->axes[ti_spec_axis_list(param)] : fallback;
    *set = 0;
    for (unsigned i = 0; i < axes->count; i++) {
        const int64_t given = axes->axis[i],
                      axis = given < 0 ? given + spec->rank : given;
        if (axis < 0 || axis >= spec->rank) {
            return refuse_axis(spec, param, "does not exist", given, error);
        }
        if ((*set | used) >> axis & 1) {
            return refuse_axis(spec, param, "is named twice", given, error);
        }
        *set |= (uint64_t)1 << axis;
    }
    return TI_OK;
}

enum ti_status ti_axes_resolve(const struct ti_spec *spec, enum ti_param param,
                               uint64_t *axes, struct ti_error *error) {
    static const struct ti_axes none = {0};
    return axes_of(spec, param, &none, 0, axes, error);
}

static uint64_t product_of(const struct ti_spec *spec, uint64_t set) {
    uint64_t product = 1;
    for (unsigned i = 0; i < spec->rank; i++) {
        if (set >> i & 1) product *= spec->shape[i];
    }
    return product;
}

/*
 * in_axis, out_axis and batch_axis (jax.nn.initializers): all other axes are the
 * kernel's. An axis may be both an input and an output, as Flax has it for embeddings.
 */
static enum ti_status fans_of_jax_axes(const struct ti_spec *spec, struct ti_fans *fans,
                                       struct ti_error *error) {
    static const struct ti_axes last_but_one = {1, {-2}}, last = {1, {-1}}, none = {0};
    uint64_t in, out, batch;
    enum ti_status status = axes_of(spec, TI_PARAM_in_axis, &last_but_one, 0, &in, error);
    if (status == TI_OK) {
        status = axes_of(spec, TI_PARAM_out_axis, &last, 0, &out, error);
    }
    if (status == TI_OK) {
        status = axes_of(spec, TI_PARAM_batch_axis, &none, in | out, &batch, error);
    }
    if (status != TI_OK) return status;
    fans->in = product_of(spec, ~(out | batch));
    fans->out = product_of(spec, ~(in | batch));
    fans->has_in = fans->has_out = true;
    return TI_OK;
}

/* input_axes and output_axes (keras.initializers): other axes do not count. */
static enum ti_status fans_of_keras_axes(const struct ti_spec *spec, struct ti_fans *fans,
                                         struct ti_error *error) {
    static const struct ti_axes none = {0};
    const bool first = spec->given[TI_PARAM_input_axes];
    uint64_t in, out;
    if (!first || !spec->given[TI_PARAM_output_axes]) {
        return ti_error_set(error, TI_EMISSING, first ? "output_axes" : "input_axes",
                            "input_axes and output_axes require each other; give both");
    }
    enum ti_status status = axes_of(spec, TI_PARAM_input_axes, &none, 0, &in, error);
    if (status == TI_OK) {
        status = axes_of(spec, TI_PARAM_output_axes, &none, 0, &out, error);
    }
    if (status != TI_OK) return status;
    fans->in = product_of(spec, in);
    fans->out = product_of(spec, out);
    fans->has_in = fans->has_out = true;
    return TI_OK;
}

/* How a request names the fan axes of the shape: only one of these at a time. */
enum naming { by_layout, by_jax_axes, by_keras_axes };

static const struct {
    enum ti_param param;
    enum naming naming;
} naming_rows[] = {
    {TI_PARAM_layout, by_layout},          {TI_PARAM_groups, by_layout},
    {TI_PARAM_transposed, by_layout},      {TI_PARAM_icnr, by_layout},
    {TI_PARAM_in_axis, by_jax_axes},       {TI_PARAM_out_axis, by_jax_axes},
    {TI_PARAM_batch_axis, by_jax_axes},    {TI_PARAM_input_axes, by_keras_axes},
    {TI_PARAM_output_axes, by_keras_axes},
};

#define NAMING_COUNT (sizeof naming_rows / sizeof *naming_rows)

static enum ti_status refuse(enum ti_param param, const char *why,
                             struct ti_error *error) {
    const char *name = ti_param_get(param)->name;
    return ti_error_set(error, TI_EINAPPLICABLE, name,
                        "%s is about the fans of the shape, but %s", name, why);
}

/* by_layout is the default. */
static enum ti_status find_naming(const struct ti_spec *spec, enum naming *naming,
                                  struct ti_error *error) {
    bool found = false;
    *naming = by_layout;
    for (size_t i = 0; i < NAMING_COUNT; i++) {
        if (!spec->given[naming_rows[i].param]) continue;
        if (found && *naming != naming_rows[i].naming) {
            return refuse(naming_rows[i].param, "another parameter names their axes",
                          error);
        }
        *naming = naming_rows[i].naming;
        found = true;
    }
    return TI_OK;
}

static enum ti_status refuse_naming(const struct ti_spec *spec, const char *why,
                                    struct ti_error *error) {
    for (size_t i = 0; i < NAMING_COUNT; i++) {
        if (spec->given[naming_rows[i].param]) {
            return refuse(naming_rows[i].param, why, error);
        }
    }
    return TI_OK;
}

/* d_model is n itself. */
static enum ti_status fans_of_width(const struct ti_spec *spec, struct ti_fans *fans,
                                    struct ti_error *error) {
    static const enum ti_param others[] = {TI_PARAM_mode, TI_PARAM_fan_in,
                                           TI_PARAM_fan_out};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!spec->given[others[i]]) continue;
        return ti_error_set(error, TI_EINAPPLICABLE, ti_param_get(others[i])->name,
                            "d_model is given, which replaces the fan");
    }
    fans->n = (double)spec->value[TI_PARAM_d_model].count;
    return refuse_naming(spec, "d_model replaces the fan", error);
}

/* Reports that the mode needs a fan, 'field', that the shape does not have. */
static enum ti_status need(const char *field, enum ti_mode mode, unsigned rank,
                           struct ti_error *error) {
    size_t n;
    const char *word = ti_words_at(ti_param_get(TI_PARAM_mode)->accepts, mode, &n);
    return ti_error_set(
        error, TI_EVALUE, "shape",
        "fan in and fan out can not be computed for a tensor with fewer than "
        "2 dimensions (this one has %u), and mode=%.*s needs them: give %s=",
        rank, (int)n, word, field);
}

enum ti_status ti_fans_resolve(const struct ti_spec *spec, enum ti_mode mode,
                               struct ti_fans *fans, struct ti_error *error) {
    const bool in = spec->given[TI_PARAM_fan_in], out = spec->given[TI_PARAM_fan_out];
    struct ti_fans found = {0};
    enum naming naming;
    enum ti_status status = find_naming(spec, &naming, error);
    if (status != TI_OK) return status;
    if (spec->given[TI_PARAM_d_model]) return fans_of_width(spec, fans, error);
    if (in && out) {
        status = refuse_naming(spec, "fan_in and fan_out are both given", error);
    } else if (naming == by_jax_axes) {
        status = fans_of_jax_axes(spec, &found, error);
    } else if (naming == by_keras_axes) {
        status = fans_of_keras_axes(spec, &found, error);
    } else if (spec->rank >= 2) {
        status = fans_of_shape(spec, &found, error);
    } else {
        status = refuse_naming(spec, "the shape has fewer than 2 dimensions", error);
    }
    if (status != TI_OK) return status;
    if (in) found.in = spec->value[TI_PARAM_fan_in].count, found.has_in = true;
    if (out) found.out = spec->value[TI_PARAM_fan_out].count, found.has_out = true;
    switch (mode) {
    case TI_MODE_FAN_IN:
        if (!found.has_in) return need("fan_in", mode, spec->rank, error);
        found.n = (double)found.in;
        break;
    case TI_MODE_FAN_OUT:
        if (!found.has_out) return need("fan_out", mode, spec->rank, error);
        found.n = (double)found.out;
        break;
    case TI_MODE_FAN_AVG:
    case TI_MODE_FAN_GEO_AVG:
        if (!found.has_in) return need("fan_in", mode, spec->rank, error);
        if (!found.has_out) return need("fan_out", mode, spec->rank, error);
        found.n = mode == TI_MODE_FAN_AVG ? ((double)found.in + (double)found.out) / 2
                                          : sqrt((double)found.in * (double)found.out);
        break;
    }
    *fans = found;
    return TI_OK;
}
