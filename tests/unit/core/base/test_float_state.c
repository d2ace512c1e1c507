/* SPDX-License-Identifier: MIT */
/*
 * The caller's floating-point state: with every rounding mode and treatment of subnormals
 * a request has the same bytes, and the state is unchanged afterwards.
 */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/float_state.h"
#include "support/float_env.h"
#include "support/test.h"

/* All code that computes numbers or values, with subnormal ones among them. */
static const char *const queries[] = {
    "shape=300,7&scheme=he_normal",
    "shape=300,7&scheme=he_normal&truncation=2.5&dtype=f64",
    "shape=300,7&scheme=he_normal&truncation=1.7&dtype=bf16",
    "shape=300,7&scheme=glorot_uniform&mode=fan_geo_avg",
    "shape=300,7&scheme=glorot_uniform&dtype=f64",
    "shape=300,7&scheme=kaiming_normal&slope=0.3&dtype=f16",
    "shape=300,7&scheme=kaiming_uniform&slope=2.23606797749979",
    "shape=300,7&scheme=xavier_normal&nonlinearity=tanh&dtype=f64",
    "shape=2100&scheme=normal&mean=0.1&std=0.7",
    "shape=2100&scheme=normal&std=1e-39",
    "shape=2100&scheme=normal&std=1e-44&mean=1e-45",
    "shape=2100&scheme=normal&std=1e-310&dtype=f64",
    "shape=2100&scheme=normal&std=3e-8&dtype=f16",
    "shape=2100&scheme=normal&std=1e-40&dtype=bf16",
    "shape=2100&scheme=normal&std=1e-3&dtype=f8_e4m3",
    "shape=2100&scheme=uniform&low=0.1&high=0.7",
    "shape=2100&scheme=uniform&low=-1e-42&high=3e-42",
    "shape=2100&scheme=uniform&low=1&high=1.0000002",
    "shape=2100&scheme=uniform&low=-1e-320&high=1e-310&dtype=f64",
    "shape=2100&scheme=truncated_normal&truncation=-0.3,4",
    "shape=2100&scheme=truncated_normal&truncation=5.5,inf&dtype=f64",
    "shape=2100&scheme=truncated_normal&low=-1.1&high=0.3&std=0.9&mean=0.2",
    "shape=2100&scheme=truncated_normal&corrected=true&truncation=0.7&dtype=f64",
    "shape=2100&scheme=constant&value=0.1",
    "shape=2100&scheme=constant&value=1e-40",
    "shape=2100&scheme=constant&value=4.9e-324&dtype=f64",
    "shape=2100&scheme=constant&value=6e-8&dtype=f16",
    "shape=300,7&scheme=he_normal&format=npy",
};

struct result {
    unsigned char body[2100 * 8 + 256];
    size_t bytes;
    double numbers[5];
};

/* All public functions that compute, in the current environment. */
static void compute(const char *query, struct result *result) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;
    struct ti_error error;
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK ||
        ti_body_make(plan, &body, &error) != TI_OK) {
        float_env_reset();
        fail_msg("%s: %s", query, error.text);
        return;
    }
    const struct ti_plan_info *info = ti_plan_info(plan);
    const double numbers[] = {info->mean, info->std, info->sigma, info->low, info->high};
    result->bytes = (size_t)ti_body_bytes(body);
    if (result->bytes > sizeof result->body) abort();
    if (ti_body_read(body, 0, result->bytes, result->body, NULL) != TI_OK) abort();
    memcpy(result->numbers, numbers, sizeof numbers);
    ti_body_free(body);
    ti_plan_free(plan);
    ti_spec_free(spec);
}

static void same_bytes(void **state) {
    static struct result expected, result;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        compute(queries[i], &expected);
        for (const struct float_env *env = float_envs; env->name; env++) {
            float_env_set(env);
            const uint64_t before = float_env_get();
            compute(queries[i], &result);
            const uint64_t after = float_env_get();
            float_env_reset();
            if (before != after) {
                fail_msg("%s, %s: state %llx, then %llx", queries[i], env->name,
                         (unsigned long long)before, (unsigned long long)after);
            }
            if (result.bytes != expected.bytes ||
                memcmp(result.body, expected.body, expected.bytes) != 0) {
                fail_msg("%s: other bytes in %s", queries[i], env->name);
            }
            if (memcmp(result.numbers, expected.numbers, sizeof expected.numbers) != 0) {
                fail_msg("%s: other numbers in %s", queries[i], env->name);
            }
        }
    }
}

/* The environments have an effect: else the test above would prove nothing. */
static void environments_work(void **state) {
    volatile float one = 1, tiny = 0x1p-60f, subnormal = 0x1p-140f;
    (void)state;
    for (const struct float_env *env = float_envs; env->name; env++) {
        float_env_set(env);
        const float above = one + tiny, below = one - tiny, product = subnormal * 4;
        float_env_reset();
        assert_row((above > 1) == (env->rounding == FE_UPWARD), env->name);
        assert_row((below < 1) ==
                       (env->rounding == FE_DOWNWARD || env->rounding == FE_TOWARDZERO),
                   env->name);
#if defined(__x86_64__) || defined(__aarch64__)
        assert_row((product == 0) == (env->flushes != 0), env->name);
#endif
    }
}

/* Failures are the same and restore the state as well. */
static void same_refusals(void **state) {
    static const char *const faults[] = {
        "shape=3&scheme=normal&std=1e39",  "shape=3&scheme=uniform&low=1&high=1.00000001",
        "shape=3&scheme=normal&std=-1",    "shape=3&scheme=truncated_normal&low=7",
        "shape=3&scheme=normal&std=1e400", "shape=5&scheme=he_normal",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        for (const struct float_env *env = float_envs; env->name; env++) {
            struct ti_plan *plan;
            struct ti_error expected, error;
            const enum ti_status status = test_plan_try(faults[i], &plan, &expected);
            assert_row(status != TI_OK, faults[i]);
            float_env_set(env);
            const uint64_t before = float_env_get();
            const enum ti_status got = test_plan_try(faults[i], &plan, &error);
            const uint64_t after = float_env_get();
            float_env_reset();
            assert_row(got == status && strcmp(error.field, expected.field) == 0,
                       faults[i]);
            assert_row(before >> 32 == after >> 32 && ((before ^ after) & ~0x3full) == 0,
                       faults[i]);
        }
    }
}

/* Invalid truncations: bounds about a millionth of a sigma apart, whose distance in
   binary64 depends on the rounding mode. */
static void same_truncations(void **state) {
    (void)state;
    for (int k = 1; k < 1000; k++) {
        char query[100];
        struct ti_plan *plan;
        snprintf(query, sizeof query,
                 "shape=3&scheme=truncated_normal&truncation=-0.%09d,0.%09d", k,
                 1000 - k);
        const enum ti_status status = test_plan_try(query, &plan, NULL);
        if (status == TI_OK) ti_plan_free(plan);
        for (const struct float_env *env = float_envs; env->name; env++) {
            float_env_set(env);
            const enum ti_status got = test_plan_try(query, &plan, NULL);
            float_env_reset();
            if (got == TI_OK) ti_plan_free(plan);
            if (got != status) {
                fail_msg("%s: %s by default, %s in %s", query, ti_status_name(status),
                         ti_status_name(got), env->name);
            }
        }
    }
}

static void enter_and_leave(void **state) {
    (void)state;
    for (const struct float_env *env = float_envs; env->name; env++) {
        volatile float one = 1, tiny = 0x1p-60f, subnormal = 0x1p-140f;
        float_env_set(env);
        const uint64_t before = float_env_get();
        const struct ti_float_state saved = ti_float_enter();
        const float above = one + tiny, product = subnormal * 4;
        ti_float_leave(saved);
        const uint64_t after = float_env_get();
        float_env_reset();
        assert_row(above == 1, env->name);
        assert_row(product == 0x1p-138f, env->name);
        assert_row(before == after, env->name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environments_work), cmocka_unit_test(enter_and_leave),
        cmocka_unit_test(same_bytes),        cmocka_unit_test(same_refusals),
        cmocka_unit_test(same_truncations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
