/* SPDX-License-Identifier: MIT */
/*
 * Variance scale/n: variance_scaling, he, glorot and lecun, as Keras and JAX define them.
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

/* TI_EINAPPLICABLE if a parameter of truncation is given. */
static enum ti_status refuse(const struct ti_spec *spec, enum ti_param param,
                             const char *name, struct ti_error *error) {
    if (!spec->given[param]) return TI_OK;
    return ti_error_set(error, TI_EINAPPLICABLE, name,
                        "%s requires distribution=truncated_normal", name);
}

enum ti_status ti_scheme_variance(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    double scale = ti_spec_number(spec, TI_PARAM_scale, scheme->numbers.scale);
    if (!(scale > 0)) {
        return ti_error_set(
            error, TI_EVALUE, "scale",
            "Argument `scale` must be positive float. It takes a number above 0");
    }
    /* A tensor whose fan is 0 has no elements. */
    double variance = fans->n > 0 ? scale / fans->n : 0;
    enum ti_sampling sampling = (enum ti_sampling)ti_spec_choice(
        spec, TI_PARAM_distribution, scheme->numbers.sampling);
    if (sampling == TI_SAMPLING_TRUNCATED_NORMAL) {
        struct ti_truncation cut = {-2, 2};
        if (spec->given[TI_PARAM_truncation]) cut = spec->truncation;
        return ti_dist_truncate(
            dist, 0, sqrt(variance), cut, ti_spec_flag(spec, TI_PARAM_corrected, true),
            spec->given[TI_PARAM_corrected] ? "corrected" : "truncation", error);
    }
    enum ti_status status = refuse(spec, TI_PARAM_truncation, "truncation", error);
    if (status == TI_OK) {
        status = refuse(spec, TI_PARAM_corrected, "corrected", error);
    }
    if (status != TI_OK) return status;
    if (sampling == TI_SAMPLING_UNTRUNCATED_NORMAL) {
        dist->distribution = TI_DISTRIBUTION_NORMAL;
        dist->sigma = sqrt(variance);
    } else {
        dist->distribution = TI_DISTRIBUTION_UNIFORM;
        dist->symmetric = true;
        dist->high = sqrt(3 * variance);
        dist->low = -dist->high;
    }
    return TI_OK;
}
