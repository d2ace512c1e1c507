/* SPDX-License-Identifier: MIT */
/*
 * Hints and warnings: whatever they offer is accepted, for every scheme and every name of a
 * framework, with every parameter. tests/daemon/typed has what they should offer.
 */
#include <math.h>
#include <stdio.h>

#include "support/test.h"

static size_t offers;

/* The standard deviation that a query gives; NAN for a pattern. */
static enum ti_status plan(const char *query, double *std, struct ti_error *error) {
    struct ti_spec *spec;
    struct ti_plan *made;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    enum ti_status status = ti_spec_set_query_lenient(spec, query, strlen(query), error);
    if (status == TI_OK) status = ti_plan_make(spec, &made, error);
    if (status == TI_OK) {
        *std = ti_plan_info(made)->std;
        ti_plan_free(made);
    }
    ti_spec_free(spec);
    return status;
}

/* Tries each "'name=value'" of a text with the rest of the query: 'shape' and 'scheme'. */
static void try_offers(const char *text, const char *shape, const char *scheme,
                       const char *others, double std) {
    unsigned count = 0;
    for (const char *at = text; (at = strchr(at, '\'')); at++) {
        const size_t n = strcspn(at + 1, "'");
        char query[700];
        double changed;
        struct ti_error error = {TI_OK, "", ""};
        if (at[1 + n] != '\'') break;
        /* The apostrophe of "a scheme's name" begins no offer. */
        if (at[1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '=' ||
            at[1] == '=') {
            continue;
        }
        const bool other_scheme = strncmp(at + 1, "scheme=", 7) == 0;
        snprintf(query, sizeof query, "shape=%s%s%s%s&%.*s", shape,
                 other_scheme ? "" : "&scheme=", other_scheme ? "" : scheme, others,
                 (int)n, at + 1);
        if (plan(query, &changed, &error) != TI_OK) {
            fail_msg("%s: %s, which was offered: %s", query, error.text, text);
        }
        if (!isnan(std) && std == changed)
            fail_msg("%s changes nothing: %s", query, text);
        offers++;
        count++;
        at += n + 1;
    }
    assert_true(count <= TI_NEAR_MAX);
}

/* Calls 'check' with each scheme and each name of a framework. */
static void for_each_name(void (*check)(const char *name, const char *others)) {
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const char *name = ti_scheme_get(i)->name;
        const char *others = strchr(test_minimal_query(name), '&');
        check(name, others ? others : "");
    }
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        char name[96];
        snprintf(name, sizeof name, "%.*s.%.*s", (int)strcspn(alias->frameworks, ","),
                 alias->frameworks, (int)strcspn(alias->spellings, ","),
                 alias->spellings);
        check(name, strcmp(alias->scheme, "sparse") == 0 ? "&sparsity=0.5" : "");
    }
}

static const char *const shapes[] = {"64,128", "8,64,32", "3,3,64,128", "16,16", "7"};

static void check_param(const char *name, const char *others, const char *param) {
    static const char *const values[] = {"0.5", "2",    "relu", "gelu",  "true",
                                         "0",   "None", "io",   "fanIn", "normal"};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char query[300];
        double std;
        struct ti_error error = {TI_OK, "", ""};
        const char *shape = shapes[i % COUNT_OF(shapes)];
        snprintf(query, sizeof query, "shape=%s&scheme=%s%s&%s=%s", shape, name, others,
                 param, values[i]);
        if (plan(query, &std, &error) == TI_OK || strcmp(error.field, param) != 0)
            continue;
        try_offers(error.text, shape, name, others, NAN);
    }
}

static void check_params(const char *name, const char *others) {
    static const char *const unknown[] = {"n_layer", "activation", "w0",   "sigma",
                                          "min",     "max",        "clip", "alpha"};
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        if (!param->common) check_param(name, others, param->name);
    }
    for (size_t i = 0; i < COUNT_OF(unknown); i++) check_param(name, others, unknown[i]);
}

static void params(void **state) {
    (void)state;
    offers = 0;
    for_each_name(check_params);
    assert_true(offers > 1000);
}

/* Every name without its framework, with a letter left out, and in upper case. */
static void check_mistyped(const char *name, const char *others) {
    const char *dot = strchr(name, '.');
    const char *typed[2] = {dot ? dot + 1 : name, name};
    (void)others;
    for (size_t i = 0; i < 2 * 3; i++) {
        char query[200];
        double std;
        struct ti_error error = {TI_OK, "", ""};
        const int used =
            snprintf(query, sizeof query, "shape=64,64&scheme=%s", typed[i / 3]);
        if (i % 3 == 1) query[used - 1] = '\0';
        for (int k = 19; i % 3 == 2 && k < used; k++) {
            if (query[k] >= 'a' && query[k] <= 'z')
                query[k] = (char)(query[k] - 'a' + 'A');
        }
        if (plan(query, &std, &error) == TI_OK || strcmp(error.field, "scheme") != 0)
            continue;
        assert_non_null(strstr(error.text, "/v1/schemes"));
        try_offers(error.text, "64,64", name, "", NAN);
    }
}

static void names(void **state) {
    (void)state;
    offers = 0;
    for_each_name(check_mistyped);
    assert_true(offers > 100);
}

/* Every name behind every framework: what is offered is taken, and a name is near. */
static void check_frameworks(const char *name, const char *others) {
    static const char *const frameworks[] = {"torch", "timm", "keras", "jax",    "haiku",
                                             "tfjs",  "tf",   "mxnet", "pytorch"};
    const char *dot = strchr(name, '.');
    (void)others;
    for (size_t i = 0; i < COUNT_OF(frameworks); i++) {
        char query[200];
        double std;
        struct ti_error error = {TI_OK, "", ""};
        snprintf(query, sizeof query, "shape=64,64&scheme=%s.%s", frameworks[i],
                 dot ? dot + 1 : name);
        if (plan(query, &std, &error) == TI_OK || strcmp(error.field, "scheme") != 0)
            continue;
        if (!strstr(error.text, "did you mean") && !strstr(error.text, " is near, but"))
            fail_msg("%s: %s", query, error.text);
        try_offers(error.text, "64,64", name, "", NAN);
    }
}

static void other_frameworks(void **state) {
    (void)state;
    offers = 0;
    for_each_name(check_frameworks);
    assert_true(offers > 300);
}

/* Two parameters that a scheme does not take: the change for one goes with that for the
   other, or none is offered. */
static void check_pairs(const char *name, const char *others) {
    static const char *const pairs[][2] = {
        {"minval", "maxval"}, {"a", "b"},       {"low", "high"},   {"lower", "upper"},
        {"mean", "stddev"},   {"std", "scale"}, {"gain", "slope"}, {"value", "constant"}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        char query[300], with[300], also[64];
        double std;
        struct ti_error error = {TI_OK, "", ""};
        snprintf(query, sizeof query, "shape=64,64&scheme=%s%s&%s=1&%s=2", name, others,
                 pairs[i][0], pairs[i][1]);
        snprintf(also, sizeof also, " Also: %s does not apply", pairs[i][1]);
        if (plan(query, &std, &error) == TI_OK || strcmp(error.field, pairs[i][0]) != 0)
            continue;
        char *rest = strstr(error.text, also);
        if (rest) {
            *rest = '\0';
            try_offers(rest + 1, "64,64", name, others, NAN);
        }
        snprintf(with, sizeof with, "%s%s%s%s", others, rest ? "" : "&",
                 rest ? "" : pairs[i][1], rest ? "" : "=2");
        try_offers(error.text, "64,64", name, with, NAN);
    }
}

static void two_params(void **state) {
    (void)state;
    offers = 0;
    for_each_name(check_pairs);
    assert_true(offers > 200);
}

static void check_warnings(const char *name, const char *others) {
    static const char *const odd[] = {
        "8,1024,512", "6,64,256",   "512,8,64", "3,3,64,128", "3072,1024", "1024,3072",
        "3,3,64,1",   "64,128,3,3", "3,64,128", "12,64,768",  "5,64,32",   "2,2,2",
        "96,32",      "7,64,128,1", "0,64,64",  "1,1,64,64"};
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        char query[200];
        struct ti_spec *spec;
        struct ti_plan *made;
        struct ti_warning warnings[TI_WARNINGS_MAX];
        snprintf(query, sizeof query, "shape=%s&scheme=%s%s", odd[i], name, others);
        assert_int_equal(ti_spec_make(&spec), TI_OK);
        if (ti_spec_set_query(spec, query, strlen(query), NULL) == TI_OK &&
            ti_plan_make(spec, &made, NULL) == TI_OK) {
            const unsigned count = ti_plan_warnings(spec, made, warnings);
            for (unsigned k = 0; k < count; k++) {
                const bool same = strcmp(warnings[k].field, "scheme") == 0;
                try_offers(warnings[k].text, odd[i], name, others,
                           same ? NAN : ti_plan_info(made)->std);
            }
            ti_plan_free(made);
        }
        ti_spec_free(spec);
    }
}

static void fans(void **state) {
    (void)state;
    offers = 0;
    for_each_name(check_warnings);
    assert_true(offers > 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(params), cmocka_unit_test(names),
                                       cmocka_unit_test(other_frameworks),
                                       cmocka_unit_test(two_params),
                                       cmocka_unit_test(fans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
