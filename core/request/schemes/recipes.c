/* SPDX-License-Identifier: MIT */
/*
 * Recipes of language models: the standard deviation follows from the sizes of the model.
 *
 *   residual  std / sqrt(multiplier * layers): GPT-2 (Radford et al. 2019, section 2.3),
 *             and Megatron-LM's scaled_init_method_normal
 *   small     sqrt(2 / (5 * n)): Nguyen and Salazar 2019, "Transformers without tears"
 *   wang      2 / (layers * sqrt(n)): as GPT-NeoX's wang_init
 *   mitchell  1 / sqrt(n), or with a layer 1 / sqrt(2 * n * (layer + 1)), cut at 3
 *             sigmas: as OLMo's mitchell
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

static enum ti_status residual(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               double *sigma, struct ti_error *error) {
    const double multiplier = ti_spec_number(spec, TI_PARAM_multiplier, 2);
    const double layers = (double)ti_spec_count(spec, TI_PARAM_layers, 1);
    double std;
    enum ti_status status = ti_scheme_std(spec, scheme, &std, error);
    if (status != TI_OK) return status;
    if (!(multiplier > 0)) {
        return ti_error_set(error, TI_EVALUE, "multiplier",
                            "multiplier must be a number above 0");
    }
    *sigma = std / sqrt(multiplier * layers);
    return TI_OK;
}

static double mitchell(const struct ti_spec *spec, double n) {
    if (!spec->given[TI_PARAM_layer]) return 1 / sqrt(n);
    return 1 / sqrt(2 * n * ((double)spec->value[TI_PARAM_layer].count + 1));
}

enum ti_status ti_scheme_recipe(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_dist *dist,
                                struct ti_error *error) {
    const struct ti_truncation cut = {-3, 3};
    const double layers = (double)ti_spec_count(spec, TI_PARAM_layers, 1);
    /* A tensor whose fan is 0 has no elements. */
    const double n = fans->n > 0 ? fans->n : 1;
    if (ti_scheme_has(scheme, TI_PARAM_layers) && !spec->given[TI_PARAM_layers]) {
        return ti_error_set(error, TI_EMISSING, "layers",
                            "scheme=%s needs layers=, the number of layers of the model",
                            scheme->info.name);
    }
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    switch (scheme->numbers.recipe) {
    case TI_RECIPE_RESIDUAL:
        return residual(spec, scheme, &dist->sigma, error);
    case TI_RECIPE_SMALL:
        dist->sigma = sqrt(2 / (5 * n));
        return TI_OK;
    case TI_RECIPE_WANG:
        dist->sigma = 2 / (layers * sqrt(n));
        return TI_OK;
    default:
        return ti_dist_truncate(dist, 0, mitchell(spec, n), cut, false, "corrected",
                                error);
    }
}
