/* SPDX-License-Identifier: MIT */
/*
 * Standard deviation gain / sqrt(n): kaiming and xavier, as PyTorch defines them.
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

/*
 * PyTorch's torch.nn.init.calculate_gain, in the order of its operations; and for activations
 * that it lacks 1 / sqrt(E[f(z)^2]), z standard normal, which docs/SPEC.md, "gain", defines.
 */
double ti_scheme_gain_of(enum ti_nonlinearity nonlinearity, double slope) {
    switch (nonlinearity) {
    case TI_NONLINEARITY_TANH:
        return 5.0 / 3;
    case TI_NONLINEARITY_RELU:
        return sqrt(2.0);
    case TI_NONLINEARITY_LEAKY_RELU:
        return sqrt(2.0 / (1 + slope * slope));
    case TI_NONLINEARITY_SELU:
        return 3.0 / 4;
    case TI_NONLINEARITY_GELU:
        return 1.5335304411955353;
    case TI_NONLINEARITY_SILU:
        return 1.6765324703310911;
    case TI_NONLINEARITY_ELU:
        return 1.2451983007007066;
    case TI_NONLINEARITY_MISH:
        return 1.4868475812732081;
    case TI_NONLINEARITY_SOFTPLUS:
        return 1.0418668355353018;
    default:
        return 1;
    }
}

static enum ti_status resolve_gain(const struct ti_spec *spec,
                                   const struct ti_scheme *scheme, double *gain,
                                   struct ti_error *error) {
    enum ti_nonlinearity nonlinearity = (enum ti_nonlinearity)ti_spec_choice(
        spec, TI_PARAM_nonlinearity, scheme->numbers.nonlinearity);
    if (spec->given[TI_PARAM_gain] && !ti_scheme_gain_is_factor(scheme)) {
        if (spec->given[TI_PARAM_nonlinearity] || spec->given[TI_PARAM_slope]) {
            return ti_error_set(error, TI_EINAPPLICABLE,
                                spec->given[TI_PARAM_nonlinearity] ? "nonlinearity"
                                                                   : "slope",
                                "give either gain, or nonlinearity and slope");
        }
        *gain = spec->value[TI_PARAM_gain].number;
        if (*gain >= 0) return TI_OK;
        return ti_error_set(error, TI_EVALUE, "gain",
                            "gain is negative; it takes a number of 0 or more");
    }
    if (spec->given[TI_PARAM_slope] && nonlinearity != TI_NONLINEARITY_LEAKY_RELU) {
        return ti_error_set(error, TI_EINAPPLICABLE, "slope",
                            "slope requires nonlinearity=leaky_relu");
    }
    *gain = ti_scheme_gain_of(
        nonlinearity, ti_spec_number(spec, TI_PARAM_slope, scheme->numbers.slope));
    return TI_OK;
}

enum ti_status ti_scheme_kaiming_xavier(const struct ti_spec *spec,
                                        const struct ti_scheme *scheme,
                                        const struct ti_fans *fans, struct ti_dist *dist,
                                        struct ti_error *error) {
    enum ti_status status = resolve_gain(spec, scheme, &dist->gain, error);
    if (status != TI_OK) return status;
    dist->has_gain = true;
    /* A tensor whose fan is 0 has no elements. */
    double std = fans->n > 0 ? dist->gain / sqrt(fans->n) : 0;
    if (scheme->numbers.sampling == TI_SAMPLING_UNIFORM) {
        dist->distribution = TI_DISTRIBUTION_UNIFORM;
        dist->symmetric = true;
        dist->high = sqrt(3.0) * std;
        dist->low = -dist->high;
    } else {
        dist->distribution = TI_DISTRIBUTION_NORMAL;
        dist->sigma = std;
    }
    return TI_OK;
}
