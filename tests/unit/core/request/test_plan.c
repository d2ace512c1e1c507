/* SPDX-License-Identifier: MIT */
/* core/request/plan: combinations of parameters, sizes, streams and plan descriptions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/dtype.h"
#include "support/test.h"

static void needs_a_shape(void **state) {
    (void)state;
    test_refused("", TI_EMISSING, "shape");
    test_refused("scheme=zeros", TI_EMISSING, "shape");
    test_refused("scheme=constant", TI_EMISSING, "shape");
    test_refused("shape=3&scheme=constant", TI_EMISSING, "value");
}

static const struct {
    const char *query;
    enum ti_status code;
    const char *field;
} faults[] = {
    /* gain or what it follows from */
    {"shape=3,4&scheme=kaiming_normal&gain=1&nonlinearity=relu", TI_EINAPPLICABLE,
     "nonlinearity"},
    {"shape=3,4&scheme=kaiming_normal&gain=1&slope=0.1", TI_EINAPPLICABLE, "slope"},
    {"shape=3,4&scheme=kaiming_normal&gain=-1", TI_EVALUE, "gain"},
    {"shape=3,4&scheme=kaiming_normal&nonlinearity=relu&slope=0.1", TI_EINAPPLICABLE,
     "slope"},
    {"shape=3,4&scheme=xavier_normal&slope=0.1", TI_EINAPPLICABLE, "slope"},
    {"shape=3,4&scheme=xavier_normal&nonlinearity=linear&slope=0", TI_EINAPPLICABLE,
     "slope"},
    /* variance */
    {"shape=3,4&scheme=variance_scaling&scale=0", TI_EVALUE, "scale"},
    {"shape=3,4&scheme=variance_scaling&scale=-1", TI_EVALUE, "scale"},
    {"shape=3,4&scheme=variance_scaling&distribution=uniform&truncation=2",
     TI_EINAPPLICABLE, "truncation"},
    {"shape=3,4&scheme=variance_scaling&distribution=untruncated_normal&truncation=none",
     TI_EINAPPLICABLE, "truncation"},
    {"shape=3,4&scheme=variance_scaling&distribution=uniform&corrected=false",
     TI_EINAPPLICABLE, "corrected"},
    {"shape=3,4&scheme=variance_scaling&distribution=untruncated_normal&corrected=true",
     TI_EINAPPLICABLE, "corrected"},
    /* a correction needs symmetric bounds, also where it is the default */
    {"shape=3,4&scheme=he_normal&truncation=-1,2", TI_EINAPPLICABLE, "truncation"},
    {"shape=3,4&scheme=he_normal&truncation=-inf,2", TI_EINAPPLICABLE, "truncation"},
    {"shape=3,4&scheme=he_normal&truncation=-2,inf&corrected=true", TI_EINAPPLICABLE,
     "corrected"},
    {"shape=3&scheme=truncated_normal&truncation=0,2&corrected=true", TI_EINAPPLICABLE,
     "corrected"},
    /* normal */
    {"shape=3&scheme=normal&std=-1", TI_EVALUE, "std"},
    {"shape=3&scheme=truncated_normal&std=-0.001", TI_EVALUE, "std"},
    {"shape=3&scheme=truncated_normal&low=0&std=-1", TI_EVALUE, "std"},
    {"shape=3&scheme=truncated_normal&low=0&std=0", TI_EVALUE, "std"},
    {"shape=3&scheme=truncated_normal&low=0&truncation=2", TI_EINAPPLICABLE,
     "truncation"},
    {"shape=3&scheme=truncated_normal&high=0&truncation=none", TI_EINAPPLICABLE,
     "truncation"},
    {"shape=3&scheme=truncated_normal&low=-1&high=1&corrected=true", TI_EINAPPLICABLE,
     "corrected"},
    {"shape=3&scheme=truncated_normal&low=1&high=-1", TI_EVALUE, "high"},
    {"shape=3&scheme=truncated_normal&low=1&high=1", TI_EVALUE, "high"},
    {"shape=3&scheme=truncated_normal&low=6.1", TI_EVALUE, "low"},
    {"shape=3&scheme=truncated_normal&high=-6.1", TI_EVALUE, "high"},
    {"shape=3&scheme=truncated_normal&low=0&high=0.02&std=30000", TI_EVALUE, "high"},
    {"shape=3&scheme=truncated_normal&low=1&mean=-11&std=1.9", TI_EVALUE, "low"},
    /* uniform: low not above high; as binary32 they meet only if they are equal */
    {"shape=3&scheme=uniform&low=2", TI_EVALUE, "low"},
    {"shape=3&scheme=uniform&low=2&high=1", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=1&high=1.00000001", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=1&high=1.00000001&dtype=f16", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=0&high=1e-50", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=-3e38&high=3e38", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&high=3.5e38", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=-1.7e308&high=1.7e308&dtype=f64", TI_EVALUE, "high"},
    {"shape=3&scheme=uniform&low=3.4e38&high=3.5e38", TI_EVALUE, "dtype"},
    /* formats */
    {"shape=3&scheme=zeros&json=flat", TI_EINAPPLICABLE, "json"},
    {"shape=3&scheme=zeros&format=npy&json=nested", TI_EINAPPLICABLE, "json"},
    {"shape=3&scheme=zeros&metadata=full", TI_EINAPPLICABLE, "metadata"},
    {"shape=3&scheme=zeros&format=npy&metadata=none", TI_EINAPPLICABLE, "metadata"},
    {"shape=3&scheme=zeros&format=json&metadata=full", TI_EINAPPLICABLE, "metadata"},
    /* integer dtypes are for integer-valued schemes */
    {"shape=3&scheme=constant&value=1.5&dtype=i8", TI_EVALUE, "value"},
    {"shape=3&scheme=constant&value=128&dtype=i8", TI_EVALUE, "value"},
    {"shape=3&scheme=constant&value=-129&dtype=i8", TI_EVALUE, "value"},
    {"shape=3&scheme=constant&value=-1&dtype=u64", TI_EVALUE, "value"},
    {"shape=3&scheme=constant&value=2&dtype=bool", TI_EVALUE, "value"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        test_refused(faults[i].query, faults[i].code, faults[i].field);
    }
}

static const char *const accepted[] = {
    "shape=3&scheme=uniform&low=1&high=1.00000001&dtype=f64",
    "shape=3&scheme=uniform&low=1&high=1.0000001",
    "shape=3&scheme=uniform&low=-1.7e38&high=1.7e38",
    "shape=3&scheme=uniform&low=1",
    "shape=3&scheme=uniform&low=1&high=1.0000000000000001&dtype=f64",
    "shape=3&scheme=uniform&high=0&low=-0",
    "shape=3&scheme=uniform&low=0&high=1e-45",
    "shape=3&scheme=uniform&low=-8e307&high=8e307&dtype=f64",
    "shape=3&scheme=truncated_normal&low=-1e308&high=1e308&std=1e-300",
    "shape=3&scheme=truncated_normal&low=6&std=1",
    "shape=3&scheme=truncated_normal&high=-6&std=1",
    "shape=3&scheme=truncated_normal&corrected=false&low=0",
    "shape=3,4&scheme=he_normal&truncation=-1,2&corrected=false",
    "shape=3,4&scheme=kaiming_normal&nonlinearity=leaky_relu&slope=0.1",
    "shape=3,4&scheme=kaiming_normal&slope=0.1",
    "shape=3,4&scheme=kaiming_normal&gain=0",
    "shape=3,4&scheme=variance_scaling&distribution=uniform",
    "shape=3,4&mode=fan_avg&scheme=he_normal&groups=1&layout=oi&transposed=0",
    "shape=3&scheme=constant&value=-128&dtype=i8",
};

static void acceptances(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) ti_plan_free(test_plan(accepted[i]));
}

/* A valid value of each parameter that is not common. */
static const char *good_value(const struct ti_param_info *param) {
    static const char *const values[][2] = {
        {"transposed", "false"}, {"first", "false"},   {"corrected", "false"},
        {"in_axis", "0"},        {"out_axis", "0"},    {"batch_axis", "none"},
        {"input_axes", "0"},     {"output_axes", "1"}, {"nonlinearity", "leaky_relu"},
        {"truncation", "2"},     {"low", "0.01"},      {"high_freq_factor", "2"},
    };
    static char word[64];
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        if (strcmp(values[i][0], param->name) == 0) return values[i][1];
    }
    if (!param->choice) return "1";
    snprintf(word, sizeof word, "%.*s", (int)strcspn(param->accepts, ","),
             param->accepts);
    return word;
}

/* Not of parameters that require others or another role, nor of mode=, of which spectral has
   the fans alone. */
static bool goes_alone(const char *scheme, const char *param) {
    static const char *const pairs[] = {"slope", "input_axes", "output_axes", "d_kv"};
    if (strcmp(scheme, "spectral") == 0 && strcmp(param, "mode") == 0) return false;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (strcmp(pairs[i], param) == 0) return false;
    }
    return true;
}

/* Every parameter with every scheme: valid, or an error that names it. */
static void inapplicable(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const char *scheme = ti_scheme_get(i)->name,
                   *minimal = test_minimal_query(scheme);
        for (size_t k = 0; k < ti_param_count(); k++) {
            const struct ti_param_info *param = ti_param_get(k);
            char query[200], given[40];
            snprintf(given, sizeof given, "&%s=", param->name);
            if (param->common || strstr(minimal, given)) continue;
            snprintf(query, sizeof query, "%s&scheme=%s%s%s", minimal, scheme, given,
                     good_value(param));
            if (!ti_scheme_takes(i, k)) {
                test_refused(query, TI_EINAPPLICABLE, param->name);
            } else if (goes_alone(scheme, param->name)) {
                ti_plan_free(test_plan(query));
            }
        }
    }
}

#define BYTES_MAX INT64_MAX

/* Sizes up to 2^63-1 bytes; dims of 0 do not hide an overflow of the others. */
static void sizes(void **state) {
    static const struct {
        const char *query;
        bool good;
        uint64_t elems, bytes;
    } rows[] = {
        {"shape=scalar", true, 1, 4},
        {"shape=0", true, 0, 0},
        {"shape=2,3,4", true, 24, 96},
        {"shape=2,3,4&dtype=f64", true, 24, 192},
        {"shape=2,3,4&dtype=f16", true, 24, 48},
        {"shape=2,3,4&dtype=bf16", true, 24, 48},
        {"shape=2305843009213693951", true, 2305843009213693951, BYTES_MAX - 3},
        {"shape=2305843009213693952", false, 0, 0},
        {"shape=1152921504606846975&dtype=f64", true, 1152921504606846975, BYTES_MAX - 7},
        {"shape=1152921504606846976&dtype=f64", false, 0, 0},
        {"shape=4611686018427387903&dtype=bf16", true, 4611686018427387903,
         BYTES_MAX - 1},
        {"shape=4611686018427387904&dtype=bf16", false, 0, 0},
        {"shape=18446744073709551615", false, 0, 0},
        {"shape=4294967296,4294967296", false, 0, 0}, /* 2^64 elements: 0 modulo 2^64 */
        {"shape=4294967296,4294967297", false, 0, 0},
        {"shape=2147483648,1073741823", true, 2305843007066210304, 9223372028264841216},
        {"shape=4294967296,4294967296,0", false, 0, 0},
        {"shape=0,4294967296,4294967296", false, 0, 0},
        {"shape=0,2305843009213693951", true, 0, 0},
        {"shape=0,0,0", true, 0, 0},
        {"shape=18446744073709551615,0", false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "scheme=normal&";
        strcat(query, rows[i].query);
        if (!rows[i].good) {
            test_refused(query, TI_ETOOLARGE, "shape");
            continue;
        }
        struct ti_plan *plan = test_plan(query);
        assert_row(ti_plan_info(plan)->elems == rows[i].elems, query);
        assert_row(ti_plan_info(plan)->body_bytes == rows[i].bytes, query);
        ti_plan_free(plan);
    }
}

/* The header counts as well. */
static void size_with_header(void **state) {
    static const struct {
        const char *query;
        enum ti_status code;
    } rows[] = {
        {"scheme=zeros&shape=2305843009213693951&format=raw", TI_OK},
        {"scheme=zeros&shape=2305843009213693951&format=npy", TI_ETOOLARGE},
        {"scheme=zeros&shape=2305843009213693920&format=npy",
         TI_ETOOLARGE}, /* 4 too many */
        {"scheme=zeros&shape=2305843009213693919&format=npy", TI_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *plan = test_plan(rows[i].query);
        struct ti_body *const none = (struct ti_body *)&state, *body = none;
        struct ti_error error = {0};
        assert_int_equal(ti_body_make(plan, &body, &error), rows[i].code);
        if (rows[i].code == TI_OK) {
            assert_true(ti_body_bytes(body) <= INT64_MAX);
            ti_body_free(body);
        } else {
            assert_ptr_equal(body, none);
            assert_string_equal(error.field, "shape");
            assert_int_equal(ti_body_make(plan, &body, NULL), rows[i].code);
        }
        ti_plan_free(plan);
    }
}

/* The minimal request of a scheme with all dims, or only the first, replaced by zeros. */
static void zero_query(const char *scheme, bool all, char query[200]) {
    const char *minimal = test_minimal_query(scheme);
    size_t used = 0;
    for (const char *at = minimal; *at; at++) {
        const bool in_shape = !memchr(minimal, '&', (size_t)(at - minimal));
        const bool digit = *at >= '0' && *at <= '9';
        const bool more = at[1] >= '0' && at[1] <= '9';
        const bool first = !memchr(minimal, ',', (size_t)(at - minimal));
        if (in_shape && digit && (all || first)) {
            if (!more) query[used++] = '0';
        } else {
            query[used++] = *at;
        }
    }
    snprintf(query + used, 200 - used, "&scheme=%s", scheme);
}

/* Zero dims: a plan without elements. */
static void zero_dims(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * ti_scheme_count(); i++) {
        char query[200];
        unsigned char untouched = 0x55;
        zero_query(ti_scheme_get(i / 2)->name, i % 2, query);
        if (strcmp(ti_scheme_get(i / 2)->name, "delta_orthogonal") == 0 && i % 2 == 0) {
            test_refused(query, TI_EVALUE, "shape"); /* fewer outputs than inputs */
            continue;
        }
        struct ti_plan *plan = test_plan(query);
        assert_row(ti_plan_info(plan)->elems == 0, query);
        assert_row(ti_plan_info(plan)->factor_bytes == 0, query);
        assert_row(ti_plan_fill(plan, 0, 0, &untouched, NULL) == TI_OK, query);
        assert_row(ti_plan_fill(plan, 0, 1, &untouched, NULL) == TI_ERANGE, query);
        assert_row(untouched == 0x55, query);
        ti_plan_free(plan);
    }
}

/* First 8 bytes of the name's SHA-256, little-endian; computed by another program. */
static void streams(void **state) {
    static const struct {
        const char *query;
        const char *name;
        uint64_t stream;
    } rows[] = {
        {"shape=3", "", 0},
        {"shape=3&name=", "", 0},
        {"shape=3&name=fc1.weight", "fc1.weight", 0x90200a62a6c8aa63},
        {"shape=3&name=a", "a", 0xcabd1bca128197ca},
        {"shape=3&name=+", " ", 0xff825bc9f1e7a936},
        {"shape=3&name=%C3%A9", "\xc3\xa9", 0x53c333407e55994a},
        {"shape=30,7&name=layers.0.weight&dtype=f64&seed=9", "layers.0.weight",
         0xd3a21df0ad7c4568},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "scheme=normal&";
        strcat(query, rows[i].query);
        struct ti_plan *plan = test_plan(query);
        assert_row(ti_plan_info(plan)->stream == rows[i].stream, query);
        assert_string_equal(ti_plan_info(plan)->name, rows[i].name);
        ti_plan_free(plan);
    }
    char longest[1100] = "scheme=normal&shape=3&name=";
    const size_t at = strlen(longest);
    memset(longest + at, 'x', TI_MAX_NAME_BYTES);
    longest[at + TI_MAX_NAME_BYTES] = '\0';
    struct ti_plan *plan = test_plan(longest);
    assert_true(ti_plan_info(plan)->stream == 0x407e7fbf5bd6ab49);
    ti_plan_free(plan);
}

static void information(void **state) {
    (void)state;
    struct ti_plan *plan = test_plan("shape=3,4,5&scheme=he&seed=-1&dtype=f16");
    const struct ti_plan_info *info = ti_plan_info(plan);
    assert_string_equal(info->scheme, "he_normal");
    assert_int_equal(info->dtype, TI_DTYPE_F16);
    assert_int_equal(info->workspace_bytes, 0);
    assert_int_equal(info->rank, 3);
    assert_int_equal(info->shape[0], 3);
    assert_int_equal(info->shape[2], 5);
    assert_true(info->seed == UINT64_MAX);
    ti_plan_free(plan);
    plan = test_plan("shape=scalar&scheme=ones");
    assert_int_equal(ti_plan_info(plan)->rank, 0);
    ti_plan_free(plan);
    ti_plan_free(NULL);
}

static double ns_of(const char *query) {
    struct ti_plan *plan = test_plan(query);
    const double ns = ti_plan_info(plan)->ns_per_elem;
    ti_plan_free(plan);
    return ns;
}

/* Bounds that any instruction set keeps, and what costs how many times as much as what. */
static void costs(void **state) {
    static const struct {
        const char *query;
        double ns_min, ns_max;
    } rows[] = {
        {"shape=4096,4096&scheme=constant&value=3", 0.05, 1},
        {"shape=4096,4096&scheme=constant&value=3&permute=1,0", 0.05, 1},
        {"shape=4096,4096&scheme=uniform", 0.2, 15},
        {"shape=4096,4096&scheme=he_normal", 0.4, 15},
        {"shape=4096,4096&scheme=he_normal&dtype=f8_e4m3", 0.5, 20},
        {"shape=4096,4096&scheme=identity&dtype=i8", 0.3, 5},
        {"shape=64,64,64,64&scheme=bilinear", 1.5, 10},
        {"shape=64,64,64,64&scheme=bilinear&permute=3,2,1,0", 8, 60},
        {"shape=8,8&scheme=orthogonal", 1, 200},
        {"shape=4096,4096&scheme=orthogonal", 50, 10000},
    };
    static const struct {
        const char *dear, *cheap;
        double times;
    } pairs[] = {
        {"shape=4096,4096&permute=1,0", "shape=4096,4096", 3},
        {"shape=4096,4096&slice=:,::4", "shape=4096,4096&slice=:,::2", 1.3},
        {"shape=4096,4096&slice=:,::-7", "shape=4096,4096", 3},
        {"shape=4096,4096&slice=:,:2", "shape=4096,4096&slice=:,:512", 2},
        {"shape=4096,4096&dtype=f64", "shape=4096,4096", 1},
        {"shape=1024,1024&scheme=orthogonal", "shape=64,64&scheme=orthogonal", 4},
        {"shape=1024,1024&scheme=orthogonal&dtype=f64",
         "shape=1024,1024&scheme=orthogonal", 1.5},
        /* the mean of what is one block, against the dearest of several blocks */
        {"shape=1024,1024&scheme=orthogonal&slice=:,::2",
         "shape=1024,1024&scheme=orthogonal", 0.6},
        {"shape=1024,1024&scheme=orthogonal&slice=:,::2&permute=1,0",
         "shape=1024,1024&scheme=orthogonal&permute=1,0", 0.6},
        {"shape=1024,1024&scheme=orthogonal&slice=1000",
         "shape=1024,1024&scheme=orthogonal", 1.5},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const double ns = ns_of(rows[i].query);
        assert_row(ns >= rows[i].ns_min && ns <= rows[i].ns_max, rows[i].query);
    }
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        const double ratio = ns_of(pairs[i].dear) / ns_of(pairs[i].cheap);
        assert_row(ratio >= pairs[i].times, pairs[i].dear);
    }
    /* no order of an orthogonal matrix costs much more than another */
    const double in_order = ns_of("shape=2,512,1024&layout=io&scheme=orthogonal"),
                 permuted =
                     ns_of("shape=2,512,1024&layout=io&scheme=orthogonal&permute=2,1,0");
    assert_true(ns_of("shape=1024,1024&scheme=orthogonal&permute=1,0") ==
                ns_of("shape=1024,1024&scheme=orthogonal"));
    assert_true(permuted < 1.5 * in_order && in_order < 1.5 * permuted);
    assert_true(isfinite(ns_of("shape=0,1024&scheme=orthogonal")));
    assert_true(isfinite(ns_of("shape=0,1024&permute=1,0")));
    assert_true(isfinite(ns_of("shape=1,1,3,3&scheme=delta_orthogonal&permute=3,2,1,0")));
    assert_true(isfinite(ns_of("shape=9,9,3,3&scheme=delta_orthogonal&slice=:,:,1,::2")));
}

/* The default scheme is he_normal; the spec may be used again and freed. */
static void defaults_and_lifetime(void **state) {
    struct ti_spec *spec;
    struct ti_plan *plans[2];
    float x[2][12];
    (void)state;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    assert_int_equal(ti_spec_set(spec, "shape", "3,4", 3, NULL), TI_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ti_plan_make(spec, &plans[i], NULL), TI_OK);
    ti_spec_free(spec);
    assert_string_equal(ti_plan_info(plans[0])->scheme, "he_normal");
    assert_int_equal(ti_plan_info(plans[0])->dtype, TI_DTYPE_F32);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ti_plan_fill(plans[i], 0, 12, x[i], NULL), TI_OK);
        ti_plan_free(plans[i]);
    }
    assert_memory_equal(x[0], x[1], sizeof x[0]);
}

/* Bounds are those of the dtype: 0.1 and 0.3 to the nearest, by hand. */
static void bounds_of_dtypes(void **state) {
    static const struct {
        const char *query;
        double low, high;
    } rows[] = {
        {"scheme=uniform", 0, 1},
        {"scheme=uniform&dtype=f64", 0, 1},
        {"scheme=uniform&dtype=bf16", 0, 1},
        {"scheme=uniform&low=-0.1&high=0.3", (double)-0.1F, (double)0.3F},
        {"scheme=uniform&low=-0.1&high=0.3&dtype=f64", -0.1, 0.3},
        {"scheme=uniform&low=-0.1&high=0.3&dtype=f16", -0.0999755859375, 0.300048828125},
        {"scheme=uniform&low=-0.1&high=0.3&dtype=bf16", -0.10009765625, 0.30078125},
        {"scheme=uniform&low=-0.1&high=0.3&dtype=f8_e4m3", -0.1015625, 0.3125},
        {"scheme=uniform&low=-0.1&high=0.3&dtype=f8_e5m2", -0.09375, 0.3125},
        {"scheme=uniform&low=1e-9&high=2e-9&dtype=f16", 0, 0},
        {"scheme=constant&value=0.1&dtype=bf16", 0.10009765625, 0.10009765625},
        {"scheme=constant&value=-7&dtype=i8", -7, -7},
        {"scheme=constant&value=-inf", -INFINITY, -INFINITY},
        {"scheme=constant&value=inf&dtype=bf16", INFINITY, INFINITY},
        {"scheme=truncated_normal&truncation=-1,2&std=0.3&mean=0.1&dtype=bf16",
         -0.2001953125, 0.69921875},
        {"scheme=truncated_normal&low=-0.3&std=0.1", (double)-0.3F, INFINITY},
        {"scheme=truncated_normal&high=0.3&std=0.1&dtype=f8_e5m2", -INFINITY, 0.3125},
        {"scheme=truncated_normal&truncation=20&std=10000&dtype=f16", -65504, 65504},
        {"scheme=truncated_normal&low=-1e300&high=1e300&std=1&dtype=f8_e4m3", -448, 448},
        {"scheme=truncated_normal&truncation=1&std=0&mean=0.1", (double)0.1F,
         (double)0.1F},
        {"scheme=normal&dtype=bf16", -INFINITY, INFINITY},
        /* sqrt(2 / 20) / tau(2) * 2 is 0.719, sqrt(6 / 50) is 0.3464 */
        {"scheme=he_normal&fan_in=20&dtype=f8_e4m3", -0.75, 0.75},
        {"scheme=he_uniform&fan_in=50&dtype=bf16", -0.345703125, 0.345703125},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200] = "shape=100000&";
        strcat(query, rows[i].query);
        struct ti_plan *plan = test_plan(query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        if (info->low != rows[i].low || info->high != rows[i].high) {
            fail_msg("%s: %.17g to %.17g, not %.17g to %.17g", query, info->low,
                     info->high, rows[i].low, rows[i].high);
        }
        ti_plan_free(plan);
    }
}

/* No element is beyond the bounds, and where rounding is coarse uniform ones are at 'high'. */
static void elements_within_bounds(void **state) {
    static const char *const queries[] = {
        "scheme=uniform",
        "scheme=uniform&low=-0.1&high=0.3",
        "scheme=uniform&low=1.0001&high=1.1&seed=3",
        "scheme=he_uniform&fan_in=50",
        "scheme=he_normal&fan_in=20",
        "scheme=truncated_normal&truncation=-0.7,0.3&std=0.7&mean=0.1",
        "scheme=truncated_normal&low=-0.1&high=0.3&mean=0.2",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        for (int d = 0; d < TI_DTYPE_COUNT; d++) {
            static unsigned char elems[50000 * 8];
            const enum ti_dtype dtype = (enum ti_dtype)d;
            char query[200];
            bool at_high = false;
            if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
            sprintf(query, "shape=50000&dtype=%s&%s", ti_dtype_name(dtype), queries[i]);
            struct ti_plan *plan = test_plan(query);
            const struct ti_plan_info *info = ti_plan_info(plan);
            assert_int_equal(ti_plan_fill(plan, 0, 50000, elems, NULL), TI_OK);
            for (size_t k = 0; k < 50000; k++) {
                const double x = ti_dtype_value(dtype, elems + k * ti_dtype_bytes(dtype));
                assert_row(x >= info->low && x <= info->high, query);
                at_high = at_high || x == info->high;
            }
            const bool coarse = ti_dtype_float_format(dtype)->fraction_bits < 10 &&
                                strstr(query, "=uniform");
            assert_row(!coarse || at_high, query);
            ti_plan_free(plan);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_a_shape),
        cmocka_unit_test(refusals),
        cmocka_unit_test(acceptances),
        cmocka_unit_test(inapplicable),
        cmocka_unit_test(sizes),
        cmocka_unit_test(size_with_header),
        cmocka_unit_test(zero_dims),
        cmocka_unit_test(streams),
        cmocka_unit_test(information),
        cmocka_unit_test(bounds_of_dtypes),
        cmocka_unit_test(elements_within_bounds),
        cmocka_unit_test(costs),
        cmocka_unit_test(defaults_and_lifetime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
