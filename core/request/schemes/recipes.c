/* SPDX-License-Identifier: MIT */
/*
 * Recipes of language models: the standard deviation follows from the sizes of the model.
 *
 *   residual  std / sqrt(multiplier * layers): GPT-2 (Radford et al. 2019, section 2.3),
 *             and Megatron-LM's scaled_init_method_normal
 *   small     sqrt(2 / (5 * n)): Nguyen and Salazar 2019, "Transformers without tears"
 *   wang      2 / (layers * sqrt(n)): as GPT-NeoX's wang_init
 *   depth     std / sqrt(2 * (layer + 1)), perhaps cut: as torchtitan's depth_init
 *   mup       std / sqrt(width_multiplier), and with layers / sqrt(2 * layers): as
 *             Megatron-LM's use_mup
 *   mitchell  1 / sqrt(n), or with a layer 1 / sqrt(2 * n * (layer + 1)), cut at 3
 *             sigmas: as OLMo's mitchell
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_needs(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               enum ti_param param, const char *meaning,
                               struct ti_error *error) {
    const char *name = ti_param_get(param)->name;
    if (spec->given[param]) return TI_OK;
    return ti_error_set(error, TI_EMISSING, name, "scheme=%s needs %s=, %s",
                        scheme->info.name, name, meaning);
}

enum ti_status ti_scheme_above_zero(double number, const char *name,
                                    struct ti_error *error) {
    if (number > 0) return TI_OK;
    return ti_error_set(error, TI_EVALUE, name, "%s must be a number above 0", name);
}

static enum ti_status residual(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               double *sigma, struct ti_error *error) {
    const double multiplier = ti_spec_number(spec, TI_PARAM_multiplier, 2);
    const double layers = (double)ti_spec_count(spec, TI_PARAM_layers, 1);
    double std;
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    if (status == TI_OK) status = ti_scheme_above_zero(multiplier, "multiplier", error);
    if (status != TI_OK) return status;
    *sigma = std / sqrt(multiplier * layers);
    return TI_OK;
}

static double mitchell(const struct ti_spec *spec, double n) {
    if (!spec->given[TI_PARAM_layer]) return 1 / sqrt(n);
    return 1 / sqrt(2 * n * ((double)spec->value[TI_PARAM_layer].count + 1));
}

/* std / sqrt(2 * (layer + 1)), not corrected for the cut. */
static enum ti_status depth(const struct ti_spec *spec, const struct ti_scheme *scheme,
                            struct ti_dist *dist, struct ti_error *error) {
    struct ti_truncation cut = {-INFINITY, INFINITY};
    double std;
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    if (status == TI_OK) {
        status = ti_scheme_needs(spec, scheme, TI_PARAM_layer,
                                 "the index of the layer, from 0", error);
    }
    if (status != TI_OK) return status;
    if (spec->given[TI_PARAM_truncation]) cut = spec->truncation;
    std = std / sqrt(2 * ((double)spec->value[TI_PARAM_layer].count + 1));
    return ti_dist_truncate(dist, 0, std, cut, false, "truncation", error);
}

static enum ti_status mup(const struct ti_spec *spec, const struct ti_scheme *scheme,
                          double *sigma, struct ti_error *error) {
    const double multiplier = ti_spec_number(spec, TI_PARAM_width_multiplier, 1);
    double std;
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    if (status == TI_OK) {
        status = ti_scheme_needs(spec, scheme, TI_PARAM_width_multiplier,
                                 "the width by that of the base model", error);
    }
    if (status == TI_OK)
        status = ti_scheme_above_zero(multiplier, "width_multiplier", error);
    if (status != TI_OK) return status;
    *sigma = std / sqrt(multiplier);
    if (spec->given[TI_PARAM_layers])
        *sigma = *sigma / sqrt(2 * (double)spec->value[TI_PARAM_layers].count);
    return TI_OK;
}

enum ti_status ti_scheme_recipe(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_dist *dist,
                                struct ti_error *error) {
    const struct ti_truncation cut = {-3, 3};
    const double layers = (double)ti_spec_count(spec, TI_PARAM_layers, 1);
    /* A tensor whose fan is 0 has no elements. */
    const double n = fans->n > 0 ? fans->n : 1;
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    if (scheme->numbers.recipe == TI_RECIPE_MUP)
        return mup(spec, scheme, &dist->sigma, error);
    if (ti_scheme_has(scheme, TI_PARAM_layers)) {
        const enum ti_status status = ti_scheme_needs(
            spec, scheme, TI_PARAM_layers, "the number of layers of the model", error);
        if (status != TI_OK) return status;
    }
    switch (scheme->numbers.recipe) {
    case TI_RECIPE_RESIDUAL:
        return residual(spec, scheme, &dist->sigma, error);
    case TI_RECIPE_SMALL:
        dist->sigma = sqrt(2 / (5 * n));
        return TI_OK;
    case TI_RECIPE_WANG:
        dist->sigma = 2 / (layers * sqrt(n));
        return TI_OK;
    case TI_RECIPE_DEPTH:
        return depth(spec, scheme, dist, error);
    default:
        return ti_dist_truncate(dist, 0, mitchell(spec, n), cut, false, "corrected",
                                error);
    }
}
