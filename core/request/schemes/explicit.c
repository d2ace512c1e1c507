/* SPDX-License-Identifier: MIT */
/* Distributions whose numbers are given outright: uniform, normal, truncated_normal. */
#include <math.h>

#include "core/request/params.h"
#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_std(const struct ti_spec *spec, const struct ti_scheme *scheme,
                             double *std, struct ti_error *error) {
    *std = ti_spec_number(spec, TI_PARAM_std, scheme->numbers.std);
    if (*std >= 0) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "std", "std is negative; it takes %s",
                        ti_param_get(TI_PARAM_std)->accepts);
}

enum ti_status ti_scheme_uniform(const struct ti_spec *spec,
                                 const struct ti_scheme *scheme,
                                 const struct ti_fans *fans, struct ti_dist *dist,
                                 struct ti_error *error) {
    (void)scheme, (void)fans;
    dist->distribution = TI_DISTRIBUTION_UNIFORM;
    dist->low = ti_spec_number(spec, TI_PARAM_low, 0);
    dist->high = ti_spec_number(spec, TI_PARAM_high, 1);
    if (dist->low <= dist->high)
        return TI_OK; /* and checked again as the dtype rounds them */
    return ti_error_set(error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
                        "high must not be below low; they are %.17g and %.17g",
                        dist->high, dist->low);
}

enum ti_status ti_scheme_normal(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_dist *dist,
                                struct ti_error *error) {
    (void)fans;
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    dist->mean = ti_spec_number(spec, TI_PARAM_mean, 0);
    return ti_scheme_std(spec, scheme, &dist->sigma, error);
}

/* Bounds in value units become bounds in sigmas; the values are clamped to them as well. */
static enum ti_status bounded(const struct ti_spec *spec, double mean, double std,
                              struct ti_dist *dist, struct ti_truncation *cut,
                              struct ti_error *error) {
    if (spec->given[TI_PARAM_truncation]) {
        return ti_error_set(error, TI_EINAPPLICABLE, "truncation",
                            "truncation and low or high say the same thing in different "
                            "units; give one");
    }
    if (std == 0) {
        return ti_error_set(error, TI_EVALUE, "std",
                            "std must be above 0 where low or high is given");
    }
    dist->bounded = true;
    dist->low = ti_spec_number(spec, TI_PARAM_low, -INFINITY);
    dist->high = ti_spec_number(spec, TI_PARAM_high, INFINITY);
    cut->low = (dist->low - mean) / std;
    cut->high = (dist->high - mean) / std;
    if (ti_truncation_is_valid(*cut)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
        "low to high is %.6g to %.6g sigmas from the mean; low must be at most "
        "6, high at least -6, and they at least 0.000001 apart",
        cut->low, cut->high);
}

enum ti_status ti_scheme_truncated_normal(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error) {
    struct ti_truncation cut = {-2, 2};
    double std, mean = ti_spec_number(spec, TI_PARAM_mean, 0);
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    (void)fans;
    if (status != TI_OK) return status;
    if (spec->given[TI_PARAM_low] || spec->given[TI_PARAM_high]) {
        status = bounded(spec, mean, std, dist, &cut, error);
        if (status != TI_OK) return status;
    } else if (spec->given[TI_PARAM_truncation]) {
        cut = spec->truncation;
    }
    bool corrected = ti_spec_flag(spec, TI_PARAM_corrected, false);
    if (corrected && dist->bounded) {
        return ti_error_set(
            error, TI_EINAPPLICABLE, "corrected",
            "corrected goes with truncation=, not with low or high, which "
            "would move when std is corrected");
    }
    return ti_dist_truncate(dist, mean, std, cut, corrected, error);
}
