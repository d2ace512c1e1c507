/* SPDX-License-Identifier: MIT */
/* core/propagation/activations: against libm's long double. */
#include <math.h>

#include "core/propagation/activations.h"
#include "support/test.h"

#define SLOPE 0.2

static long double sigmoidl(long double z) { return 1 / (1 + expl(-z)); }

static long double cdfl(long double z) { return erfcl(-z / sqrtl(2)) / 2; }

static long double densityl(long double z) {
    return expl(-z * z / 2) / sqrtl(8 * atanl(1));
}

static const long double selu_scale = 1.0507009873554804934193349852946L,
                         selu_alpha = 1.6732632423543772848170429916717L;

static long double value_of(enum ti_activation activation, long double z) {
    switch (activation) {
    case TI_ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case TI_ACTIVATION_LEAKY_RELU:
        return z > 0 ? z : (long double)SLOPE * z;
    case TI_ACTIVATION_TANH:
        return tanhl(z);
    case TI_ACTIVATION_SIGMOID:
        return sigmoidl(z);
    case TI_ACTIVATION_GELU:
        return z * cdfl(z);
    case TI_ACTIVATION_SILU:
        return z * sigmoidl(z);
    case TI_ACTIVATION_SELU:
        return selu_scale * (z > 0 ? z : selu_alpha * expm1l(z));
    case TI_ACTIVATION_ELU:
        return z > 0 ? z : expm1l(z);
    default:
        return z;
    }
}

static long double slope_of(enum ti_activation activation, long double z) {
    switch (activation) {
    case TI_ACTIVATION_RELU:
        return z > 0;
    case TI_ACTIVATION_LEAKY_RELU:
        return z > 0 ? 1 : (long double)SLOPE;
    case TI_ACTIVATION_TANH:
        return 1 - tanhl(z) * tanhl(z);
    case TI_ACTIVATION_SIGMOID:
        return sigmoidl(z) * sigmoidl(-z);
    case TI_ACTIVATION_GELU:
        return cdfl(z) + z * densityl(z);
    case TI_ACTIVATION_SILU:
        return sigmoidl(z) + z * sigmoidl(z) * sigmoidl(-z);
    case TI_ACTIVATION_SELU:
        return selu_scale * (z > 0 ? 1 : selu_alpha * expl(z));
    case TI_ACTIVATION_ELU:
        return z > 0 ? 1 : expl(z);
    default:
        return 1;
    }
}

static void are_those_of_libm(void **state) {
    (void)state;
    for (unsigned i = 0; i < TI_ACTIVATION_COUNT; i++) {
        const enum ti_activation activation = (enum ti_activation)i;
        for (double z = -45; z < 45; z += 0.00390625) {
            const struct ti_activated f = ti_activate(activation, SLOPE, z);
            const double value = (double)value_of(activation, z);
            const double slope = (double)slope_of(activation, z);
            if (fabs(f.value - value) > 4e-15 * (1 + fabs(z)) ||
                fabs(f.derivative - slope) > 4e-15 * (1 + fabs(z))) {
                fail_msg("%s(%.17g) = %.17g, %.17g, not %.17g, %.17g",
                         ti_activation_name(activation), z, f.value, f.derivative, value,
                         slope);
            }
        }
    }
}

/* The maximum that is stated is met, and never passed. */
static void have_the_steepest_slope(void **state) {
    (void)state;
    for (unsigned i = 0; i < TI_ACTIVATION_COUNT; i++) {
        const enum ti_activation activation = (enum ti_activation)i;
        const double steepest = ti_activation_steepest(activation, SLOPE);
        double max = 0;
        for (double z = -8; z < 8; z += 0x1p-12) {
            const double slope = fabs(ti_activate(activation, SLOPE, z).derivative);
            if (slope > max) max = slope;
        }
        assert_true(max <= steepest * (1 + 1e-15) && max >= steepest * (1 - 1e-3));
    }
    assert_true(ti_activation_steepest(TI_ACTIVATION_LEAKY_RELU, -3) == 3);
}

/* What overflows stays visible, and infinite inputs are no NaN where f has a limit. */
static void take_any_number(void **state) {
    (void)state;
    for (unsigned i = 0; i < TI_ACTIVATION_COUNT; i++) {
        const enum ti_activation activation = (enum ti_activation)i;
        assert_true(isnan(ti_activate(activation, SLOPE, NAN).value));
        assert_false(isnan(ti_activate(activation, SLOPE, INFINITY).value));
        assert_false(isnan(ti_activate(activation, SLOPE, -INFINITY).value));
        assert_false(isnan(ti_activate(activation, SLOPE, 1e308).derivative));
        assert_false(isnan(ti_activate(activation, SLOPE, -1e308).derivative));
    }
    assert_null(ti_activation_name(TI_ACTIVATION_COUNT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_those_of_libm),
        cmocka_unit_test(have_the_steepest_slope),
        cmocka_unit_test(take_any_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
