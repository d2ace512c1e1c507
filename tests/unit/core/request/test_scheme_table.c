/* SPDX-License-Identifier: MIT */
/*
 * core/request/schemes, the table: which scheme takes which parameters, the listed
 * defaults, and tensors without elements.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/tensor.h"

static size_t param_index(const char *name) {
    for (size_t i = 0; i < ti_param_count(); i++) {
        if (strcmp(ti_param_get(i)->name, name) == 0) return i;
    }
    fail_msg("no parameter %s", name);
    return 0;
}

/* The parameters that each scheme takes, in the order of params.def. */
#define FANS                                                                               \
    "layout groups transposed fan_in fan_out mode in_axis out_axis batch_axis input_axes " \
    "output_axes icnr "
#define GAIN_FANS FANS "gain "
static const struct {
    const char *scheme, *aliases, *takes;
} schemes[] = {
    {"he_normal", "he", GAIN_FANS "truncation corrected"},
    {"he_uniform", "", GAIN_FANS},
    {"glorot_normal", "glorot", GAIN_FANS "truncation corrected"},
    {"glorot_uniform", "", GAIN_FANS},
    {"lecun_normal", "lecun", GAIN_FANS "truncation corrected"},
    {"lecun_uniform", "", GAIN_FANS},
    {"kaiming_normal", "kaiming", GAIN_FANS "nonlinearity slope"},
    {"kaiming_uniform", "", GAIN_FANS "nonlinearity slope"},
    {"xavier_normal", "xavier", GAIN_FANS "nonlinearity slope"},
    {"xavier_uniform", "", GAIN_FANS "nonlinearity slope"},
    {"torch_default", "", GAIN_FANS},
    {"variance_scaling", "", GAIN_FANS "truncation corrected scale distribution"},
    {"siren", "", GAIN_FANS "omega first"},
    {"small_init", "", GAIN_FANS "d_model"},
    {"wang_init", "", GAIN_FANS "d_model layers"},
    {"mitchell", "", GAIN_FANS "d_model layer"},
    {"gpt2_residual", "", "std layers"},
    {"megatron_scaled", "", "std layers multiplier"},
    {"depth_scaled", "", "std truncation layer"},
    {"mup", "", "std layers width_multiplier"},
    {"t5", "", GAIN_FANS "d_model role d_kv"},
    {"deepnorm", "", GAIN_FANS "layers encoder_layers decoder_layers"},
    {"spectral", "", GAIN_FANS},
    {"lora_a", "", GAIN_FANS},
    {"normal", "", "mean std padding_idx"},
    {"truncated_normal", "", "mean std low high truncation corrected padding_idx"},
    {"uniform", "", "low high padding_idx"},
    {"log_uniform", "", "low high"},
    {"mamba_dt_bias", "", "low high floor"},
    {"log_of_uniform", "", "low high"},
    {"constant", "", "value"},
    {"zeros", "", ""},
    {"ones", "", ""},
    {"identity", "", "gain batch_axis"},
    {"dirac", "", "groups"},
    {"zero_hadamard", "", "batch_axis"},
    {"lstm_forget_bias", "", "value"},
    {"bilinear", "", ""},
    {"arange", "", "start step"},
    {"linspace", "", "start stop"},
    {"log_arange", "", "start step"},
    {"alibi_slopes", "", ""},
    {"rope_inv_freq", "", "base factor low_freq_factor high_freq_factor original_length"},
    {"sinusoidal", "", "base arrangement"},
    {"stft", "", "side window scaling periodic"},
    {"sparse", "", "sparsity std"},
    {"orthogonal", "", "gain layout batch_axis"},
    {"delta_orthogonal", "", "gain layout batch_axis"},
};

static void table_of_schemes(void **state) {
    (void)state;
    assert_int_equal(ti_scheme_count(), COUNT_OF(schemes));
    assert_null(ti_scheme_get(ti_scheme_count()));
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        const struct ti_scheme_info *info = ti_scheme_get(i);
        size_t common = 0, own = 0;
        assert_string_equal(info->name, schemes[i].scheme);
        assert_string_equal(info->aliases, schemes[i].aliases);
        char *copy = strdup(schemes[i].takes), *rest = copy, *param;
        while ((param = strtok_r(rest, " ", &rest))) {
            assert_row(ti_scheme_takes(i, param_index(param)), info->name);
            own++;
        }
        free(copy);
        for (size_t k = 0; k < ti_param_count(); k++) {
            if (ti_param_get(k)->common) {
                assert_true(ti_scheme_takes(i, k));
                common++;
            } else if (ti_scheme_takes(i, k)) {
                assert_row(!ti_param_get(k)->framework, info->name);
                assert_row(own-- > 0, info->name);
            }
        }
        assert_row(own == 0, info->name);
        assert_true(common >= 6);
    }
    assert_false(ti_scheme_takes(COUNT_OF(schemes), 0));
    assert_false(ti_scheme_takes(0, ti_param_count()));
}

/*
 * Giving the defaults that a scheme lists changes neither a value nor the canonical
 * query.
 */
static void listed_defaults(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *info = ti_scheme_get(i);
        char plain[200], given[400];
        if (!*info->defaults) continue;
        snprintf(plain, sizeof plain, "%s&dtype=f64&scheme=%s",
                 test_minimal_query(info->name), info->name);
        snprintf(given, sizeof given, "%s&%s", plain, info->defaults);
        /* slope's default is for a nonlinearity, which is not given together with gain */
        char *slope = strstr(given, "&gain=") ? strstr(given, "&slope=") : NULL;
        if (slope) *slope = '\0';
        struct ti_plan *a = test_plan(plain), *b = test_plan(given);
        double x[180], y[180];
        assert_int_equal(ti_plan_info(a)->elems, 180);
        test_fill_all(a, x);
        test_fill_all(b, y);
        assert_row(memcmp(x, y, sizeof x) == 0, given);
        assert_string_equal(ti_plan_info(a)->query, ti_plan_info(b)->query);
        assert_string_equal(ti_plan_info(a)->etag, ti_plan_info(b)->etag);
        ti_plan_free(a);
        ti_plan_free(b);
    }
}

/* Every scheme takes tensors without elements, of its ranks. */
static void no_elements(void **state) {
    static const char *const shapes[] = {
        "0", "0,5", "5,0", "0,0", "0,16,5", "4,0,5", "4,4,0,0", "0,4,3,3", "2,0,3,3"};
    unsigned taken[64] = {0};
    (void)state;
    assert_true(ti_scheme_count() <= COUNT_OF(taken));
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const char *name = ti_scheme_get(i)->name,
                   *rest = strchr(test_minimal_query(name), '&');
        for (size_t k = 0; k < COUNT_OF(shapes); k++) {
            char query[200];
            struct ti_plan *plan;
            struct ti_error error;
            snprintf(query, sizeof query, "shape=%s&scheme=%s%s", shapes[k], name,
                     rest ? rest : "");
            if (test_plan_try(query, &plan, &error) != TI_OK) {
                assert_row(strcmp(error.field, "shape") == 0, query);
                continue;
            }
            assert_row(ti_plan_info(plan)->elems == 0, query);
            assert_row(ti_plan_fill(plan, 0, 0, NULL, NULL) == TI_OK, query);
            ti_plan_free(plan);
            taken[i]++;
        }
        assert_row(taken[i] >= 1, name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_schemes),
        cmocka_unit_test(listed_defaults),
        cmocka_unit_test(no_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
