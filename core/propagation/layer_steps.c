/* SPDX-License-Identifier: MIT */
/*
 * A layer forward and backward: see layer.h. A sum over the units of a layer runs in blocks, by
 * the products of kernels.h, and never across samples, so that its order is the same everywhere.
 */
#include <math.h>
#include <string.h>

#include "core/propagation/activations.h"
#include "core/propagation/layer.h"

/* f'(z) below this part of its maximum is saturated. */
#define SATURATED 0.01

/* Forward -------------------------------------------------------------------------------- */

/* A product of a square of -W, transposed if 'transposed', and a block of 'from', from 'to'. */
static void multiply(struct ti_propagation *stack, const double *square, bool transposed,
                     double *from, size_t from_block, double *to, size_t to_block) {
    const struct ti_product size = {
        .depth = ti_block_units(stack, from_block),
        .rows = ti_block_units(stack, to_block),
        .cols = stack->stride,
        .b_stride = stack->stride,
        .c_stride = stack->stride,
    };
    (transposed ? stack->kernels->transposed_f64 : stack->kernels->product_f64)(
        &size, square, ti_row_of(stack, from, from_block * TI_BLOCK),
        ti_row_of(stack, to, to_block * TI_BLOCK));
}

static void set_to_zero(struct ti_propagation *stack, double *numbers, size_t block) {
    memset(ti_row_of(stack, numbers, block * TI_BLOCK), 0,
           ti_block_units(stack, block) * stack->stride * sizeof *numbers);
}

enum ti_status ti_layer_forward(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error) {
    const size_t row = unit / stack->blocks, col = unit % stack->blocks;
    (void)error;
    if (col == 0) set_to_zero(stack, ti_layer_slopes(stack), row);
    multiply(stack, ti_square_of(stack, row, col), true, ti_layer_factor(stack), col,
             ti_layer_slopes(stack), row);
    return TI_OK;
}

/* A unit: z becomes f'(z). */
enum ti_status ti_layer_activate(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error) {
    const struct ti_propagation_info *info = &stack->info;
    const double steepest =
        ti_activation_steepest(info->activation, info->negative_slope);
    const double *x = ti_row_of(stack, ti_layer_input(stack), unit);
    double *z = ti_row_of(stack, ti_layer_slopes(stack), unit);
    double *out = ti_row_of(stack, ti_layer_output(stack), unit);
    size_t flat = 0;
    (void)error;
    ti_moments_add(&stack->before, z, info->batch);
    for (size_t i = 0; i < info->batch; i++) {
        const struct ti_activated f =
            ti_activate(info->activation, info->negative_slope, z[i]);
        stack->zeros += f.value == 0;
        stack->saturated += fabs(f.derivative) < SATURATED * steepest;
        flat += f.derivative == 0;
        out[i] = info->residual ? x[i] + f.value : f.value;
        z[i] = f.derivative;
    }
    stack->dead += flat == info->batch;
    ti_moments_add(&stack->after, out, info->batch);
    return TI_OK;
}

void ti_layer_finish_activate(struct ti_propagation *stack) {
    const double units = stack->info.width, all = units * stack->info.batch;
    struct ti_propagation_layer *layer = ti_layer_described(stack);
    layer->preactivation = ti_moments_of(&stack->before);
    layer->activation = ti_moments_of(&stack->after);
    layer->zero_share = (double)stack->zeros / all;
    layer->saturated_share = (double)stack->saturated / all;
    layer->dead_share = (double)stack->dead / units;
}

/* Backward ------------------------------------------------------------------------------- */

/* A unit of what W is multiplied with. */
enum ti_status ti_layer_transpose(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error) {
    const size_t row_numbers = ti_transposed_stride(stack);
    const double *x = ti_row_of(stack, ti_layer_factor(stack), unit);
    (void)error;
    for (size_t i = 0; i < stack->info.batch; i++) {
        stack->transposed[i * row_numbers + unit] = x[i];
    }
    return TI_OK;
}

/* A unit: the gradient at z is that at f(z) times f'(z). */
enum ti_status ti_layer_descend(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error) {
    const double *gradient = ti_row_of(stack, stack->gradients, unit);
    const double *slope = ti_row_of(stack, ti_layer_slopes(stack), unit);
    double *at_z = ti_row_of(stack, stack->at_z, unit);
    (void)error;
    for (size_t i = 0; i < stack->info.batch; i++) at_z[i] = gradient[i] * slope[i];
    return TI_OK;
}

/* Of a strip: minus the gradients of the weights, which have the same moments but for the
   sign of the mean. */
static void multiply_strip(struct ti_propagation *stack, size_t block, size_t first_col,
                           size_t cols) {
    const size_t row_numbers = ti_transposed_stride(stack);
    const size_t rows = ti_block_units(stack, block);
    for (size_t sample = 0; sample < stack->info.batch; sample += TI_BLOCK) {
        const struct ti_product size = {
            .depth = ti_min(TI_BLOCK, stack->info.batch - sample),
            .rows = rows,
            .cols = ti_round_up(cols, TI_PRODUCT_COLS),
            .b_stride = row_numbers,
            .c_stride = TI_STRIP_COLS,
        };
        for (size_t i = 0; i < rows; i++) {
            memcpy(stack->square + i * TI_BLOCK,
                   ti_row_of(stack, stack->at_z, block * TI_BLOCK + i) + sample,
                   size.depth * sizeof *stack->square);
        }
        stack->kernels->transposed_f64(
            &size, stack->square, stack->transposed + sample * row_numbers + first_col,
            stack->strip);
    }
}

enum ti_status ti_layer_weights(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error) {
    const size_t strips = ti_layer_strips(stack), block = unit / strips;
    const size_t first_col = unit % strips * TI_STRIP_COLS;
    const size_t cols = ti_min(TI_STRIP_COLS, stack->info.width - first_col);
    (void)error;
    memset(stack->strip, 0, TI_BLOCK * TI_STRIP_COLS * sizeof *stack->strip);
    multiply_strip(stack, block, first_col, cols);
    for (size_t i = 0; i < ti_block_units(stack, block); i++) {
        ti_moments_add(&stack->before, stack->strip + i * TI_STRIP_COLS, cols);
    }
    return TI_OK;
}

void ti_layer_finish_weights(struct ti_propagation *stack) {
    struct ti_moments *gradient = &ti_layer_described(stack)->weight_gradient;
    *gradient = ti_moments_of(&stack->before);
    gradient->mean = 0 - gradient->mean;
}

enum ti_status ti_layer_backward(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error) {
    const size_t col = unit / stack->blocks, row = unit % stack->blocks;
    (void)error;
    if (row == 0) set_to_zero(stack, stack->at_input, col);
    multiply(stack, ti_square_of(stack, row, col), false, stack->at_z, row,
             stack->at_input, col);
    return TI_OK;
}

/* A unit of the layer's input: the gradients to go on with. */
enum ti_status ti_layer_arrive(struct ti_propagation *stack, size_t unit,
                               struct ti_error *error) {
    double *gradient = ti_row_of(stack, stack->gradients, unit);
    const double *at_input = ti_row_of(stack, stack->at_input, unit);
    (void)error;
    for (size_t i = 0; i < stack->info.batch; i++) {
        gradient[i] = stack->info.residual ? gradient[i] + at_input[i] : at_input[i];
    }
    ti_moments_add(&stack->before, gradient, stack->info.batch);
    return TI_OK;
}

void ti_layer_finish_arrive(struct ti_propagation *stack) {
    ti_layer_described(stack)->input_gradient = ti_moments_of(&stack->before);
}
