/* SPDX-License-Identifier: MIT */
/*
 * Runs signals through a stack, a unit of work at a time: docs/SPEC.md, "Propagation". A sum
 * over the units of a layer runs in blocks, by the products of kernels.h, and never across
 * samples, so that its order is the same everywhere.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/base/sizes.h"
#include "core/propagation/activations.h"
#include "core/propagation/propagation.h"

#define SQUARE ((size_t)TI_BLOCK * TI_BLOCK)

/* Of the variance, in a layer norm: PyTorch's and Keras' default is 1e-5 and 1e-3. */
#define LAYER_NORM_EPSILON 1e-5

/* f'(z) below this part of its maximum is saturated. */
#define SATURATED 0.01

/* Samples that a layer norm takes at a time. */
#define NORM_SAMPLES 32

static double *matrix(const struct ti_propagation *stack, double *first, size_t index) {
    return first + index * ti_matrix_numbers(stack);
}

static double *row_of(const struct ti_propagation *stack, double *numbers, size_t row) {
    return numbers + row * stack->stride;
}

/* The input x of the layer, its output, and what W is multiplied with. */
static double *input(const struct ti_propagation *stack) {
    return matrix(stack, stack->activations, stack->layer);
}

static double *output(const struct ti_propagation *stack) {
    return matrix(stack, stack->activations, stack->layer + 1);
}

static double *factor_of_weights(const struct ti_propagation *stack) {
    return stack->info.layer_norm ? stack->normalized : input(stack);
}

static double *slopes(const struct ti_propagation *stack) {
    return matrix(stack, stack->slopes, stack->layer);
}

/* The square of -W with units of the output in block 'row', of the input in block 'col'. */
static double *square_of(const struct ti_propagation *stack, size_t row, size_t col) {
    return stack->weights + (row * stack->blocks + col) * SQUARE;
}

static struct ti_propagation_layer *described(const struct ti_propagation *stack) {
    return &stack->runs[stack->run].layers[stack->layer];
}

/* Weights -------------------------------------------------------------------------------- */

static void drop_plan(struct ti_propagation *stack) {
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
    if (status != TI_OK) drop_plan(stack);
    return status;
}

static enum ti_status do_plan(struct ti_propagation *stack, size_t unit,
                              struct ti_error *error) {
    (void)unit;
    return prepare_plan(stack,
                        ti_propagation_plan(stack, &stack->runs[stack->run], stack->layer,
                                            &stack->plan, error),
                        error);
}

static size_t factor_tasks(const struct ti_propagation *stack) {
    size_t tasks = 0;
    for (unsigned phase = 0; phase < ti_factor_phases(stack->factor); phase++) {
        tasks += ti_factor_tasks(stack->factor, phase);
    }
    return tasks;
}

static enum ti_status do_factorize(struct ti_propagation *stack, size_t unit,
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
    double *square = square_of(stack, row / TI_BLOCK, col / TI_BLOCK);
    square[row % TI_BLOCK * TI_BLOCK + col % TI_BLOCK] = -w;
}

/* A block of rows of the tensor. */
static enum ti_status do_load(struct ti_propagation *stack, size_t block,
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
static enum ti_status do_signal(struct ti_propagation *stack, size_t sample,
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
        row_of(stack, out, unit)[sample] = value;
    }
    return TI_OK;
}

/* Layer norm without weights: n = (x - mean) / sqrt(variance + epsilon), over the units. */
static void normalize_sample(struct ti_propagation *stack, size_t sample) {
    const size_t width = stack->info.width;
    const double *x = input(stack) + sample;
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
    const size_t first = group * NORM_SAMPLES;
    const size_t end = ti_min(first + NORM_SAMPLES, stack->info.batch);
    for (size_t i = first; i < end; i++) sample(stack, i);
}

static enum ti_status do_normalize(struct ti_propagation *stack, size_t group,
                                   struct ti_error *error) {
    (void)error;
    for_samples(stack, group, normalize_sample);
    return TI_OK;
}

static enum ti_status do_denormalize(struct ti_propagation *stack, size_t group,
                                     struct ti_error *error) {
    (void)error;
    for_samples(stack, group, denormalize_sample);
    return TI_OK;
}

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
        &size, square, row_of(stack, from, from_block * TI_BLOCK),
        row_of(stack, to, to_block * TI_BLOCK));
}

static void set_to_zero(struct ti_propagation *stack, double *numbers, size_t block) {
    memset(row_of(stack, numbers, block * TI_BLOCK), 0,
           ti_block_units(stack, block) * stack->stride * sizeof *numbers);
}

static enum ti_status do_forward(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error) {
    const size_t row = unit / stack->blocks, col = unit % stack->blocks;
    (void)error;
    if (col == 0) set_to_zero(stack, slopes(stack), row);
    multiply(stack, square_of(stack, row, col), true, factor_of_weights(stack), col,
             slopes(stack), row);
    return TI_OK;
}

/* A unit: z becomes f'(z). */
static enum ti_status do_activate(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error) {
    const struct ti_propagation_info *info = &stack->info;
    const double steepest =
        ti_activation_steepest(info->activation, info->negative_slope);
    const double *x = row_of(stack, input(stack), unit);
    double *z = row_of(stack, slopes(stack), unit);
    double *out = row_of(stack, output(stack), unit);
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

static void finish_activate(struct ti_propagation *stack) {
    const double units = stack->info.width, all = units * stack->info.batch;
    struct ti_propagation_layer *layer = described(stack);
    layer->preactivation = ti_moments_of(&stack->before);
    layer->activation = ti_moments_of(&stack->after);
    layer->zero_share = (double)stack->zeros / all;
    layer->saturated_share = (double)stack->saturated / all;
    layer->dead_share = (double)stack->dead / units;
}

/* Backward ------------------------------------------------------------------------------- */

/* A unit of what W is multiplied with. */
static enum ti_status do_transpose(struct ti_propagation *stack, size_t unit,
                                   struct ti_error *error) {
    const size_t row_numbers = ti_transposed_stride(stack);
    const double *x = row_of(stack, factor_of_weights(stack), unit);
    (void)error;
    for (size_t i = 0; i < stack->info.batch; i++) {
        stack->transposed[i * row_numbers + unit] = x[i];
    }
    return TI_OK;
}

/* A unit: the gradient at z is that at f(z) times f'(z). */
static enum ti_status do_descend(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error) {
    const double *gradient = row_of(stack, stack->gradients, unit);
    const double *slope = row_of(stack, slopes(stack), unit);
    double *at_z = row_of(stack, stack->at_z, unit);
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
                   row_of(stack, stack->at_z, block * TI_BLOCK + i) + sample,
                   size.depth * sizeof *stack->square);
        }
        stack->kernels->transposed_f64(
            &size, stack->square, stack->transposed + sample * row_numbers + first_col,
            stack->strip);
    }
}

static size_t strips_of_row(const struct ti_propagation *stack) {
    return ti_divide_up(stack->info.width, TI_STRIP_COLS);
}

static enum ti_status do_weights(struct ti_propagation *stack, size_t unit,
                                 struct ti_error *error) {
    const size_t strips = strips_of_row(stack), block = unit / strips;
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

static void finish_weights(struct ti_propagation *stack) {
    struct ti_moments *gradient = &described(stack)->weight_gradient;
    *gradient = ti_moments_of(&stack->before);
    gradient->mean = 0 - gradient->mean;
}

static enum ti_status do_backward(struct ti_propagation *stack, size_t unit,
                                  struct ti_error *error) {
    const size_t col = unit / stack->blocks, row = unit % stack->blocks;
    (void)error;
    if (row == 0) set_to_zero(stack, stack->at_input, col);
    multiply(stack, square_of(stack, row, col), false, stack->at_z, row, stack->at_input,
             col);
    return TI_OK;
}

/* A unit of the layer's input: the gradients to go on with. */
static enum ti_status do_arrive(struct ti_propagation *stack, size_t unit,
                                struct ti_error *error) {
    double *gradient = row_of(stack, stack->gradients, unit);
    const double *at_input = row_of(stack, stack->at_input, unit);
    (void)error;
    for (size_t i = 0; i < stack->info.batch; i++) {
        gradient[i] = stack->info.residual ? gradient[i] + at_input[i] : at_input[i];
    }
    ti_moments_add(&stack->before, gradient, stack->info.batch);
    return TI_OK;
}

static void finish_arrive(struct ti_propagation *stack) {
    described(stack)->input_gradient = ti_moments_of(&stack->before);
}

/* Phases --------------------------------------------------------------------------------- */

static size_t one(const struct ti_propagation *stack) {
    (void)stack;
    return 1;
}
static size_t samples(const struct ti_propagation *stack) { return stack->info.batch; }
static size_t units(const struct ti_propagation *stack) { return stack->info.width; }
static size_t blocks(const struct ti_propagation *stack) { return stack->blocks; }
static size_t squares(const struct ti_propagation *stack) {
    return stack->blocks * stack->blocks;
}
static size_t strips(const struct ti_propagation *stack) {
    return stack->blocks * strips_of_row(stack);
}
static size_t norms(const struct ti_propagation *stack) {
    return stack->info.layer_norm ? ti_divide_up(stack->info.batch, NORM_SAMPLES) : 0;
}

/* What a unit of work takes, in nanoseconds: an order of magnitude. */
static double load_ns(const struct ti_propagation *stack) {
    return TI_BLOCK * (double)stack->info.width *
           (ti_plan_info(stack->plan)->ns_per_elem + 3);
}
static double factor_ns(const struct ti_propagation *stack) {
    (void)stack;
    return 3e6;
}
static double plan_ns(const struct ti_propagation *stack) {
    (void)stack;
    return 1e5;
}
static double signal_ns(const struct ti_propagation *stack) {
    return 10.0 * stack->info.width;
}
static double square_ns(const struct ti_propagation *stack) {
    return 0.5 * SQUARE * (double)stack->stride;
}
static double strip_ns(const struct ti_propagation *stack) {
    return TI_BLOCK * TI_STRIP_COLS * (0.5 * stack->info.batch + 3);
}
static double norm_ns(const struct ti_propagation *stack) {
    return 4.0 * NORM_SAMPLES * stack->info.width;
}
static double activate_ns(const struct ti_propagation *stack) {
    return 200.0 * stack->info.batch;
}
static double unit_ns(const struct ti_propagation *stack) {
    return 4.0 * stack->info.batch;
}

enum direction { FORWARD = 1, BACKWARD = 2, BOTH = 3 };

/* 'finish' may be NULL; it runs after the last unit. */
static const struct phase {
    enum direction direction;
    size_t (*units)(const struct ti_propagation *stack);
    double (*unit_ns)(const struct ti_propagation *stack);
    enum ti_status (*run)(struct ti_propagation *stack, size_t unit,
                          struct ti_error *error);
    void (*finish)(struct ti_propagation *stack);
} phases[TI_PHASE_COUNT] = {
    [TI_PHASE_SIGNAL] = {BOTH, samples, signal_ns, do_signal, drop_plan},
    [TI_PHASE_PLAN] = {BOTH, one, plan_ns, do_plan, NULL},
    [TI_PHASE_FACTORIZE] = {BOTH, factor_tasks, factor_ns, do_factorize, NULL},
    [TI_PHASE_LOAD] = {BOTH, blocks, load_ns, do_load, drop_plan},
    [TI_PHASE_NORMALIZE] = {BOTH, norms, norm_ns, do_normalize, NULL},
    [TI_PHASE_FORWARD] = {FORWARD, squares, square_ns, do_forward, NULL},
    [TI_PHASE_ACTIVATE] = {FORWARD, units, activate_ns, do_activate, finish_activate},
    [TI_PHASE_TRANSPOSE] = {BACKWARD, units, unit_ns, do_transpose, NULL},
    [TI_PHASE_DESCEND] = {BACKWARD, units, unit_ns, do_descend, NULL},
    [TI_PHASE_WEIGHTS] = {BACKWARD, strips, strip_ns, do_weights, finish_weights},
    [TI_PHASE_BACKWARD] = {BACKWARD, squares, square_ns, do_backward, NULL},
    [TI_PHASE_DENORMALIZE] = {BACKWARD, norms, norm_ns, do_denormalize, NULL},
    [TI_PHASE_ARRIVE] = {BACKWARD, units, unit_ns, do_arrive, finish_arrive},
};

static const struct phase *phase_of(const struct ti_propagation *stack) {
    return &phases[stack->phase];
}

static bool phase_is_empty(const struct ti_propagation *stack) {
    const enum direction direction = stack->backward ? BACKWARD : FORWARD;
    return !(phase_of(stack)->direction & direction) ||
           phase_of(stack)->units(stack) == 0;
}

/* After the last phase of a layer. */
static void next_layer(struct ti_propagation *stack) {
    stack->phase = TI_PHASE_PLAN;
    if (!stack->backward && stack->layer + 1 < stack->info.depth) {
        stack->layer++;
    } else if (!stack->backward) {
        stack->backward = true;
        stack->phase = TI_PHASE_SIGNAL;
    } else if (stack->layer > 0) {
        stack->layer--;
    } else {
        stack->run++;
        stack->backward = false;
        stack->phase = TI_PHASE_SIGNAL;
    }
}

static void next_phase(struct ti_propagation *stack) {
    memset(&stack->before, 0, sizeof stack->before);
    memset(&stack->after, 0, sizeof stack->after);
    stack->zeros = stack->dead = stack->saturated = stack->unit = 0;
    if (stack->phase + 1 < TI_PHASE_COUNT) {
        stack->phase++;
    } else {
        next_layer(stack);
    }
}

static enum ti_status run_unit(struct ti_propagation *stack, double *left_ns,
                               struct ti_error *error) {
    const struct phase *phase = phase_of(stack);
    if (phase_is_empty(stack)) {
        next_phase(stack);
        return TI_OK;
    }
    *left_ns -= phase->unit_ns(stack);
    const enum ti_status status = phase->run(stack, stack->unit, error);
    if (status != TI_OK) return status;
    if (++stack->unit < phase->units(stack)) return TI_OK;
    if (phase->finish) phase->finish(stack);
    next_phase(stack);
    return TI_OK;
}

enum ti_status ti_propagation_step(struct ti_propagation *stack, double budget_ns,
                                   struct ti_error *error) {
    const struct ti_float_state state = ti_float_enter();
    enum ti_status status = TI_OK;
    do {
        if (!ti_propagation_done(stack)) status = run_unit(stack, &budget_ns, error);
    } while (status == TI_OK && budget_ns > 0 && !ti_propagation_done(stack));
    ti_float_leave(state);
    return status;
}
