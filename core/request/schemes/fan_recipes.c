/* SPDX-License-Identifier: MIT */
/*
 * Recipes whose standard deviation follows from fans, but not as a variance scale/n:
 *
 *   t5        by the role of the matrix, as Hugging Face's T5PreTrainedModel._init_weights
 *   deepnorm  Wang et al. 2022, "DeepNet: scaling transformers to 1,000 layers", table 2: the
 *             gain (8 * layers)^(-1/4) of xavier_normal; of an encoder and a decoder that reads
 *             it 0.87 * (N^4 * M)^(-1/16) and (12 * M)^(-1/4)
 *   spectral  Yang, Simon, Bernstein 2023, "A spectral condition for feature learning":
 *             sqrt(1 / fan_in) * min(1, sqrt(fan_out / fan_in))
 *
 * gain.c applies their gain.
 */
#include <math.h>

#include "core/request/params.h"
#include "core/request/schemes/schemes.h"

/* A tensor whose fan is 0 has no elements. */
static double not_zero(double fan) { return fan > 0 ? fan : 1; }

/* Parameters of fans, all that t5 has besides role and gain: a role without them. */
static enum ti_status refuse_fans(const struct ti_spec *spec, struct ti_error *error) {
    for (int i = 0; i < TI_PARAM_COUNT; i++) {
        const struct ti_param_info *param = ti_param_get((enum ti_param)i);
        const char *name = param->name;
        if (!spec->given[i] || param->common || i == TI_PARAM_role || i == TI_PARAM_gain)
            continue;
        return ti_error_set(
            error, TI_EINAPPLICABLE, name,
            "%s does not apply to role=shared and role=lm_head, whose std is "
            "1 for every shape",
            name);
    }
    return TI_OK;
}

enum ti_status ti_scheme_t5(const struct ti_spec *spec, const struct ti_scheme *scheme,
                            const struct ti_fans *fans, struct ti_dist *dist,
                            struct ti_error *error) {
    const enum ti_role role =
        (enum ti_role)ti_spec_choice(spec, TI_PARAM_role, TI_ROLE_SHARED);
    double n = not_zero(fans->n);
    enum ti_status status = ti_scheme_needs(spec, scheme, TI_PARAM_role,
                                            ti_param_get(TI_PARAM_role)->accepts, error);
    if (status != TI_OK) return status;
    if (role == TI_ROLE_Q) {
        status = ti_scheme_needs(spec, scheme, TI_PARAM_d_kv,
                                 "the width of a head, for role=q", error);
        n = n * (double)ti_spec_count(spec, TI_PARAM_d_kv, 1);
    } else if (spec->given[TI_PARAM_d_kv]) {
        status = ti_error_set(error, TI_EINAPPLICABLE, "d_kv", "d_kv requires role=q");
    } else if (role == TI_ROLE_RELATIVE_ATTENTION_BIAS) {
        status =
            ti_scheme_needs(spec, scheme, TI_PARAM_d_model,
                            "the width of the model, for relative_attention_bias", error);
    } else if (role == TI_ROLE_SHARED || role == TI_ROLE_LM_HEAD) {
        status = refuse_fans(spec, error);
        n = 1;
    }
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    dist->sigma = 1 / sqrt(n);
    return status;
}

/* beta of the paper: a model of one stack, or a stack of two of N and M layers. */
static double deepnorm_gain(const struct ti_spec *spec) {
    const double layers = (double)ti_spec_count(spec, TI_PARAM_layers, 1);
    if (spec->given[TI_PARAM_decoder_layers]) {
        const double decoder = (double)spec->value[TI_PARAM_decoder_layers].count;
        const double square = layers * layers;
        return 0.87 / sqrt(sqrt(sqrt(sqrt(square * square * decoder))));
    }
    return 1 / sqrt(sqrt((spec->given[TI_PARAM_encoder_layers] ? 12 : 8) * layers));
}

enum ti_status ti_scheme_deepnorm(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    dist->sigma = deepnorm_gain(spec) / sqrt(not_zero(fans->n));
    if (spec->given[TI_PARAM_encoder_layers] && spec->given[TI_PARAM_decoder_layers]) {
        return ti_error_set(
            error, TI_EINAPPLICABLE, "decoder_layers",
            "decoder_layers is for a matrix of the encoder, encoder_layers "
            "for one of the decoder: give one of them");
    }
    return ti_scheme_needs(spec, scheme, TI_PARAM_layers,
                           "the number of layers of the encoder or decoder", error);
}

enum ti_status ti_scheme_spectral(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    const double in = not_zero((double)fans->in), ratio = sqrt((double)fans->out / in);
    (void)scheme;
    dist->distribution = TI_DISTRIBUTION_NORMAL;
    dist->sigma = 1 / sqrt(in) * (ratio < 1 ? ratio : 1);
    if (!spec->given[TI_PARAM_mode]) return TI_OK;
    return ti_error_set(error, TI_EINAPPLICABLE, "mode",
                        "mode does not apply to scheme=spectral, which takes both fans");
}
