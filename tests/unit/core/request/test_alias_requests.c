/* SPDX-License-Identifier: MIT */
/*
 * core/request/aliases and aliases_resolve: frameworks' names as requests. Every
 * spelling, defaults, the order of parameters, errors and their texts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/tensor.h"

/* Of comma-separated words: the length of the first, and the rest. */
static int length(const char *words) { return (int)strcspn(words, ","); }

static const char *next(const char *words) {
    words += length(words);
    return words + strspn(words, ", ");
}

/* A request with a name, and with the framework's word for the constant if it needs
   one. */
static void min_request(const struct ti_alias_info *alias, const char *framework,
                        const char *spelling, char query[300]) {
    const char *constant = strstr(alias->params, "=value");
    const bool is_constant = strcmp(alias->scheme, "constant") == 0;
    /* tfjs.identity is square, and a constant has its value below */
    const char *shape = strcmp(alias->scheme, "identity") == 0 ? "shape=6,6"
                        : is_constant                          ? "shape=9,4,5"
                                      : test_minimal_query(alias->scheme);
    snprintf(query, 300, "%s&scheme=%.*s.%.*s", shape, length(framework), framework,
             length(spelling), spelling);
    const size_t used = strlen(query);
    if (!is_constant) return;
    snprintf(query + used, 300 - used, "&%.*s=0.5",
             constant ? (int)(constant - alias->params) : 5,
             constant ? alias->params : "value");
}

static void check_spelling(const struct ti_alias_info *alias, const char *framework,
                           const char *spelling) {
    char query[300], first[300];
    min_request(alias, framework, spelling, query);
    min_request(alias, framework, alias->spellings, first);
    struct ti_plan *requested = test_plan(query), *same = test_plan(first);
    struct ti_plan *canonical_plan = test_plan(ti_plan_info(requested)->query);
    const struct ti_plan_info *info = ti_plan_info(requested);
    unsigned char x[180 * 4], y[180 * 4];
    assert_row(strcmp(info->scheme, alias->scheme) == 0, query);
    assert_row(strcmp(info->query, ti_plan_info(same)->query) == 0, query);
    /* the canonical query has no framework's name, is canonical and has the same
       tensor */
    assert_row(*ti_plan_info(canonical_plan)->framework_name == '\0', query);
    assert_row(strcmp(info->query, ti_plan_info(canonical_plan)->query) == 0, query);
    assert_row(strcmp(info->etag, ti_plan_info(canonical_plan)->etag) == 0, query);
    assert_row(strchr(info->query, '.') == NULL || strstr(info->query, "=0.") ||
                   strstr(info->query, "=-0."),
               query);
    assert_row(info->elems <= 180 && info->elems == ti_plan_info(canonical_plan)->elems,
               query);
    test_fill_all(requested, x);
    test_fill_all(canonical_plan, y);
    assert_row(memcmp(x, y, info->body_bytes) == 0, query);
    ti_plan_free(requested);
    ti_plan_free(same);
    ti_plan_free(canonical_plan);
}

/* Every spelling of every name, in every framework. */
static void spellings(void **state) {
    size_t count = 0;
    (void)state;
    assert_null(ti_alias_get(ti_alias_count()));
    assert_null(ti_word_get(ti_word_count()));
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        for (const char *f = alias->frameworks; *f; f = next(f)) {
            for (const char *s = alias->spellings; *s; s = next(s)) {
                check_spelling(alias, f, s);

                count++;
            }
        }
    }
    assert_true(count >= 130);
}

/* Giving the defaults that a name lists changes nothing. */
static void listed_defaults(void **state) {
    (void)state;
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        char plain[300], given[600];
        for (const char *f = alias->frameworks; *f; f = next(f)) {
            min_request(alias, f, alias->spellings, plain);
            if (!*alias->defaults || strstr(plain, "value=")) continue;
            snprintf(given, sizeof given, "%s&%s", plain, alias->defaults);
            struct ti_plan *a = test_plan(plain), *b = test_plan(given);
            assert_string_equal(ti_plan_info(a)->query, ti_plan_info(b)->query);
            ti_plan_free(a);
            ti_plan_free(b);
        }
    }
}

/* Parameters and words before scheme= mean the same as after it. */
static void any_order(void **state) {
    static const char *const rows[][2] = {
        {"scheme=keras.RandomNormal&stddev=2&shape=3",
         "stddev=2&shape=3&scheme=keras.RandomNormal"},
        {"scheme=jax.variance_scaling&distribution=normal&shape=3,4",
         "distribution=normal&shape=3,4&scheme=jax.variance_scaling"},
        {"scheme=keras.VarianceScaling&distribution=normal&shape=3,4",
         "distribution=normal&scheme=keras.VarianceScaling&shape=3,4"},
        {"scheme=tfjs.varianceScaling&mode=fanOut&shape=3,4",
         "mode=fanOut&shape=3,4&scheme=tfjs.varianceScaling"},
        {"scheme=torch.trunc_normal_&a=-1&b=2&shape=3",
         "b=2&a=-1&shape=3&scheme=torch.trunc_normal_"},
        {"scheme=keras.HeNormal&shape=7", "shape=7&scheme=keras.HeNormal"},
        {"scheme=haiku.Constant&constant=3&dtype=i8&shape=7",
         "constant=3&shape=7&dtype=i8&scheme=haiku.Constant"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *a = test_plan(rows[i][0]), *b = test_plan(rows[i][1]);
        assert_string_equal(ti_plan_info(a)->query, ti_plan_info(b)->query);
        assert_string_equal(ti_plan_info(a)->etag, ti_plan_info(b)->etag);
        ti_plan_free(a);
        ti_plan_free(b);
    }
}

#define S "shape=9,4,5&scheme="

static const struct {
    const char *query;
    enum ti_status code;
    const char *field;
} faults[] = {
    /* canonical parameters with a framework's name */
    {S "keras.RandomNormal&std=1", TI_EINAPPLICABLE, "std"},
    {S "keras.HeNormal&layout=io", TI_EINAPPLICABLE, "layout"},
    {S "keras.HeNormal&mode=fan_out", TI_EINAPPLICABLE, "mode"},
    {S "keras.HeNormal&truncation=3", TI_EINAPPLICABLE, "truncation"},
    {S "torch.kaiming_normal_&slope=1", TI_EINAPPLICABLE, "slope"},
    {S "torch.kaiming_normal_&gain=1", TI_EINAPPLICABLE, "gain"},
    {S "torch.kaiming_normal_&groups=3", TI_EINAPPLICABLE, "groups"},
    {S "torch.xavier_normal_&nonlinearity=tanh", TI_EINAPPLICABLE, "nonlinearity"},
    {"shape=3,3&scheme=torch.eye_&gain=2", TI_EINAPPLICABLE, "gain"},
    {S "jax.uniform&low=0", TI_EINAPPLICABLE, "low"},
    {S "jax.normal&mean=0", TI_EINAPPLICABLE, "mean"},
    {S "jax.constant&constant=0", TI_EINAPPLICABLE, "constant"},
    {S "tfjs.heNormal&corrected=true", TI_EINAPPLICABLE, "corrected"},
    {S "torch.normal_&fan_in=3", TI_EINAPPLICABLE, "fan_in"},
    /* another framework's parameters, and a framework's parameters with a canonical
       scheme */
    {S "torch.normal_&stddev=1", TI_EINAPPLICABLE, "stddev"},
    {S "keras.RandomUniform&a=1", TI_EINAPPLICABLE, "a"},
    {S "jax.truncated_normal&a=1", TI_EINAPPLICABLE, "a"},
    {S "keras.HeNormal&in_axis=0", TI_EINAPPLICABLE, "in_axis"},
    {S "jax.he_normal&input_axes=0&output_axes=1", TI_EINAPPLICABLE, "input_axes"},
    {S "normal&stddev=1", TI_EINAPPLICABLE, "stddev"},
    {S "constant&val=1", TI_EINAPPLICABLE, "val"},
    {S "truncated_normal&lower=-1", TI_EINAPPLICABLE, "lower"},
    /* words */
    {S "variance_scaling&distribution=normal", TI_EVALUE, "distribution"},
    {S "he_normal&mode=fanIn", TI_EVALUE, "mode"},
    {S "jax.variance_scaling&distribution=untruncated_normal", TI_EVALUE, "distribution"},
    {S "haiku.VarianceScaling&distribution=untruncated_normal", TI_EVALUE,
     "distribution"},
    {S "haiku.VarianceScaling&mode=fan_geo_avg", TI_EVALUE, "mode"},
    {S "keras.VarianceScaling&mode=fan_geo_avg", TI_EVALUE, "mode"},
    {S "keras.VarianceScaling&mode=fanIn", TI_EVALUE, "mode"},
    {S "jax.variance_scaling&mode=fanIn", TI_EVALUE, "mode"},
    {S "tfjs.varianceScaling&mode=fan_in", TI_EVALUE, "mode"},
    {S "tfjs.varianceScaling&distribution=truncated_normal", TI_EVALUE, "distribution"},
    {S "tfjs.varianceScaling&distribution=truncatedNormal", TI_EVALUE, "distribution"},
    {S "torch.kaiming_normal_&mode=fan_avg", TI_EVALUE, "mode"},
    {S "torch.kaiming_normal_&nonlinearity=gelu", TI_EVALUE, "nonlinearity"},
    /* errors have the framework's names of parameters */
    {S "keras.RandomNormal&stddev=-1", TI_EVALUE, "stddev"},
    {S "torch.normal_&std=-1", TI_EVALUE, "std"},
    {S "torch.uniform_&a=2&b=1", TI_EVALUE, "b"},
    {S "torch.uniform_&a=2", TI_EVALUE, "a"}, /* b is 1 by default */
    {S "torch.uniform_&b=-1", TI_EVALUE, "b"},
    {S "keras.RandomUniform&minval=1", TI_EVALUE, "minval"},
    {S "keras.RandomUniform&maxval=-1", TI_EVALUE, "maxval"},
    {S "torch.trunc_normal_&mean=9", TI_EVALUE, "mean"},
    {S "torch.trunc_normal_&a=9&b=10", TI_EVALUE, "b"},
    {S "jax.truncated_normal&lower=1&upper=-1", TI_EVALUE, "lower"},
    {S "jax.truncated_normal&upper=-3", TI_EVALUE, "upper"},
    {S "jax.uniform&scale=-1", TI_EVALUE, "scale"},
    {S "haiku.UniformScaling&scale=-1", TI_EVALUE, "scale"},
    {S "keras.VarianceScaling&scale=0", TI_EVALUE, "scale"},
    {S "torch.constant_", TI_EMISSING, "val"},
    {S "haiku.Constant", TI_EMISSING, "constant"},
    {S "jax.constant", TI_EMISSING, "value"},
    {S "torch.constant_&val=0.5&dtype=i8", TI_EVALUE, "val"},
    {S "haiku.Constant&constant=2&dtype=bool", TI_EVALUE, "constant"},
    {S "torch.kaiming_normal_&a=1&nonlinearity=relu", TI_EINAPPLICABLE, "a"},
    {"shape=3,3&scheme=torch.sparse_", TI_EMISSING, "sparsity"},
    {"shape=3,3&scheme=torch.sparse_&sparsity=-0.5", TI_EVALUE, "sparsity"},
    {S "keras.HeNormal&input_axes=0", TI_EMISSING, "output_axes"},
    {S "keras.HeNormal&output_axes=0", TI_EMISSING, "input_axes"},
    {S "keras.HeNormal&input_axes=3&output_axes=0", TI_EVALUE, "input_axes"},
    {S "jax.he_normal&in_axis=-4", TI_EVALUE, "in_axis"},
    {S "jax.he_normal&in_axis=0&batch_axis=0", TI_EVALUE, "batch_axis"},
    {"shape=5&scheme=jax.he_normal&in_axis=-2&out_axis=-1", TI_EVALUE, "shape"},
    {S "jax.delta_orthogonal&column_axis=2", TI_EVALUE, "column_axis"},
    /* ranks */
    {"shape=5&scheme=torch.xavier_normal_", TI_EVALUE, "shape"},
    {"shape=scalar&scheme=torch.kaiming_uniform_", TI_EVALUE, "shape"},
    {"shape=5&scheme=jax.he_normal", TI_EVALUE, "shape"},
    {"shape=scalar&scheme=flax.glorot_normal", TI_EVALUE, "shape"},
    {"shape=5&scheme=torch.eye_", TI_EVALUE, "shape"},
    {"shape=2,1,2&scheme=keras.Identity", TI_EVALUE, "shape"},
    {"shape=2,3&scheme=tfjs.identity", TI_EVALUE, "shape"},
    {"shape=4&scheme=tfjs.identity", TI_EVALUE, "shape"},
    {"shape=2,1&scheme=torch.dirac_", TI_EVALUE, "shape"},
    {"shape=3,2,3&scheme=torch.dirac_&groups=2", TI_EVALUE, "groups"},
    {"shape=2,1,1&scheme=torch.sparse_&sparsity=0.1", TI_EVALUE, "shape"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        test_refused(faults[i].query, faults[i].code, faults[i].field);
    }
}

/* Frameworks' own words, so that a thin client can raise them unchanged; and help. */
static void phrases(void **state) {
    static const char *const rows[][2] = {
        {"shape=5&scheme=torch.xavier_normal_", "fewer than 2 dimensions"},
        {"shape=5&scheme=torch.xavier_normal_", "give fan_in="},
        {S "torch.kaiming_normal_&nonlinearity=gelu", "Unsupported nonlinearity"},
        {S "torch.kaiming_normal_&mode=fan_avg", "not supported by torch"},
        {S "torch.kaiming_normal_&mode=fan_avg", "fan_in, fan_out"},
        {"shape=5&scheme=torch.eye_", "Only tensors with 2 dimensions are supported"},
        {"shape=5&scheme=torch.sparse_&sparsity=0.1",
         "Only tensors with 2 dimensions are supported"},
        {"shape=5,5&scheme=torch.dirac_",
         "Only tensors with 3, 4, or 5 dimensions are supported"},
        {"shape=3,2,3&scheme=torch.dirac_&groups=2", "dim 0 must be divisible by groups"},
        {"shape=2,3&scheme=tfjs.identity", "can only be used for 2D square matrices"},
        {S "keras.RandomNormal&std=1", "takes mean, stddev"},
        {S "keras.RandomNormal&std=1", "scheme=normal takes the canonical parameters"},
        {S "keras.RandomNormal&stddev=-1", "stddev is negative; it takes"},
        {S "variance_scaling&distribution=normal", "truncated_normal in keras"},
        {S "variance_scaling&distribution=normal",
         "untruncated_normal in jax, flax, haiku"},
        {S "tfjs.varianceScaling&mode=fan_in", "fanIn, fanOut, fanAvg"},
        {"shape=5&scheme=tfjs.glorotNormal&fan_in=3", "mode=fanAvg needs them"},
        {S "torch.trunc_normal_&a=2&b=-2", "b must be above a; they are -2 and 2"},
        {S "torch.constant_", "scheme=torch.constant_ needs val="},
        {S "torch.constant_&val=-inf&dtype=f8_e4m3",
         "val=-inf does not exist in f8_e4m3"},
        {S "torch.uniform_&a=-inf",
         "a must be a finite number for scheme=torch.uniform_"},
        {S "torch.kaiming_normal_&a=1&nonlinearity=relu", "a requires nonlinearity="},
        {S "jax.orthogonal&scale=1e300", "do not fit"},
        {"shape=3,3&scheme=haiku.VarianceScaling&fan_in_axes=1", "3 or more dims"},
        {"shape=3,3,3&scheme=haiku.VarianceScaling&fan_in_axes=3",
         "axis 3 of fan_in_axes does not exist"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_error error = {0};
        struct ti_plan *plan;
        assert_row(test_plan_try(rows[i][0], &plan, &error) != TI_OK, rows[i][0]);
        if (!strstr(error.text, rows[i][1])) {
            fail_msg("%s: '%s' is not in: %s", rows[i][0], rows[i][1], error.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings), cmocka_unit_test(listed_defaults),
        cmocka_unit_test(any_order), cmocka_unit_test(refusals),
        cmocka_unit_test(phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
