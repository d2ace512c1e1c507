/* SPDX-License-Identifier: MIT */
/*
 * What the phases of a layer do, a unit of work at a time: propagate.c has their order. The
 * names are those of enum ti_phase.
 */
#ifndef TI_LAYER_H
#define TI_LAYER_H

#include "core/propagation/propagation.h"

/* Where the matrices of the current layer are --------------------------------------------- */

static inline double *ti_matrix_of(const struct ti_propagation *stack, double *first,
                                   size_t index) {
    return first + index * ti_matrix_numbers(stack);
}

static inline double *ti_row_of(const struct ti_propagation *stack, double *numbers,
                                size_t row) {
    return numbers + row * stack->stride;
}

/* The input x of the layer, its output, and what W is multiplied with. */
static inline double *ti_layer_input(const struct ti_propagation *stack) {
    return ti_matrix_of(stack, stack->activations, stack->layer);
}

static inline double *ti_layer_output(const struct ti_propagation *stack) {
    return ti_matrix_of(stack, stack->activations, stack->layer + 1);
}

static inline double *ti_layer_factor(const struct ti_propagation *stack) {
    return stack->info.layer_norm ? stack->normalized : ti_layer_input(stack);
}

static inline double *ti_layer_slopes(const struct ti_propagation *stack) {
    return ti_matrix_of(stack, stack->slopes, stack->layer);
}

/* The square of -W with units of the output in block 'row', of the input in block 'col'. */
static inline double *ti_square_of(const struct ti_propagation *stack, size_t row,
                                   size_t col) {
    return stack->weights + (row * stack->blocks + col) * TI_SQUARE;
}

static inline struct ti_propagation_layer *
ti_layer_described(const struct ti_propagation *stack) {
    return &stack->runs[stack->run].layers[stack->layer];
}

/* Strips in a row of blocks of the weights. */
static inline size_t ti_layer_strips(const struct ti_propagation *stack) {
    return ti_divide_up(stack->info.width, TI_STRIP_COLS);
}

/* Weights and signals, by their plans: layer_tensors.c -------------------------------------- */

enum ti_status ti_layer_signal(struct ti_propagation *stack, size_t unit,
                               struct ti_error *error);
enum ti_status ti_layer_plan(struct ti_propagation *stack, size_t unit,
                             struct ti_error *error);
enum ti_status ti_layer_factorize(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error);
enum ti_status ti_layer_load(struct ti_propagation *stack, size_t unit,
                             struct ti_error *error);

/* Units of TI_PHASE_FACTORIZE. */
size_t ti_layer_factor_tasks(const struct ti_propagation *stack);

/* Frees the plan of a tensor that is complete. */
void ti_layer_drop_plan(struct ti_propagation *stack);

/* Layer norm, in groups of samples: layer_norm.c -------------------------------------------- */

#define TI_NORM_SAMPLES 32

enum ti_status ti_layer_normalize(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error);
enum ti_status ti_layer_denormalize(struct ti_propagation *stack, size_t unit,
                                    struct ti_error *error);

/* Sums and derivatives: layer_steps.c ------------------------------------------------------- */

enum ti_status ti_layer_forward(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error);
enum ti_status ti_layer_activate(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error);
enum ti_status ti_layer_transpose(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error);
enum ti_status ti_layer_descend(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error);
enum ti_status ti_layer_weights(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error);
enum ti_status ti_layer_backward(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error);
enum ti_status ti_layer_arrive(struct ti_propagation *stack, size_t unit,
                               struct ti_error *error);

/* After the last unit of such a phase: its results go to the description of the layer. */
void ti_layer_finish_activate(struct ti_propagation *stack);
void ti_layer_finish_weights(struct ti_propagation *stack);
void ti_layer_finish_arrive(struct ti_propagation *stack);

#endif
