/* SPDX-License-Identifier: MIT */
/*
 * core/kernels/elementary.h: exp, expm1, log, sin and cos against the C library's in long double,
 * within 4 ulp.
 */
#include <float.h>
#include <math.h>

#include "core/kernels/elementary.h"
#include "support/test.h"

/* Random numbers in [low, high]. */
static double between(double low, double high) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

static void check(const char *name, double x, double got, long double exact) {
    int exponent;
    (void)frexpl(exact, &exponent);
    const long double ulp =
        ldexpl(1, (exponent < -1021 ? -1021 : exponent) - DBL_MANT_DIG);
    if (fabsl(got - exact) <= 4 * ulp) return;
    fail_msg("%s(%a) is %a, exactly %La", name, x, got, exact);
}

static void check_exp(double x) {
    check("exp", x, ti_exp(x), expl(x));
    check("expm1", x, ti_expm1(x), expm1l(x));
}

static void check_sin(double x) {
    check("sin", x, ti_sin_shifted(x, 0), sinl(x));
    check("cos", x, ti_sin_shifted(x, 1), cosl(x));
}

static void random_arguments(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const double small = pow(10, between(-18, 0)), sign = i % 2 ? 1 : -1;
        check_exp(between(-745, 709.7));
        check_exp(between(-1, 1));
        check_exp(sign * small);
        const double scaled = pow(10, between(-307, 307)), near = 1 + sign * small / 4;
        check("log", scaled, ti_log(scaled), logl(scaled));
        check("log", near, ti_log(near), logl(near));
        check_sin(between(0, TI_SIN_MAX));
        check_sin(between(0, 10));
        check_sin(floor(between(0, TI_SIN_MAX)));
        /* next to the zeros of both */
        check_sin((double)(floorl(between(0, 1e7)) * acosl(-1) / 2));
        check_sin(small);
    }
}

static void edges(void **state) {
    static const double numbers[] = {
        0,    0.5,    -0.5, 0x1p-1074, -0x1p-1074, 1,     -1,      -744,
        -745, -745.2, 709,  709.78,    0.25,       1e-10, -0x1p-1, 0x1.62e42fefa39efp-2};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) check_exp(numbers[i]);
    assert_true(ti_exp(0) == 1 && ti_expm1(0) == 0 && ti_log(1) == 0);
    assert_true(ti_exp(-746) == 0 && ti_exp(-INFINITY) == 0 && ti_expm1(-INFINITY) == -1);
    assert_true(isinf(ti_exp(711)) && isinf(ti_exp(709.9)));
    assert_true(ti_sin_shifted(0, 0) == 0 && ti_sin_shifted(0, 1) == 1);
    check("log", 0x1p-1074, ti_log(0x1p-1074), logl(0x1p-1074L));
    check("log", DBL_MAX, ti_log(DBL_MAX), logl(DBL_MAX));
    check_sin(TI_SIN_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_arguments),
                                       cmocka_unit_test(edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
