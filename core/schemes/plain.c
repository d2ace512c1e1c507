/* SPDX-License-Identifier: MIT */
/* Distributions whose numbers are given outright: uniform, normal, truncated_normal. */
#include <math.h>

#include "core/params.h"
#include "core/schemes/schemes.h"

enum ti_status ti_scheme_std(const struct ti_spec *spec, const struct ti_scheme *scheme,
                             double *std, struct ti_error *error) {
    *std = ti_spec_number(spec, TI_PARAM_std, scheme->numbers.std);
    if (*std >= 0) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "std", "std is negative; it takes %s",
                        ti_param_get(TI_PARAM_std)->accepts);
}

enum ti_status ti_scheme_uniform(const struct ti_spec *spec,
                                 const struct ti_scheme *scheme,
                                 const struct ti_fans *fans, struct ti_law *law,
                                 struct ti_error *error) {
    (void)scheme, (void)fans;
    law->distribution = TI_DISTRIBUTION_UNIFORM;
    law->low = ti_spec_number(spec, TI_PARAM_low, 0);
    law->high = ti_spec_number(spec, TI_PARAM_high, 1);
    if (law->low < law->high)
        return TI_OK; /* and checked again as the dtype rounds them */
    return ti_error_set(error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
                        "high must be above low; they are %.17g and %.17g", law->high,
                        law->low);
}

enum ti_status ti_scheme_normal(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_law *law,
                                struct ti_error *error) {
    (void)fans;
    law->distribution = TI_DISTRIBUTION_NORMAL;
    law->mean = ti_spec_number(spec, TI_PARAM_mean, 0);
    return ti_scheme_std(spec, scheme, &law->sigma, error);
}

/* Bounds in value units become bounds in sigmas; the values are clamped to them as well. */
static enum ti_status bounded(const struct ti_spec *spec, double mean, double std,
                              struct ti_law *law, struct ti_truncation *cut,
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
    law->bounded = true;
    law->low = ti_spec_number(spec, TI_PARAM_low, -INFINITY);
    law->high = ti_spec_number(spec, TI_PARAM_high, INFINITY);
    cut->low = (law->low - mean) / std;
    cut->high = (law->high - mean) / std;
    if (ti_truncation_is_valid(*cut)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
        "low to high is %.6g to %.6g sigmas from the mean; low must be at most "
        "6, high at least -6, and they at least 0.000001 apart",
        cut->low, cut->high);
}

enum ti_status ti_scheme_truncated_normal(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans, struct ti_law *law,
                                          struct ti_error *error) {
    struct ti_truncation cut = {-2, 2};
    double std, mean = ti_spec_number(spec, TI_PARAM_mean, 0);
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    (void)fans;
    if (status != TI_OK) return status;
    if (spec->given[TI_PARAM_low] || spec->given[TI_PARAM_high]) {
        status = bounded(spec, mean, std, law, &cut, error);
        if (status != TI_OK) return status;
    } else if (spec->given[TI_PARAM_truncation]) {
        cut = spec->truncation;
    }
    bool corrected = ti_spec_flag(spec, TI_PARAM_corrected, false);
    if (corrected && law->bounded) {
        return ti_error_set(
            error, TI_EINAPPLICABLE, "corrected",
            "corrected goes with truncation=, not with low or high, which "
            "would move when std is corrected");
    }
    return ti_law_truncate(law, mean, std, cut, corrected, error);
}
