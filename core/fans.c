/* SPDX-License-Identifier: MIT */
/* Fans from the full shape: docs/SPEC.md, "Fans". */
#include "core/fans.h"

#include <math.h>

/* The places of the two channel dims, and which of them the groups divide. */
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

static enum ti_status fans_of_shape(const struct ti_spec *spec, struct ti_fans *fans,
                                    struct ti_error *error) {
    const struct channels c = channels_of(spec);
    const uint64_t groups = ti_spec_count(spec, TI_PARAM_groups, 1);
    uint64_t size[2] = {spec->shape[c.in], spec->shape[c.out]}, kernel = 1;
    if (spec->shape[c.grouped] % groups != 0) {
        return ti_error_set(
            error, TI_EVALUE, "groups",
            "dim %u must be divisible by groups: %llu is not a multiple of "
            "%llu",
            c.grouped, (unsigned long long)spec->shape[c.grouped],
            (unsigned long long)groups);
    }
    size[c.grouped == c.out] /= groups;
    for (unsigned i = 0; i < spec->rank; i++) {
        if (i != c.in && i != c.out) kernel *= spec->shape[i];
    }
    /* No overflow: the plan has checked the product of all dims that are not 0. */
    fans->in = size[0] * kernel;
    fans->out = size[1] * kernel;
    fans->has_in = fans->has_out = true;
    return TI_OK;
}

static enum ti_status need(const char *field, enum ti_mode mode, unsigned rank,
                           struct ti_error *error) {
    static const char *const names[] = {"fan_in", "fan_out", "fan_avg", "fan_geo_avg"};
    return ti_error_set(
        error, TI_EVALUE, "shape",
        "fan in and fan out can not be computed for a tensor with fewer than "
        "2 dimensions (this one has %u), and mode=%s needs them: give %s= "
        "outright",
        rank, names[mode], field);
}

enum ti_status ti_fans_resolve(const struct ti_spec *spec, enum ti_mode mode,
                               struct ti_fans *fans, struct ti_error *error) {
    static const enum ti_param shape_only[] = {TI_PARAM_layout, TI_PARAM_groups,
                                               TI_PARAM_transposed};
    static const char *const shape_only_names[] = {"layout", "groups", "transposed"};
    const bool in = spec->given[TI_PARAM_fan_in], out = spec->given[TI_PARAM_fan_out];
    struct ti_fans found = {0};
    if (spec->rank >= 2 && !(in && out)) {
        enum ti_status status = fans_of_shape(spec, &found, error);
        if (status != TI_OK) return status;
    } else {
        for (int i = 0; i < 3; i++) {
            if (!spec->given[shape_only[i]]) continue;
            return ti_error_set(error, TI_EINAPPLICABLE, shape_only_names[i],
                                "%s says where the shape's fans are, but here %s",
                                shape_only_names[i],
                                spec->rank < 2 ? "the shape has fewer than 2 dimensions"
                                               : "fan_in and fan_out are both given");
        }
    }
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
