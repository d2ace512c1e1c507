/* SPDX-License-Identifier: MIT */
/*
 * Runs signals through a stack, a unit of work at a time: docs/SPEC.md, "Propagation". Here is
 * which phases a layer has, in which order, and what their units cost; layer.h has what they do.
 */
#include <string.h>

#include "core/base/float_state.h"
#include "core/propagation/layer.h"

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
    return stack->blocks * ti_layer_strips(stack);
}
static size_t norms(const struct ti_propagation *stack) {
    return stack->info.layer_norm ? ti_divide_up(stack->info.batch, TI_NORM_SAMPLES) : 0;
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
    return 0.5 * TI_SQUARE * (double)stack->stride;
}
static double strip_ns(const struct ti_propagation *stack) {
    return TI_BLOCK * TI_STRIP_COLS * (0.5 * stack->info.batch + 3);
}
static double norm_ns(const struct ti_propagation *stack) {
    return 4.0 * TI_NORM_SAMPLES * stack->info.width;
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
    [TI_PHASE_SIGNAL] = {BOTH, samples, signal_ns, ti_layer_signal, ti_layer_drop_plan},
    [TI_PHASE_PLAN] = {BOTH, one, plan_ns, ti_layer_plan, NULL},
    [TI_PHASE_FACTORIZE] = {BOTH, ti_layer_factor_tasks, factor_ns, ti_layer_factorize,
                            NULL},
    [TI_PHASE_LOAD] = {BOTH, blocks, load_ns, ti_layer_load, ti_layer_drop_plan},
    [TI_PHASE_NORMALIZE] = {BOTH, norms, norm_ns, ti_layer_normalize, NULL},
    [TI_PHASE_FORWARD] = {FORWARD, squares, square_ns, ti_layer_forward, NULL},
    [TI_PHASE_ACTIVATE] = {FORWARD, units, activate_ns, ti_layer_activate,
                           ti_layer_finish_activate},
    [TI_PHASE_TRANSPOSE] = {BACKWARD, units, unit_ns, ti_layer_transpose, NULL},
    [TI_PHASE_DESCEND] = {BACKWARD, units, unit_ns, ti_layer_descend, NULL},
    [TI_PHASE_WEIGHTS] = {BACKWARD, strips, strip_ns, ti_layer_weights,
                          ti_layer_finish_weights},
    [TI_PHASE_BACKWARD] = {BACKWARD, squares, square_ns, ti_layer_backward, NULL},
    [TI_PHASE_DENORMALIZE] = {BACKWARD, norms, norm_ns, ti_layer_denormalize, NULL},
    [TI_PHASE_ARRIVE] = {BACKWARD, units, unit_ns, ti_layer_arrive,
                         ti_layer_finish_arrive},
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
