/* SPDX-License-Identifier: MIT */
/* The weights of a layer and the signals, by the plans of their tensors: see layer.h. */
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/propagation/layer.h"

/* Plans ---------------------------------------------------------------------------------- */

void ti_layer_drop_plan(struct ti_propagation *stack) {
    ti_workspace_free(stack->workspace);
    ti_plan_free(stack->plan);
    ti_factor_free(stack->factor);
    stack->workspace = NULL;
    stack->plan = NULL;
    stack->factor = NULL;
}

/* Takes over the plan, if there is one. */
static enum ti_status prepare_plan(struct ti_propagation *stack, enum ti_status status,
                                   struct ti_error *error) {
    if (status == TI_OK)
        status = ti_workspace_make(stack->plan, &stack->workspace, error);
    if (status == TI_OK) status = ti_factor_make(stack->plan, &stack->factor, error);
    if (status != TI_OK) ti_layer_drop_plan(stack);
    return status;
}

enum ti_status ti_layer_plan(struct ti_propagation *stack, size_t unit,
                             struct ti_error *error) {
    (void)unit;
    return prepare_plan(stack,
                        ti_propagation_plan(stack, &stack->runs[stack->run], stack->layer,
                                            &stack->plan, error),
                        error);
}

size_t ti_layer_factor_tasks(const struct ti_propagation *stack) {
    size_t tasks = 0;
    for (unsigned phase = 0; phase < ti_factor_phases(stack->factor); phase++) {
        tasks += ti_factor_tasks(stack->factor, phase);
    }
    return tasks;
}

enum ti_status ti_layer_factorize(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error) {
    unsigned phase = 0;
    (void)error;
    while (unit >= ti_factor_tasks(stack->factor, phase)) {
        unit -= ti_factor_tasks(stack->factor, phase++);
    }
    ti_factor_run(stack->factor, phase, unit);
    return TI_OK;
}

/* Writes -w to its square. */
static void put_weight(const struct ti_propagation *stack, size_t row, size_t col,
                       double w) {
    double *square = ti_square_of(stack, row / TI_BLOCK, col / TI_BLOCK);
    square[row % TI_BLOCK * TI_BLOCK + col % TI_BLOCK] = -w;
}

/* A block of rows of the tensor. */
enum ti_status ti_layer_load(struct ti_propagation *stack, size_t block,
                             struct ti_error *error) {
    const size_t width = stack->info.width, rows = ti_block_units(stack, block);
    const enum ti_dtype dtype = ti_plan_info(stack->plan)->dtype;
    const size_t bytes = ti_dtype_bytes(dtype), first = block * TI_BLOCK;
    const bool io = stack->runs[stack->run].io;
    enum ti_status status = TI_OK;
    if (stack->factor) status = ti_plan_use(stack->plan, stack->factor);
    if (status == TI_OK) {
        status = ti_plan_fill(stack->plan, first * width, rows * width, stack->elems,
                              stack->workspace);
    }
    if (status != TI_OK) {
        return ti_error_set(error, status, "", "the weights cannot be computed");
    }
    for (size_t i = 0; i < rows * width; i++) {
        const double w = ti_dtype_value(dtype, stack->elems + i * bytes);
        const size_t row = first + i / width, col = i % width;
        put_weight(stack, io ? col : row, io ? row : col, w);
    }
    return TI_OK;
}

/* Signals -------------------------------------------------------------------------------- */

static double *signal_of(const struct ti_propagation *stack) {
    return stack->backward ? stack->gradients : stack->activations;
}

/* A sample; its plan is made with the first. */
enum ti_status ti_layer_signal(struct ti_propagation *stack, size_t sample,
                               struct ti_error *error) {
    const size_t width = stack->info.width;
    const char *name = stack->backward ? "output_gradient" : "input";
    double *out = signal_of(stack), value;
    enum ti_status status = TI_OK;
    if (!stack->plan) {
        status = ti_propagation_plan_signal(stack, &stack->runs[stack->run], name,
                                            &stack->plan, error);
        status = prepare_plan(stack, status, error);
        if (status != TI_OK) return status;
    }
    status =
        ti_plan_fill(stack->plan, sample * width, width, stack->elems, stack->workspace);
    if (status != TI_OK) return ti_error_set(error, status, "", "no signal");
    for (size_t unit = 0; unit < width; unit++) {
        memcpy(&value, stack->elems + unit * sizeof value, sizeof value);
        ti_row_of(stack, out, unit)[sample] = value;
    }
    return TI_OK;
}
