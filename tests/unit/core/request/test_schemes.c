/* SPDX-License-Identifier: MIT */
/*
 * core/request/schemes: standard deviation, bounds and gain of every scheme against
 * formulas that are computed here, in long double and with the C library's erf(), and
 * against PyTorch and Keras.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#define PHI(x) (expl(-(x) * (x) / 2) / sqrtl(2 * acosl(-1)))

/* Standard deviation of the standard normal cut at +-c. */
static long double tau(long double c) {
    return sqrtl(1 - 2 * c * PHI(c) / erfl(c / sqrtl(2)));
}

static bool close_to(double x, long double expected) {
    return x == (double)expected || fabsl(x - expected) <= 4e-16L * fabsl(expected);
}

/* Bounds are products of numbers that are rounded to binary32. */
static bool close_to_f32(double x, long double expected) {
    return x == (double)expected || fabsl(x - expected) <= 0x1p-22L * fabsl(expected);
}

enum dist { NORMAL, UNIFORM, CUT };

/* All with fans 20 and 45 from shape 9,4,5, so n = 20, 45, 32.5 or 30. */
struct row {
    const char *query;
    enum dist dist;
    long double std; /* after truncation */
    long double cut; /* CUT: in sigmas */
};

static void check(const struct row *row, const struct ti_plan_info *info) {
    static const enum ti_distribution distributions[] = {
        TI_DISTRIBUTION_NORMAL, TI_DISTRIBUTION_UNIFORM,
        TI_DISTRIBUTION_TRUNCATED_NORMAL};
    assert_row(info->distribution == distributions[row->dist], row->query);
    assert_row(close_to(info->std, row->std), row->query);
    assert_row(info->mean == 0, row->query);
    switch (row->dist) {
    case NORMAL:
        assert_row(info->sigma == info->std, row->query);
        assert_row(isinf(info->high) && isinf(info->low), row->query);
        break;
    case UNIFORM:
        assert_row(close_to_f32(info->high, sqrtl(3) * row->std), row->query);
        assert_row(info->low == -info->high, row->query);
        break;
    case CUT:
        assert_row(close_to(info->sigma, row->std / tau(row->cut)), row->query);
        assert_row(close_to_f32(info->high, row->std / tau(row->cut) * row->cut),
                   row->query);
        assert_row(info->low == -info->high, row->query);
        break;
    }
}

static void check_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char query[300] = "shape=9,4,5&scheme=";
        strncat(query, rows[i].query, sizeof query - strlen(query) - 1);
        struct ti_plan *plan = test_plan(query);
        check(&rows[i], ti_plan_info(plan));
        ti_plan_free(plan);
    }
}

static void variance_family(void **state) {
    const struct row rows[] = {
        {"he_normal", CUT, sqrtl(2 / 20.L), 2},
        {"he", CUT, sqrtl(2 / 20.L), 2},
        {"he_uniform", UNIFORM, sqrtl(2 / 20.L), 0},
        {"glorot_normal", CUT, sqrtl(1 / 32.5L), 2},
        {"glorot", CUT, sqrtl(1 / 32.5L), 2},
        {"glorot_uniform", UNIFORM, sqrtl(1 / 32.5L), 0},
        {"lecun_normal", CUT, sqrtl(1 / 20.L), 2},
        {"lecun", CUT, sqrtl(1 / 20.L), 2},
        {"lecun_uniform", UNIFORM, sqrtl(1 / 20.L), 0},
        {"variance_scaling", CUT, sqrtl(1 / 20.L), 2},
        /* every scheme takes every mode */
        {"he_normal&mode=fan_out", CUT, sqrtl(2 / 45.L), 2},
        {"he_uniform&mode=fan_avg", UNIFORM, sqrtl(2 / 32.5L), 0},
        {"glorot_normal&mode=fan_in", CUT, sqrtl(1 / 20.L), 2},
        {"lecun_uniform&mode=fan_geo_avg", UNIFORM, sqrtl(1 / 30.L), 0},
        /* cuts, std after truncation */
        {"he_normal&truncation=2", CUT, sqrtl(2 / 20.L), 2},
        {"he_normal&truncation=3", CUT, sqrtl(2 / 20.L), 3},
        {"he_normal&truncation=0.5", CUT, sqrtl(2 / 20.L), 0.5L},
        {"he_normal&truncation=7&corrected=true", CUT, sqrtl(2 / 20.L), 7},
        {"he_normal&truncation=none", NORMAL, sqrtl(2 / 20.L), 0},
        {"he_normal&truncation=-inf,inf", NORMAL, sqrtl(2 / 20.L), 0},
        {"glorot_normal&truncation=-1,1", CUT, sqrtl(1 / 32.5L), 1},
        /* std before truncation */
        {"he_normal&corrected=false", CUT, sqrtl(2 / 20.L) * tau(2), 2},
        {"lecun_normal&corrected=0&truncation=1", CUT, sqrtl(1 / 20.L) * tau(1), 1},
        {"he_normal&corrected=false&truncation=none", NORMAL, sqrtl(2 / 20.L), 0},
        /* variance_scaling, with all of its parameters */
        {"variance_scaling&scale=2&mode=fan_in", CUT, sqrtl(2 / 20.L), 2},
        {"variance_scaling&scale=0.5&distribution=truncated_normal&mode=fan_out", CUT,
         sqrtl(0.5L / 45), 2},
        {"variance_scaling&scale=3&distribution=untruncated_normal", NORMAL,
         sqrtl(3 / 20.L), 0},
        {"variance_scaling&scale=3&distribution=uniform&mode=fan_avg", UNIFORM,
         sqrtl(3 / 32.5L), 0},
        {"variance_scaling&scale=1e-300&distribution=uniform&dtype=f64", UNIFORM,
         sqrtl(1e-300 / 20), 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* gain= where the rule has none: a factor, after the correction, and the cut in sigmas stays. */
static void gain_as_factor(void **state) {
    const struct row rows[] = {
        {"he_normal&gain=2.5", CUT, 2.5L * sqrtl(2 / 20.L), 2},
        {"he_normal&gain=2.5&truncation=3", CUT, 2.5L * sqrtl(2 / 20.L), 3},
        {"he_normal&gain=1", CUT, sqrtl(2 / 20.L), 2},
        {"glorot_uniform&gain=1e-3", UNIFORM, 1e-3 * sqrtl(1 / 32.5L), 0},
        {"torch_default&gain=3", UNIFORM, 3 * sqrtl(1 / 60.L), 0},
        {"lora_a&gain=0.5", UNIFORM, 0.5L * sqrtl(1 / 60.L), 0},
        {"variance_scaling&distribution=untruncated_normal&gain=4", NORMAL,
         4 * sqrtl(1 / 20.L), 0},
        {"siren&gain=2", UNIFORM, 2 * sqrtl(2 / 20.L) / 30, 0},
        {"small_init&gain=2", NORMAL, 2 * sqrtl(2 / 100.L), 0},
        {"wang_init&layers=3&gain=2", NORMAL, 4 / (3 * sqrtl(20)), 0},
        {"mitchell&gain=2&d_model=16", CUT, tau(3) / 2, 3},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
    test_refused("shape=3,3&gain=0", TI_EVALUE, "gain");
    test_refused("shape=3,3&scheme=siren&gain=-1", TI_EVALUE, "gain");
    test_refused("shape=3,3&scheme=keras.HeNormal&gain=2", TI_EINAPPLICABLE, "gain");
}

/* Simpson's rule for E[f(z)^2] on [-16, 16]. */
static long double second_moment(long double (*f)(long double)) {
    const int steps = 32 * 8192;
    long double sum = 0;
    for (int i = 0; i <= steps; i++) {
        const long double z = i / 8192.L - 16, y = f(z);
        sum += y * y * PHI(z) * (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2);
    }
    return sum / 8192 / 3;
}

static long double gelu(long double x) { return x * erfcl(-x / sqrtl(2)) / 2; }
static long double silu(long double x) { return x / (1 + expl(-x)); }
static long double elu(long double x) { return x > 0 ? x : expm1l(x); }
static long double mish(long double x) { return x * tanhl(log1pl(expl(x))); }
static long double softplus(long double x) { return log1pl(expl(x)); }

static void activations(void **state) {
    static const struct {
        const char *word;
        long double (*f)(long double);
    } rows[] = {{"gelu", gelu},
                {"silu", silu},
                {"elu", elu},
                {"mish", mish},
                {"softplus", softplus}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[100];
        snprintf(query, sizeof query, "shape=9,16&scheme=kaiming_normal&nonlinearity=%s",
                 rows[i].word);
        struct ti_plan *plan = test_plan(query);
        const double gain = ti_plan_info(plan)->gain;
        assert_row(close_to(gain, 1 / sqrtl(second_moment(rows[i].f))), query);
        assert_row(ti_plan_info(plan)->std == gain / 4, query);
        ti_plan_free(plan);
    }
}

static void gain_family(void **state) {
    const struct row rows[] = {
        {"kaiming_normal", NORMAL, sqrtl(2 / 20.L), 0},
        {"kaiming", NORMAL, sqrtl(2 / 20.L), 0},
        {"kaiming_uniform", UNIFORM, sqrtl(2 / 20.L), 0},
        {"xavier_normal", NORMAL, sqrtl(1 / 32.5L), 0},
        {"xavier", NORMAL, sqrtl(1 / 32.5L), 0},
        {"xavier_uniform", UNIFORM, sqrtl(1 / 32.5L), 0},
        {"xavier_normal&mode=fan_in", NORMAL, sqrtl(1 / 20.L), 0},
        {"kaiming_normal&mode=fan_out", NORMAL, sqrtl(2 / 45.L), 0},
        {"kaiming_normal&mode=fan_geo_avg", NORMAL, sqrtl(2 / 30.L), 0},
        {"kaiming_normal&gain=1", NORMAL, sqrtl(1 / 20.L), 0},
        {"kaiming_normal&gain=0", NORMAL, 0, 0},
        {"torch_default", UNIFORM, sqrtl(1 / 60.L), 0}, /* bound 1/sqrt(n) */
        {"xavier_uniform&gain=2.5", UNIFORM, 2.5L * sqrtl(1 / 32.5L), 0},
        /* torch.nn.Linear's default is kaiming_uniform with a = sqrt(5): bound
           1/sqrt(n) */
        {"kaiming_uniform&slope=2.23606797749979", UNIFORM, sqrtl(1 / 60.L), 0},
        {"xavier_normal&nonlinearity=tanh", NORMAL, 5 / 3.L * sqrtl(1 / 32.5L), 0},
        {"xavier_normal&nonlinearity=leaky_relu", NORMAL,
         sqrtl(2 / (1 + 0.0001L) / 32.5L), 0},
        {"kaiming_normal&nonlinearity=leaky_relu", NORMAL, sqrtl(2 / 20.L), 0},
        {"kaiming_normal&slope=1", NORMAL, sqrtl(1 / 20.L), 0},
        {"kaiming_normal&slope=-1", NORMAL, sqrtl(1 / 20.L), 0},
        {"xavier_normal&nonlinearity=leaky_relu&slope=0.2", NORMAL,
         sqrtl(2 / 1.04L / 32.5L), 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* PyTorch's calculate_gain, at its default slope of 0.01. */
static void calculate_gain(void **state) {
    const struct {
        const char *nonlinearity;
        long double gain;
    } gains[] = {
        {"linear", 1},           {"conv1d", 1},
        {"conv2d", 1},           {"conv3d", 1},
        {"conv_transpose1d", 1}, {"conv_transpose2d", 1},
        {"conv_transpose3d", 1}, {"sigmoid", 1},
        {"tanh", 5 / 3.L},       {"relu", sqrtl(2)},
        {"selu", 0.75L},         {"leaky_relu", sqrtl(2 / 1.0001L)},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(gains); i++) {
        char query[200] = "shape=9,4,5&scheme=xavier_normal&nonlinearity=";
        strcat(query, gains[i].nonlinearity);
        struct ti_plan *plan = test_plan(query);
        assert_row(ti_plan_info(plan)->has_gain, query);
        assert_row(close_to(ti_plan_info(plan)->gain, gains[i].gain), query);
        ti_plan_free(plan);
    }
    struct ti_plan *plan = test_plan("shape=9,4,5&scheme=he_normal");
    assert_false(ti_plan_info(plan)->has_gain);
    ti_plan_free(plan);
}

/* Numbers from the frameworks' documentation or output, with the digits that they
   have. */
static void framework_facts(void **state) {
    static const struct {
        const char *query;
        double std, bound; /* bound 0: none */
    } facts[] = {
        /* Keras HeNormal of a Dense kernel: std sqrt(2/784), cut at 2.27369 of it */
        {"shape=784,512&scheme=he_normal&layout=io", 0.050507627, 0.114838913},
        /* the same cut for every corrected one */
        {"shape=1,1&scheme=lecun_normal", 1, 2.273694469},
        /* torch.nn.Linear(784, 512): U(+-1/28) */
        {"shape=512,784&scheme=kaiming_uniform&slope=2.23606797749979", 0.0206196525,
         0.0357142857},
        /* glorot_uniform of [784, 512]: sqrt(6 / 1296) */
        {"shape=784,512&scheme=glorot_uniform&layout=io", 0.0392837101, 0.0680413817},
        {"shape=512,784&scheme=xavier_uniform", 0.0392837101, 0.0680413817},
        /* torch's MHA in_proj_weight, [3E, E] for E = 16: bound sqrt(6 / 4E) */
        {"shape=48,16&scheme=xavier_uniform", 0.1767766953, 0.3061862178},
        /* caffe's xavier filler is lecun_uniform: sqrt(3 / fan_in) */
        {"shape=50,300&scheme=lecun_uniform", 0.0577350269, 0.1},
        /* Keras TruncatedNormal(stddev=0.05): uncorrected */
        {"shape=9&scheme=truncated_normal&std=0.05", 0.0439812831, 0.1},
        /* torch trunc_normal_(std=0.02): bounds of +-2 in value units, 100 sigmas away */
        {"shape=9&scheme=truncated_normal&std=0.02&low=-2&high=2", 0.02, 2},
        /* torch trunc_normal_() */
        {"shape=9&scheme=truncated_normal&low=-2&high=2", 0.8796256610, 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        struct ti_plan *plan = test_plan(facts[i].query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        assert_row(fabs(info->std - facts[i].std) <= 1e-8 * facts[i].std, facts[i].query);
        assert_row(close_to_f32(info->high, facts[i].bound), facts[i].query);
        assert_row(info->low == -info->high, facts[i].query);
        ti_plan_free(plan);
    }
}

/* Distributions whose numbers the request gives. */
static void plain_family(void **state) {
    static const struct {
        const char *query;
        double mean, std, sigma, low, high;
    } rows[] = {
        {"normal", 0, 1, 1, -INFINITY, INFINITY},
        {"normal&mean=-3&std=0.02", -3, 0.02, 0.02, -INFINITY, INFINITY},
        {"normal&std=0", 0, 0, 0, -INFINITY, INFINITY},
        {"uniform", 0.5, 0.28867513459481287, 0.28867513459481287, 0, 1},
        {"uniform&low=-1&high=5", 2, 1.7320508075688772, 1.7320508075688772, -1, 5},
        {"uniform&low=-0.05&high=0.05", 0, 0.028867513459481287, 0.028867513459481287,
         -0.05, 0.05},
        {"truncated_normal", 0, 0.87962566103423978, 1, -2, 2},
        {"truncated_normal&mean=1&std=2", 1, 1.7592513220684796, 2, -3, 5},
        {"truncated_normal&std=2&corrected=true", 0, 2, 2 / 0.87962566103423978,
         -4 / 0.87962566103423978, 4 / 0.87962566103423978},
        {"truncated_normal&truncation=none", 0, 1, 1, -INFINITY, INFINITY},
        {"truncated_normal&truncation=none&corrected=true", 0, 1, 1, -INFINITY, INFINITY},
        /* half normal: mean sqrt(2/pi), variance 1 - 2/pi */
        {"truncated_normal&truncation=0,inf", 0.79788456080286536, 0.60281027498908697, 1,
         0, INFINITY},
        {"truncated_normal&truncation=-inf,0&mean=1&std=2", 1 - 1.59576912160573071,
         1.20562054997817395, 2, -INFINITY, 1},
        {"truncated_normal&low=1&mean=1&std=2", 1 + 1.59576912160573071,
         1.20562054997817395, 2, 1, INFINITY},
        {"truncated_normal&high=1&mean=1&std=2", 1 - 1.59576912160573071,
         1.20562054997817395, 2, -INFINITY, 1},
        {"constant&value=-2.5", -2.5, 0, 0, -2.5, -2.5},
        {"zeros", 0, 0, 0, 0, 0},
        {"ones", 1, 0, 0, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "shape=4&scheme=";
        strcat(query, rows[i].query);
        struct ti_plan *plan = test_plan(query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        assert_row(close_to(info->mean, rows[i].mean), query);
        assert_row(close_to(info->std, rows[i].std), query);
        assert_row(close_to(info->sigma, rows[i].sigma), query);
        assert_row(close_to_f32(info->low, rows[i].low), query);
        assert_row(close_to_f32(info->high, rows[i].high), query);
        ti_plan_free(plan);
    }
}

/* No number of a plan is NaN, even with an infinite bound and std=0. */
static void no_nan(void **state) {
    static const char *const queries[] = {
        "shape=4&scheme=truncated_normal&std=0&truncation=-inf,1",
        "shape=4&scheme=truncated_normal&std=0&truncation=1,inf&mean=3",
        "shape=4&scheme=truncated_normal&std=0&truncation=1e308",
        "shape=4&scheme=truncated_normal&std=0&corrected=true&truncation=3",
        "shape=4&scheme=truncated_normal&truncation=6,6.000001",
        "shape=4&scheme=truncated_normal&truncation=-6.000001,-6",
        "shape=4&scheme=truncated_normal&truncation=0.000001",
        "shape=0,4&scheme=he_normal",
        "shape=4,0&scheme=he_normal",
        "shape=4,0&scheme=xavier_uniform",
        "shape=0,0&scheme=glorot_normal&mode=fan_geo_avg",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        const struct ti_plan_info *info = ti_plan_info(plan);
        assert_row(!isnan(info->mean) && !isnan(info->std) && !isnan(info->sigma),
                   queries[i]);
        assert_row(!isnan(info->low) && !isnan(info->high), queries[i]);
        assert_row(info->low <= info->high, queries[i]);
        ti_plan_free(plan);
    }
}

/* Schemes for sines, language models and LoRA, by the formulas of papers or code. */
static void recipes(void **state) {
    const struct row rows[] = {
        /* siren.py: the first layer 1/n, the others sqrt(6/n)/omega */
        {"siren", UNIFORM, sqrtl(6 / 20.L) / 30 / sqrtl(3), 0},
        {"siren&omega=1", UNIFORM, sqrtl(2 / 20.L), 0},
        {"siren&omega=256.5", UNIFORM, sqrtl(2 / 20.L) / 256.5L, 0},
        {"siren&first=true", UNIFORM, 1 / 20.L / sqrtl(3), 0},
        {"siren&first=1&mode=fan_out", UNIFORM, 1 / 45.L / sqrtl(3), 0},
        {"siren&first=false&fan_in=7", UNIFORM, sqrtl(2 / 7.L) / 30, 0},
        {"siren&layout=io", UNIFORM, sqrtl(2 / 36.L) / 30, 0},
        /* GPT-NeoX: small_init sqrt(2/(5 d)), wang_init 2/(layers sqrt(d)) */
        {"small_init", NORMAL, sqrtl(2 / 100.L), 0},
        {"small_init&d_model=4096", NORMAL, sqrtl(2 / (5 * 4096.L)), 0},
        {"small_init&mode=fan_out", NORMAL, sqrtl(2 / (5 * 45.L)), 0},
        {"depth_scaled&layer=7", NORMAL, 0.02L / 4, 0},
        {"depth_scaled&layer=1&std=3&truncation=2", CUT, 1.5L * tau(2), 2},
        {"mup&width_multiplier=4", NORMAL, 0.01L, 0},
        {"mup&width_multiplier=4&layers=8", NORMAL, 0.0025L, 0},
        {"t5&role=q&d_kv=5", NORMAL, 0.1L, 0},
        {"t5&role=wo", NORMAL, 1 / sqrtl(20), 0},
        {"t5&role=relative_attention_bias&d_model=64", NORMAL, 0.125L, 0},
        {"t5&role=shared", NORMAL, 1, 0},
        {"t5&role=lm_head&gain=0.05", NORMAL, 0.05L, 0},
        {"deepnorm&layers=2", NORMAL, sqrtl(1 / 32.5L) / 2, 0},
        {"deepnorm&layers=2&encoder_layers=9", NORMAL, sqrtl(1 / 32.5L) / powl(24, 0.25L),
         0},
        {"deepnorm&layers=3&decoder_layers=5", NORMAL,
         0.87L * sqrtl(1 / 32.5L) / powl(405, 1 / 16.0L), 0},
        {"spectral", NORMAL, sqrtl(1 / 20.L), 0},
        {"spectral&layout=io&gain=2", NORMAL, 2 * sqrtl(1 / 36.L), 0},
        {"spectral&fan_out=5", NORMAL, sqrtl(1 / 20.L) / 2, 0},
        {"wang_init&layers=1", NORMAL, 2 / sqrtl(20), 0},
        {"wang_init&layers=44&d_model=6144", NORMAL, 2 / (44 * sqrtl(6144)), 0},
        /* OLMo: 1/sqrt(d), residual ones 1/sqrt(2 d (layer + 1)), cut at 3 sigmas */
        {"mitchell", CUT, sqrtl(1 / 20.L) * tau(3), 3},
        {"mitchell&layer=0", CUT, sqrtl(1 / 40.L) * tau(3), 3},
        {"mitchell&layer=31&d_model=4096", CUT, sqrtl(1 / (64 * 4096.L)) * tau(3), 3},
        /* GPT-2: 0.02/sqrt(2 layers); Megatron: std/sqrt(2 layers) */
        {"gpt2_residual&layers=12", NORMAL, 0.02L / sqrtl(24), 0},
        {"gpt2_residual&layers=1&std=0.5", NORMAL, 0.5L / sqrtl(2), 0},
        {"gpt2_residual&layers=48&std=0", NORMAL, 0, 0},
        {"megatron_scaled&layers=96&std=0.006", NORMAL, 0.006L / sqrtl(192), 0},
        {"megatron_scaled&layers=96", NORMAL, 0.02L / sqrtl(192), 0},
        {"megatron_scaled&layers=10&multiplier=1", NORMAL, 0.02L / sqrtl(10), 0},
        {"megatron_scaled&layers=10&multiplier=2.5", NORMAL, 0.02L / 5, 0},
        /* loralib and PEFT: kaiming_uniform_(a=sqrt(5)) */
        {"lora_a", UNIFORM, sqrtl(1 / 60.L), 0},
        {"lora_a&fan_in=4096", UNIFORM, sqrtl(1 / (3 * 4096.L)), 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void recipe_refusals(void **state) {
    static const struct {
        const char *query;
        enum ti_status code;
        const char *field;
    } faults[] = {
        {"shape=4,4&scheme=siren&first=true&omega=30", TI_EINAPPLICABLE, "omega"},
        {"shape=4,4&scheme=siren&omega=0", TI_EVALUE, "omega"},
        {"shape=4,4&scheme=siren&omega=-30", TI_EVALUE, "omega"},
        {"shape=4,4&scheme=siren&slope=1", TI_EINAPPLICABLE, "slope"},
        {"shape=4&scheme=siren", TI_EVALUE, "shape"},
        {"shape=4,4&scheme=wang_init", TI_EMISSING, "layers"},
        {"shape=4,4&scheme=gpt2_residual", TI_EMISSING, "layers"},
        {"shape=4,4&scheme=megatron_scaled", TI_EMISSING, "layers"},
        {"shape=4,4&scheme=megatron_scaled&layers=1&multiplier=0", TI_EVALUE,
         "multiplier"},
        {"shape=4,4&scheme=megatron_scaled&layers=1&multiplier=-2", TI_EVALUE,
         "multiplier"},
        {"shape=4,4&scheme=gpt2_residual&layers=1&std=-1", TI_EVALUE, "std"},
        {"shape=4,4&scheme=gpt2_residual&layers=1&multiplier=2", TI_EINAPPLICABLE,
         "multiplier"},
        {"shape=4,4&scheme=gpt2_residual&layers=1&d_model=2", TI_EINAPPLICABLE,
         "d_model"},
        {"shape=4,4&scheme=small_init&layers=2", TI_EINAPPLICABLE, "layers"},
        {"shape=4&scheme=small_init", TI_EVALUE, "shape"},
        {"shape=4,4&scheme=mitchell&layers=2", TI_EINAPPLICABLE, "layers"},
        /* d_model is n: no other parameter may set it */
        {"shape=4,4&scheme=mitchell&d_model=2&fan_in=3", TI_EINAPPLICABLE, "fan_in"},
        {"shape=4,4&scheme=mitchell&d_model=2&fan_out=3", TI_EINAPPLICABLE, "fan_out"},
        {"shape=4,4&scheme=mitchell&d_model=2&mode=fan_in", TI_EINAPPLICABLE, "mode"},
        {"shape=4,4&scheme=mitchell&d_model=2&layout=io", TI_EINAPPLICABLE, "layout"},
        {"shape=4,4&scheme=mitchell&d_model=2&in_axis=0", TI_EINAPPLICABLE, "in_axis"},
        {"shape=4,4&scheme=lora_a&slope=1", TI_EINAPPLICABLE, "slope"},
        {"shape=4,4&scheme=lora_a&gain=0", TI_EVALUE, "gain"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        test_refused(faults[i].query, faults[i].code, faults[i].field);
    }
    /* with d_model, the shape needs no fans */
    ti_plan_free(test_plan("shape=4&scheme=small_init&d_model=16"));
    ti_plan_free(test_plan("shape=scalar&scheme=mitchell&d_model=16"));
}

/* The plan of a sparse matrix: std counts the zeros, sigma does not. */
static void sparse_numbers(void **state) {
    static const struct {
        const char *query;
        double sigma;
        long double nonzero;
    } rows[] = {
        {"shape=10,3&scheme=sparse&sparsity=0.5", 0.01, 0.5L},
        {"shape=10,3&scheme=sparse&sparsity=0.51&std=2", 2, 0.4L},
        {"shape=7,3&scheme=sparse&sparsity=0.3&std=2", 2, 4 / 7.L}, /* ceil(2.1) zeros */
        {"shape=7,3&scheme=sparse&sparsity=0&std=2", 2, 1},
        {"shape=7,3&scheme=sparse&sparsity=1&std=2", 2, 0},
        {"shape=1,3&scheme=sparse&sparsity=0.001", 0.01, 0},
        {"shape=0,3&scheme=sparse&sparsity=0.5", 0.01, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *plan = test_plan(rows[i].query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        assert_row(info->distribution == TI_DISTRIBUTION_SPARSE_NORMAL, rows[i].query);
        assert_row(info->mean == 0 && info->random, rows[i].query);
        assert_row(info->sigma == rows[i].sigma, rows[i].query);
        assert_row(close_to(info->std, info->sigma * sqrtl(rows[i].nonzero)),
                   rows[i].query);
        assert_row(isinf(info->low) && isinf(info->high), rows[i].query);
        ti_plan_free(plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_family), cmocka_unit_test(gain_family),
        cmocka_unit_test(gain_as_factor),  cmocka_unit_test(activations),
        cmocka_unit_test(calculate_gain),  cmocka_unit_test(framework_facts),
        cmocka_unit_test(plain_family),    cmocka_unit_test(no_nan),
        cmocka_unit_test(recipes),         cmocka_unit_test(recipe_refusals),
        cmocka_unit_test(sparse_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
