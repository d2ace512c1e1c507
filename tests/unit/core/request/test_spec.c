/* SPDX-License-Identifier: MIT */
/* core/request/spec: valid and invalid values of every kind; errors change nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <tensorinit/manifest.h>
#include <tensorinit/spellings.h>

#include "core/request/spec.h"
#include "support/test.h"

static struct ti_spec *empty_spec(void) {
    struct ti_spec *spec;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    return spec;
}

static enum ti_status set(struct ti_spec *spec, const char *param, const char *value,
                          struct ti_error *error) {
    return ti_spec_set(spec, param, value, strlen(value), error);
}

#define ONES_31 "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"

static const struct {
    const char *param, *good, *bad; /* values, separated by blanks */
} params[] = {
    {"shape", "scalar 0 1 512,784 0,3 18446744073709551615 " ONES_31 " " ONES_31 ",1",
     ", 1, ,1 1,,2 -1 1.0 0x1 Scalar scalar,1 1,scalar +1 18446744073709551616 1;2 1x2 "
     "() [1] " ONES_31 ",1,1"},
    {"scheme",
     "he_normal he_uniform glorot_normal glorot_uniform lecun_normal lecun_uniform "
     "kaiming_normal kaiming_uniform xavier_normal xavier_uniform torch_default variance_scaling normal "
     "truncated_normal uniform constant zeros ones he glorot lecun kaiming xavier siren "
     "small_init wang_init mitchell gpt2_residual megatron_scaled lora_a identity dirac "
     "zero_hadamard lstm_forget_bias bilinear sparse torch.kaiming_normal_ torch.eye "
     "keras.HeNormal keras.he_normal jax.he_normal flax.zeros_init haiku.UniformScaling "
     "tfjs.leCunNormal tfjs.LeCunNormal",
     "He he_ normal_ he_normal, he,kaiming he_normal,he none orthogonal_ HE_NORMAL torch. "
     ".normal_ torch torch.he_normal Torch.normal_ torch.normal_. torch..normal_ "
     "keras.xavier_normal keras.HeNormal,he_normal keras.heNormal tfjs.he_normal "
     "jax.HeNormal jax,flax.normal haiku.Zeros torch.zeros torch.trunc_normal "
     "torch.nn.init.normal_ keras.Glorot"},
    {"seed", "0 42 -1 0x2a 18446744073709551615 -9223372036854775808",
     "x 1.0 1e3 0x -9223372036854775809 18446744073709551616 0x11111111111111111"},
    {"spec", "1-draft.2", "1 1-draft 1-draft.1 1-draft.20 draft.1 latest"},
    {"name", "a fc1.weight %41 \xc3\xa9 0", "\xc3 \xff \xed\xa0\x80 \xc0\x80"},
    {"dtype", "f32 f64 f16 bf16 f8_e4m3 f8_e5m2 i8 i16 i32 i64 u8 u16 u32 u64 bool",
     "F32 f32, float32 f8 i128 f32,f64 f128 b1"},
    {"format", "raw npy safetensors json", "RAW npz raw,npy bin"},
    {"json", "nested flat object", "Nested raw true"},
    {"metadata", "none full", "Full true 1"},
    {"permute", "0 1,0 -1,0 0,1,2", ", 1, x 1.0 0:1 9223372036854775808"},
    {"slice", "0 -1 : 0:1 ::2 ::-1 1:2:3 ... :,...,0 0:1024,: -3:-1",
     "x 1.5 ::0 1:2:3:4 ...,... , .. .... 0:x 9223372036854775808 1:2,"},
    {"shard", "0:0/1 0:1/2,0:3/8 -1:0/2 1:7/8",
     "0 0:1 0:1/1 0:2/2 0:-1/2 0:0/0 x:0/1 0:0/1, 0/1 0:0/1/2 0:0:1 0:0.5/1"},
    {"layout", "oi io", "OI hwio oi,io"},
    {"groups", "1 2 18446744073709551615", "0 -1 1.0 x 18446744073709551616"},
    {"transposed", "true false 1 0", "True yes 2 on TRUE t 01"},
    {"fan_in", "1 784 18446744073709551615", "0 -1 1.5 1e3 x"},
    {"fan_out", "1 784", "0 -1 1.5 x"},
    {"mode", "fan_in fan_out fan_avg fan_geo_avg fanIn fanOut fanAvg",
     "in Fan_In avg fan_in,fan_out fan_ fanGeoAvg fanin"},
    {"in_axis", "0 -1 0,1 none -2,3 9223372036854775807",
     ", 1, ,1 x 1.0 None 0:1 () [0] "
     "9223372036854775808"},
    {"out_axis", "0 -1 0,1 none", ", x 1.0 None"},
    {"batch_axis", "0 -1 0,1 none", ", x 1.0 None"},
    {"input_axes", "0 -1 0,1 none", ", x 1.0 None"},
    {"output_axes", "0 -1 0,1 none", ", x 1.0 None"},
    {"icnr", "1 2 18446744073709551615", "0 -1 1.5 x"},
    {"gain", "0 1 1.5 -1 1e300", "x inf nan 0x1 1e999"},
    {"nonlinearity",
     "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid "
     "tanh relu leaky_relu selu gelu silu elu mish softplus",
     "ReLU GELU swish leaky conv4d linear,relu"},
    {"slope", "0 0.01 -1 1e-300", "x inf nan"},
    {"mean", "0 -1.5 1e308", "x inf -inf nan 1e999"},
    {"std", "0 0.02 1e308", "x inf nan"},
    {"low", "-1 0 1e-320", "x inf -inf"},
    {"high", "-1 0 1e-320", "x inf -inf"},
    {"truncation",
     "2 0.000001 0.5 1e300 none -2,2 -inf,2 -2,inf -inf,inf 6,7 6,6.000001 -7,-6 0,1 "
     "5.5,inf 0,0.000001",
     "0 -1 0.0000004 1e-7 inf -inf nan None x 2,-2 2,2 1,1.0000005 6.1,7 -7,-6.1 inf,-inf "
     "2,-inf inf,2 1,2,3 , 1, ,1 2;3 -2..2"},
    {"corrected", "true false 1 0", "True 2 yes none"},
    {"value", "0 -1 1.5 1e300 18446744073709551616 inf -inf",
     "x Inf +inf infinity nan true 0x1 1e999"},
    {"scale", "1 0.5 2 -1 0", "x inf nan"},
    /* normal is a frameworks' word: see test_aliases.c */
    {"distribution", "truncated_normal untruncated_normal uniform normal",
     "Uniform gaussian uniform,normal Normal truncatedNormal"},
    {"omega", "30 1e-3 0 -1", "x inf nan"},
    {"first", "true false 1 0", "True 2 yes"},
    {"sparsity", "0 0.5 1 2 -1", "x inf nan 50%"},
    {"d_model", "1 4096", "0 -1 1.5 x"},
    {"layers", "1 18446744073709551615", "0 -1 1.5 x 18446744073709551616"},
    {"encoder_layers", "1 18446744073709551615", "0 -1 1.5 x 18446744073709551616"},
    {"decoder_layers", "1 18446744073709551615", "0 -1 1.5 x 18446744073709551616"},
    {"layer", "0 1 18446744073709551615", "-1 1.5 x 18446744073709551616"},
    {"multiplier", "2 0.5 0 -1", "x inf nan"},
    {"padding_idx", "0 -1 +7 9223372036854775807 -9223372036854775808",
     ", x 1.0 none 9223372036854775808"},
    {"role", "shared lm_head q k v o wi wo relative_attention_bias", "Q qkv wi_0"},
    {"d_kv", "1 64", "0 -1 x 1.0"},
    {"floor", "1e-4 0 -1", "x inf"},
    {"start", "0 -1.5 1e300", "x inf"},
    {"stop", "0 -1.5 1e300", "x inf"},
    {"step", "0 -1.5 1e300", "x inf"},
    {"base", "1 10000 0.5", "x inf"},
    {"arrangement", "halves interleaved grid", "half Grid"},
    {"side", "real imag", "imaginary Re real,imag"},
    {"window",
     "none boxcar bartlett cosine hann hamming blackman nuttall blackmanharris flattop tukey",
     "hanning kaiser Hann hann,tukey"},
    {"scaling", "density spectrum none", "l2 magnitude"},
    {"periodic", "true false 1 0", "yes 2"},
    {"factor", "1 8 0", "x inf"},
    {"low_freq_factor", "1 8 0", "x inf"},
    {"high_freq_factor", "1 8 0", "x inf"},
    {"original_length", "1 8192", "0 -1 1.0"},
    {"width_multiplier", "2 0.5 0 -1", "x inf nan"},
    {"stddev", "0 0.02 1e308", "x inf nan"},
    {"minval", "-1 0", "x inf -inf"},
    {"maxval", "-1 0", "x inf -inf"},
    {"a", "-1 0 2.2360679774997896 inf -inf", "x Inf nan 1e999"},
    {"b", "-1 0 inf -inf", "x Inf nan"},
    {"val", "0 -1 1.5 18446744073709551616 inf -inf", "x Inf nan true 0x1"},
    {"constant", "0 -1 1.5 18446744073709551616 inf -inf", "x Inf nan true 0x1"},
    {"lower", "-2 0 -inf inf", "x Inf nan"},
    {"upper", "2 0 inf -inf", "x Inf nan"},
    {"column_axis", "0 -1 9223372036854775807", "x 1.0 0,1 none 9223372036854775808"},
    {"axis", "0 -1 -9223372036854775808", "x 1.0 0,1 none"},
    {"fan_in_axes", "0 -1 0,1 none", ", x 1.0 None"},
};

static const char empty_is_good[] = "name"; /* of all parameters, only the name */

static void check_value(const char *param, const char *value, bool good) {
    struct ti_spec *spec = empty_spec(), *before = empty_spec();
    struct ti_error error = {TI_OK, "none", "none"};
    /* a spec with parameters, to test that a failure does not change it */
    const bool other = strcmp(param, "seed") != 0;
    assert_int_equal(other ? set(spec, "seed", "7", NULL) : TI_OK, TI_OK);
    memcpy(before, spec, sizeof *spec);
    const enum ti_status status = set(spec, param, value, &error);
    if (status != (good ? TI_OK : TI_EVALUE)) {
        fail_msg("%s=%s: %s %s", param, value, ti_status_name(status), error.text);
    }
    if (good) {
        assert_string_equal(error.text, "none");
        memcpy(before, spec, sizeof *spec);
        assert_int_equal(set(spec, param, value, &error), TI_EDUPLICATE);
        assert_int_equal(error.code, TI_EDUPLICATE);
    } else {
        assert_int_equal(error.code, TI_EVALUE);
    }
    assert_string_equal(error.field, param);
    if (memcmp(before, spec, sizeof *spec) != 0) {
        fail_msg("%s=%s: the spec has changed", param, value);
    }
    ti_spec_free(before);
    ti_spec_free(spec);
}

static void check_values(const char *param, const char *values, bool good) {
    char *copy = strdup(values), *rest = copy, *value;
    while ((value = strtok_r(rest, " ", &rest))) check_value(param, value, good);
    free(copy);
}

static void values(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(params); i++) {
        check_values(params[i].param, params[i].good, true);
        check_values(params[i].param, params[i].bad, false);
        check_value(params[i].param, "", strcmp(params[i].param, empty_is_good) == 0);
        check_value(params[i].param, " 1", strcmp(params[i].param, "name") == 0);
    }
}

/* The table above must have all parameters. */
static void table_is_complete(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_param_count(); i++) {
        size_t k = 0;
        while (k < COUNT_OF(params) && strcmp(params[k].param, ti_param_get(i)->name))
            k++;
        if (k == COUNT_OF(params)) fail_msg("no test of %s", ti_param_get(i)->name);
    }
    assert_int_equal(ti_param_count(), COUNT_OF(params));
    assert_null(ti_param_get(ti_param_count()));
}

/* Values in the spec. */
static void parsed(void **state) {
    struct ti_spec *s = empty_spec();
    (void)state;
    static const char *const given[][2] = {
        {"shape", "2,0,18446744073709551615"},
        {"seed", "-2"},
        {"mode", "fan_geo_avg"},
        {"layout", "io"},
        {"transposed", "1"},
        {"corrected", "false"},
        {"groups", "3"},
        {"std", "0.25"},
        {"truncation", "-inf,1.5"},
        {"nonlinearity", "selu"},
        {"distribution", "uniform"},
        {"dtype", "bf16"},
    };
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        assert_int_equal(set(s, given[i][0], given[i][1], NULL), TI_OK);
    }
    assert_int_equal(s->rank, 3);
    assert_int_equal(s->shape[0], 2);
    assert_int_equal(s->shape[1], 0);
    assert_true(s->shape[2] == UINT64_MAX);
    assert_true(s->seed == UINT64_MAX - 1);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_mode, 0), TI_MODE_FAN_GEO_AVG);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_layout, 0), TI_LAYOUT_IO);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_nonlinearity, 0), TI_NONLINEARITY_SELU);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_distribution, 0), TI_SAMPLING_UNIFORM);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_dtype, 0), TI_DTYPE_BF16);
    assert_true(ti_spec_flag(s, TI_PARAM_transposed, false));
    assert_false(ti_spec_flag(s, TI_PARAM_corrected, true));
    assert_int_equal(ti_spec_count(s, TI_PARAM_groups, 1), 3);
    assert_true(ti_spec_number(s, TI_PARAM_std, 1) == 0.25);
    assert_true(isinf(s->truncation.low) && s->truncation.low < 0);
    assert_true(s->truncation.high == 1.5);
    /* parameters that are not given */
    assert_true(ti_spec_number(s, TI_PARAM_mean, 3) == 3);
    assert_int_equal(ti_spec_choice(s, TI_PARAM_format, 1), 1);
    ti_spec_free(s);
}

static void truncation_forms(void **state) {
    static const struct {
        const char *text;
        double low, high;
    } rows[] = {
        {"2", -2, 2},
        {"none", -INFINITY, INFINITY},
        {"0.5,3", 0.5, 3},
        {"-1,inf", -1, INFINITY},
        {"-inf,-1", -INFINITY, -1},
        {"-inf,inf", -INFINITY, INFINITY},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_spec *spec = empty_spec();
        assert_int_equal(set(spec, "truncation", rows[i].text, NULL), TI_OK);
        assert_row(spec->truncation.low == rows[i].low, rows[i].text);
        assert_row(spec->truncation.high == rows[i].high, rows[i].text);
        ti_spec_free(spec);
    }
}

static void name_length(void **state) {
    char name[TI_MAX_NAME_BYTES + 1];
    (void)state;
    memset(name, 'n', sizeof name);
    struct ti_spec *spec = empty_spec();
    assert_int_equal(ti_spec_set(spec, "name", name, sizeof name, NULL), TI_EVALUE);
    assert_int_equal(spec->name_bytes, 0);
    assert_int_equal(ti_spec_set(spec, "name", name, sizeof name - 1, NULL), TI_OK);
    assert_int_equal(spec->name_bytes, TI_MAX_NAME_BYTES);
    ti_spec_free(spec);
}

static void unknown_parameter(void **state) {
    static const char *const unknown[] = {"",       "Shape",   "shap", "shapes",
                                          "shape ", "std_dev", "c",    "shape\n"};
    struct ti_spec *spec = empty_spec();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        struct ti_error error = {0};
        assert_int_equal(set(spec, unknown[i], "1", &error), TI_EPARAM);
        assert_int_equal(error.code, TI_EPARAM);
        /* it lists all parameters but those of frameworks */
        char list[TI_ERROR_TEXT_BYTES + 2] = "";
        assert_non_null(strstr(error.text, "parameters are: "));
        snprintf(list, sizeof list, " %s,", strstr(error.text, "parameters are: ") + 16);
        for (size_t k = 0; k < ti_param_count(); k++) {
            char word[64];
            snprintf(word, sizeof word, " %s,", ti_param_get(k)->name);
            if (!strstr(list, word) != ti_param_get(k)->framework) {
                fail_msg("%s: %s", ti_param_get(k)->name, error.text);
            }
        }
        assert_int_equal(set(spec, unknown[i], "1", NULL), TI_EPARAM);
    }
    ti_spec_free(spec);
}

/* An error lists the valid values. */
static void errors_help(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *info = ti_param_get(i);
        struct ti_spec *spec = empty_spec();
        struct ti_error error = {0};
        assert_int_equal(set(spec, info->name, "\xff", &error), TI_EVALUE);
        assert_row(strstr(error.text, info->name), info->name);
        assert_row(strstr(error.text, info->accepts), info->name);
        if (info->choice) {
            assert_int_equal(ti_spec_set(spec, info->name, "a\0b", 3, &error), TI_EVALUE);
            assert_row(strstr(error.text, "'a?b'"), error.text);
        }
        ti_spec_free(spec);
    }
}

/* The value's length counts; what follows it in memory is not read. */
static void value_needs_no_nul(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(params); i++) {
        const size_t n = strcspn(params[i].good, " ");
        char *copy = malloc(n);
        struct ti_spec *spec = empty_spec();
        memcpy(copy, params[i].good, n);
        assert_int_equal(ti_spec_set(spec, params[i].param, copy, n, NULL), TI_OK);
        ti_spec_free(spec);
        free(copy);
    }
    /* An empty std::string_view has NULL. */
    struct ti_spec *none = empty_spec();
    struct ti_model_options options = {.seed = 7};
    assert_int_equal(ti_spec_set(none, "seed", NULL, 0, NULL), TI_EVALUE);
    assert_int_equal(ti_model_options_set(&options, "seed", NULL, 0, NULL), TI_EVALUE);
    assert_int_equal(ti_spelling_plain("dtype", NULL, 0, (char[TI_SPELLING_GROWTH]){0}),
                     0);
    ti_spec_free(none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),      cmocka_unit_test(table_is_complete),
        cmocka_unit_test(parsed),      cmocka_unit_test(truncation_forms),
        cmocka_unit_test(name_length), cmocka_unit_test(unknown_parameter),
        cmocka_unit_test(errors_help), cmocka_unit_test(value_needs_no_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
