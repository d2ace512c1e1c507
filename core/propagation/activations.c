/* SPDX-License-Identifier: MIT */
/* See activations.h. The formulas, in this order of operations, are those of docs/SPEC.md. */
#include "core/propagation/activations.h"

#include <math.h>

#include "core/base/normal_cdf.h"
#include "core/kernels/elementary.h"

/* Klambauer et al., "Self-Normalizing Neural Networks", 2017, to binary64. */
#define SELU_ALPHA 1.6732632423543772
#define SELU_SCALE 1.0507009873554805

#define INVERSE_SQRT_2PI 0x1.9884533d43651p-2

static struct ti_activated linear(double slope, double z) {
    (void)slope;
    return (struct ti_activated){z, 1};
}

/* NaN is passed on, so that a stack that overflows does not look healthy. */
static struct ti_activated leaky_relu(double slope, double z) {
    if (z > 0) return (struct ti_activated){z, 1};
    return (struct ti_activated){slope * z, slope};
}

static struct ti_activated relu(double slope, double z) {
    (void)slope;
    if (z > 0) return (struct ti_activated){z, 1};
    return (struct ti_activated){isnan(z) ? z : 0, 0};
}

static struct ti_activated tanh_(double slope, double z) {
    (void)slope;
    const double e = ti_expm1(-2 * fabs(z)), y = -e / (2 + e);
    return (struct ti_activated){z < 0 ? -y : y, 1 - y * y};
}

/* exp(-|z|) does not overflow, and 1 minus the sigmoid keeps its digits. */
static struct ti_activated sigmoid(double slope, double z) {
    (void)slope;
    const double e = ti_exp(-fabs(z)), near_0 = e / (1 + e), near_1 = 1 / (1 + e);
    return (struct ti_activated){z < 0 ? near_0 : near_1, near_0 * near_1};
}

static struct ti_activated gelu(double slope, double z) {
    (void)slope;
    if (isnan(z) || isinf(z)) return relu(0, z);
    const double below = ti_normal_mass_fast(-INFINITY, z);
    const double density = ti_exp(-0.5 * (z * z)) * INVERSE_SQRT_2PI;
    return (struct ti_activated){z * below, below + z * density};
}

static struct ti_activated silu(double slope, double z) {
    if (isinf(z)) return relu(0, z);
    const struct ti_activated s = sigmoid(slope, z);
    return (struct ti_activated){z * s.value, s.value + z * s.derivative};
}

static struct ti_activated elu(double slope, double z) {
    (void)slope;
    if (z > 0) return (struct ti_activated){z, 1};
    return (struct ti_activated){ti_expm1(z), ti_exp(z)};
}

static struct ti_activated selu(double slope, double z) {
    (void)slope;
    const double low = SELU_SCALE * SELU_ALPHA;
    if (z > 0) return (struct ti_activated){SELU_SCALE * z, SELU_SCALE};
    return (struct ti_activated){low * ti_expm1(z), low * ti_exp(z)};
}

struct function {
    struct ti_activated (*apply)(double slope, double z);
    double steepest; /* the maximum of |f'|; for leaky_relu with a slope below 1 */
};

static const struct function functions[TI_ACTIVATION_COUNT] = {
    [TI_ACTIVATION_LINEAR] = {linear, 1},
    [TI_ACTIVATION_RELU] = {relu, 1},
    [TI_ACTIVATION_LEAKY_RELU] = {leaky_relu, 1},
    [TI_ACTIVATION_TANH] = {tanh_, 1},
    [TI_ACTIVATION_SIGMOID] = {sigmoid, 0.25},
    [TI_ACTIVATION_GELU] = {gelu, 1.1289041451851547}, /* at sqrt(2) */
    [TI_ACTIVATION_SILU] = {silu, 1.099839320128867},  /* at 2.39936 */
    [TI_ACTIVATION_SELU] = {selu, SELU_SCALE *SELU_ALPHA},
    [TI_ACTIVATION_ELU] = {elu, 1},
};

struct ti_activated ti_activate(enum ti_activation activation, double slope, double z) {
    return functions[activation].apply(slope, z);
}

double ti_activation_steepest(enum ti_activation activation, double slope) {
    const double steepest = functions[activation].steepest;
    const bool leaky = activation == TI_ACTIVATION_LEAKY_RELU;
    return leaky && fabs(slope) > steepest ? fabs(slope) : steepest;
}

static const char *const names[TI_ACTIVATION_COUNT] = {
#define TI_ACTIVATION(id, name) name,
    TI_ACTIVATIONS(TI_ACTIVATION)
#undef TI_ACTIVATION
};

const char *ti_activation_name(enum ti_activation activation) {
    return (unsigned)activation < TI_ACTIVATION_COUNT ? names[activation] : NULL;
}
