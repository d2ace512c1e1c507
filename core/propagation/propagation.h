/* SPDX-License-Identifier: MIT */
/* A stack of layers, while signals run through it: layer.h and propagate.c compute, the others serve. */
#ifndef TI_PROPAGATION_H
#define TI_PROPAGATION_H

#include <tensorinit/factor.h>
#include <tensorinit/plan.h>
#include <tensorinit/propagation.h>

#include "core/base/sizes.h"
#include "core/kernels/kernels.h"
#include "core/propagation/moments.h"

/* What is done for each layer, in this order; not all of it in both directions. */
enum ti_phase {
    TI_PHASE_SIGNAL, /* the inputs, or the gradients at the output */
    TI_PHASE_PLAN,
    TI_PHASE_FACTORIZE,
    TI_PHASE_LOAD,      /* the weights */
    TI_PHASE_NORMALIZE, /* with layer_norm: the layer's input */
    TI_PHASE_FORWARD,   /* z = W x */
    TI_PHASE_ACTIVATE,
    TI_PHASE_TRANSPOSE, /* the layer's input */
    TI_PHASE_DESCEND,   /* gradients at z */
    TI_PHASE_WEIGHTS,   /* gradients of the weights */
    TI_PHASE_BACKWARD,  /* gradients at the input: those at z times W */
    TI_PHASE_DENORMALIZE,
    TI_PHASE_ARRIVE, /* at the layer's input */
    TI_PHASE_COUNT
};

struct ti_stack_run {
    struct ti_propagation_run shown;
    struct ti_spec *weights; /* without shape and name */
    bool io;                 /* rows of the tensor are the layer's inputs */
    struct ti_plan *plan;    /* of the first layer; owns the texts of 'shown' */
    struct ti_propagation_layer *layers; /* NULL before ti_propagation_begin() */
};

/*
 * Activations are matrices with a row for each unit and a column for each sample: 'stride'
 * numbers a row, of which the batch is the first; the others are of no interest.
 */
struct ti_propagation {
    struct ti_propagation_info info;
    struct ti_stack_run *runs;
    const struct ti_kernels *kernels;
    size_t stride; /* the batch, rounded up to TI_PRODUCT_COLS */
    size_t blocks; /* of TI_BLOCK units; the last may have fewer */

    /* Buffers; NULL before ti_propagation_begin(). */
    double *activations; /* depth + 1 matrices */
    double *slopes;      /* depth matrices: z, then f'(z) */
    double *normalized, *gradients, *at_z, *at_input;
    double *transposed; /* samples by units, rounded up to TI_PRODUCT_COLS */
    /* the layer's -W, blocks * blocks squares of TI_BLOCK * TI_BLOCK in rows of squares;
       products subtract */
    double *weights;
    double *square, *strip; /* of TI_PHASE_WEIGHTS */
    double *inverse_std;    /* of a sample's units */
    unsigned char *elems;

    /* Where the computation is. */
    unsigned run;
    uint32_t layer;
    bool backward;
    enum ti_phase phase;
    size_t unit;
    struct ti_plan *plan; /* of the layer's weights, while they are loaded */
    struct ti_factor *factor;
    void *workspace;
    /* of the phase that is running */
    struct ti_moments_sum before, after;
    size_t zeros, dead, saturated;
};

/* Numbers in a matrix of activations. */
static inline size_t ti_matrix_numbers(const struct ti_propagation *stack) {
    return stack->info.width * stack->stride;
}

/* Units in a block. */
static inline size_t ti_block_units(const struct ti_propagation *stack, size_t block) {
    return ti_min(stack->info.width - block * TI_BLOCK, TI_BLOCK);
}

/* Numbers in a row of 'transposed'. */
static inline size_t ti_transposed_stride(const struct ti_propagation *stack) {
    return ti_round_up(stack->info.width, TI_PRODUCT_COLS);
}

/* Columns of a strip of weights' gradients, all rows of a block. */
#define TI_STRIP_COLS 128

/*
 * Plans the weights of a layer, width by width, and a unit normal signal, batch by width:
 * "input" or "output_gradient".
 */
enum ti_status ti_propagation_plan(const struct ti_propagation *stack,
                                   const struct ti_stack_run *run, uint32_t layer,
                                   struct ti_plan **plan, struct ti_error *error);
enum ti_status ti_propagation_plan_signal(const struct ti_propagation *stack,
                                          const struct ti_stack_run *run,
                                          const char *name, struct ti_plan **plan,
                                          struct ti_error *error);

/* Fills in products, peak_bytes and the sizes of the stack. */
void ti_propagation_measure(struct ti_propagation *stack);

#endif
