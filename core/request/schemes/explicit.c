/* SPDX-License-Identifier: MIT */
/* Distributions whose numbers the request gives: uniform, normal, truncated_normal. */
#include <math.h>

#include <tensorinit/number.h>

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
    /* sampler.c checks them again, rounded to the dtype. */
    if (dist->low <= dist->high) return TI_OK;
    char low[TI_NUMBER_TEXT_BYTES], high[TI_NUMBER_TEXT_BYTES];
    ti_number_text(dist->low, low);
    ti_number_text(dist->high, high);
    return ti_error_set(error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
                        "high must not be below low; they are %s and %s", high, low);
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

/* Converts bounds in value units to sigmas. Values are clamped to the bounds as well. */
static enum ti_status bounded(const struct ti_spec *spec, double mean, double std,
                              struct ti_dist *dist, struct ti_truncation *cut,
                              struct ti_error *error) {
    if (spec->given[TI_PARAM_truncation]) {
        return ti_error_set(error, TI_EINAPPLICABLE, "truncation",
                            "truncation and low or high cut the same distribution, in "
                            "different units; give one of them");
    }
    if (std == 0) {
        return ti_error_set(error, TI_EVALUE, "std",
                            "std must be above 0 if low or high is given");
    }
    const char *field = spec->given[TI_PARAM_high] ? "high" : "low";
    dist->bounded = true;
    dist->low = ti_spec_number(spec, TI_PARAM_low, -INFINITY);
    dist->high = ti_spec_number(spec, TI_PARAM_high, INFINITY);
    if (dist->low >= dist->high) {
        char low[TI_NUMBER_TEXT_BYTES], high[TI_NUMBER_TEXT_BYTES];
        ti_number_text(dist->low, low);
        ti_number_text(dist->high, high);
        return ti_error_set(error, TI_EVALUE, field,
                            "high must be above low; they are %s and %s", high, low);
    }
    cut->low = (dist->low - mean) / std;
    cut->high = (dist->high - mean) / std;
    if (ti_truncation_is_valid(*cut)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, field,
        "low and high are %.6g and %.6g sigmas from the mean; low must be at most 6, "
        "high at least -6, and high - low at least 0.000001",
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
            "corrected requires truncation=: with low or high, a corrected std "
            "would move the cuts");
    }
    return ti_dist_truncate(dist, mean, std, cut, corrected, "corrected", error);
}
