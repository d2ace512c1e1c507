/* SPDX-License-Identifier: MIT */
/* A stack's memory, and what it says of itself. */
#include <stdlib.h>

#include "core/base/error.h"
#include "core/propagation/propagation.h"
#include "core/request/plan.h"
#include "core/request/spec.h"

/* A buffer of the stack, in numbers of binary64. */
struct buffer {
    double **at;
    size_t numbers;
};

#define BUFFERS 11

static void list_buffers(struct ti_propagation *stack, struct buffer list[BUFFERS]) {
    const struct ti_propagation_info *info = &stack->info;
    const size_t matrix = ti_matrix_numbers(stack);
    const struct buffer all[BUFFERS] = {
        {&stack->activations, (info->depth + (size_t)1) * matrix},
        {&stack->slopes, info->depth * matrix},
        {&stack->normalized, info->layer_norm ? matrix : 1},
        {&stack->gradients, matrix},
        {&stack->at_z, matrix},
        {&stack->at_input, matrix},
        {&stack->transposed, info->batch * ti_transposed_stride(stack)},
        {&stack->weights, stack->blocks * stack->blocks * TI_BLOCK * TI_BLOCK},
        {&stack->square, TI_BLOCK * TI_BLOCK},
        {&stack->strip, TI_BLOCK * TI_STRIP_COLS},
        {&stack->inverse_std, info->batch},
    };
    for (size_t i = 0; i < BUFFERS; i++) list[i] = all[i];
}

/* What all runs have: what is computed of their layers, and what it is computed of. */
static size_t runs_bytes(const struct ti_propagation_info *info) {
    const size_t layers = info->depth * sizeof(struct ti_propagation_layer);
    return info->runs * (layers + sizeof(struct ti_spec) + sizeof(struct ti_plan));
}

/* Of the rows of a block, and of a sample. */
static size_t elems_bytes(const struct ti_propagation *stack) {
    return (size_t)TI_BLOCK * stack->info.width * sizeof(double);
}

void ti_propagation_measure(struct ti_propagation *stack) {
    struct ti_propagation_info *info = &stack->info;
    struct buffer list[BUFFERS];
    size_t peak_bytes = 0;
    stack->stride = ti_round_up(info->batch, TI_PRODUCT_COLS);
    stack->blocks = ti_divide_up(info->width, TI_BLOCK);
    info->products =
        (uint64_t)info->runs * info->depth * 3 * info->width * info->width * info->batch;
    for (unsigned i = 0; i < info->runs; i++) {
        const struct ti_plan_info *plan = ti_plan_info(stack->runs[i].plan);
        const size_t bytes = plan->factor_peak_bytes + plan->workspace_bytes;
        if (bytes > peak_bytes) peak_bytes = bytes;
    }
    list_buffers(stack, list);
    for (size_t i = 0; i < BUFFERS; i++) peak_bytes += list[i].numbers * sizeof(double);
    info->peak_bytes = peak_bytes + elems_bytes(stack) + runs_bytes(info);
}

enum ti_status ti_propagation_begin(struct ti_propagation *stack,
                                    struct ti_error *error) {
    struct buffer list[BUFFERS];
    bool complete = true;
    list_buffers(stack, list);
    for (size_t i = 0; i < BUFFERS; i++) {
        if (!*list[i].at) *list[i].at = calloc(list[i].numbers, sizeof(double));
        complete = complete && *list[i].at;
    }
    for (unsigned i = 0; i < stack->info.runs; i++) {
        struct ti_stack_run *run = &stack->runs[i];
        if (!run->layers) run->layers = calloc(stack->info.depth, sizeof *run->layers);
        complete = complete && run->layers;
    }
    if (!stack->elems) stack->elems = malloc(elems_bytes(stack));
    return complete && stack->elems ? TI_OK : ti_error_nomem(error);
}

void ti_propagation_free(struct ti_propagation *stack) {
    struct buffer list[BUFFERS];
    if (!stack) return;
    list_buffers(stack, list);
    for (size_t i = 0; i < BUFFERS; i++) free(*list[i].at);
    free(stack->elems);
    ti_workspace_free(stack->workspace);
    ti_plan_free(stack->plan);
    ti_factor_free(stack->factor);
    for (unsigned i = 0; i < stack->info.runs; i++) {
        ti_plan_free(stack->runs[i].plan);
        ti_spec_free(stack->runs[i].weights);
        free(stack->runs[i].layers);
    }
    free(stack->runs);
    free(stack);
}

const struct ti_propagation_info *
ti_propagation_info(const struct ti_propagation *stack) {
    return &stack->info;
}

const struct ti_propagation_run *ti_propagation_run_at(const struct ti_propagation *stack,
                                                       unsigned run) {
    return &stack->runs[run].shown;
}

const struct ti_propagation_layer *
ti_propagation_layers(const struct ti_propagation *stack, unsigned run) {
    return stack->runs[run].layers;
}

bool ti_propagation_done(const struct ti_propagation *stack) {
    return stack->run == stack->info.runs;
}

double ti_propagation_progress(const struct ti_propagation *stack) {
    const double depth = stack->info.depth;
    const double layers = stack->backward ? 2 * depth - 1 - stack->layer : stack->layer;
    return (stack->run + layers / (2 * depth)) / stack->info.runs;
}
