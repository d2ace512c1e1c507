/* SPDX-License-Identifier: MIT */
/* Layer norm, and its gradient: see layer.h. */
#include <math.h>

#include "core/propagation/layer.h"

/* Of the variance: PyTorch's and Keras' default is 1e-5 and 1e-3. */
#define LAYER_NORM_EPSILON 1e-5

/* Layer norm without weights: n = (x - mean) / sqrt(variance + epsilon), over the units. */
static void normalize_sample(struct ti_propagation *stack, size_t sample) {
    const size_t width = stack->info.width;
    const double *x = ti_layer_input(stack) + sample;
    double *n = stack->normalized + sample, total = 0, squares = 0;
    for (size_t unit = 0; unit < width; unit++) total += x[unit * stack->stride];
    const double mean = total / (double)width;
    for (size_t unit = 0; unit < width; unit++) {
        const double difference = x[unit * stack->stride] - mean;
        squares += difference * difference;
    }
    const double inverse = 1 / sqrt(squares / (double)width + LAYER_NORM_EPSILON);
    for (size_t unit = 0; unit < width; unit++) {
        n[unit * stack->stride] = (x[unit * stack->stride] - mean) * inverse;
    }
    stack->inverse_std[sample] = inverse;
}

/* The gradient at x from that at n: (g - mean(g) - n * mean(g * n)) / std. */
static void denormalize_sample(struct ti_propagation *stack, size_t sample) {
    const size_t width = stack->info.width, stride = stack->stride;
    const double *n = stack->normalized + sample;
    double *g = stack->at_input + sample, total = 0, along = 0;
    for (size_t unit = 0; unit < width; unit++) {
        total += g[unit * stride];
        along += g[unit * stride] * n[unit * stride];
    }
    const double mean = total / (double)width, part = along / (double)width;
    for (size_t unit = 0; unit < width; unit++) {
        g[unit * stride] = ((g[unit * stride] - mean) - n[unit * stride] * part) *
                           stack->inverse_std[sample];
    }
}

static void for_samples(struct ti_propagation *stack, size_t group,
                        void (*sample)(struct ti_propagation *stack, size_t sample)) {
    const size_t first = group * TI_NORM_SAMPLES;
    const size_t end = ti_min(first + TI_NORM_SAMPLES, stack->info.batch);
    for (size_t i = first; i < end; i++) sample(stack, i);
}

enum ti_status ti_layer_normalize(struct ti_propagation *stack, size_t group,
                                  struct ti_error *error) {
    (void)error;
    for_samples(stack, group, normalize_sample);
    return TI_OK;
}

enum ti_status ti_layer_denormalize(struct ti_propagation *stack, size_t group,
                                    struct ti_error *error) {
    (void)error;
    for_samples(stack, group, denormalize_sample);
    return TI_OK;
}
