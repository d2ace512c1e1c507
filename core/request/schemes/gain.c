/* SPDX-License-Identifier: MIT */
/*
 * gain= of the schemes with fans that have no gain of their own, all but kaiming and xavier:
 * plan.c applies it to what the scheme has resolved. docs/SPEC.md, "Rules", gain.
 */
#include "core/request/schemes/schemes.h"

bool ti_scheme_gain_is_factor(const struct ti_scheme *scheme) {
    return ti_scheme_has(scheme, TI_PARAM_mode) && ti_scheme_has(scheme, TI_PARAM_gain) &&
           !ti_scheme_has(scheme, TI_PARAM_nonlinearity);
}

enum ti_status ti_dist_gain(const struct ti_spec *spec, struct ti_dist *dist,
                            struct ti_error *error) {
    const double gain = ti_spec_number(spec, TI_PARAM_gain, 1);
    if (!spec->given[TI_PARAM_gain]) return TI_OK; /* no multiplication */
    const enum ti_status status = ti_scheme_above_zero(gain, "gain", error);
    if (status != TI_OK) return status;
    dist->gain = dist->has_gain ? gain * dist->gain : gain;
    dist->has_gain = true;
    dist->sigma = gain * dist->sigma;
    if (dist->symmetric) {
        dist->high = gain * dist->high;
        dist->low = -dist->high;
    }
    return TI_OK;
}
