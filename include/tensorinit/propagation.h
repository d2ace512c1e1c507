/* SPDX-License-Identifier: MIT */
/*
 * Signal propagation: what initialized weights do to the activations and the gradients of a
 * deep network, before any training.
 *
 *     ti_propagation_make("scheme=he_normal&activation=relu&depth=50", 49, &stack, &error);
 *     ti_propagation_begin(stack, &error);
 *     while (status == TI_OK && !ti_propagation_done(stack))
 *         status = ti_propagation_step(stack, 5e6, &error);
 *     ti_propagation_layers(stack, 0)[49].activation.second_moment
 *
 * A stack of dense layers z = W x, x' = f(z), whose weights are those that /v1/tensor serves
 * for the names layer.0.weight, layer.1.weight, ... runs forward on inputs from a unit normal
 * distribution, and backward from gradients of the same distribution. All numbers are
 * binary64, in an order that does not depend on the machine: docs/SPEC.md, "Propagation".
 */
#ifndef TENSORINIT_PROPAGATION_H
#define TENSORINIT_PROPAGATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TI_ACTIVATION(enumerator, name): docs/SPEC.md has the formulas.
 *
 * The derivative at 0 of relu and leaky_relu is that below 0, as PyTorch has it.
 */
#define TI_ACTIVATIONS(TI_ACTIVATION)                                                    \
    TI_ACTIVATION(LINEAR, "linear")                                                      \
    TI_ACTIVATION(RELU, "relu")                                                          \
    TI_ACTIVATION(LEAKY_RELU, "leaky_relu")                                              \
    TI_ACTIVATION(TANH, "tanh")                                                          \
    TI_ACTIVATION(SIGMOID, "sigmoid")                                                    \
    TI_ACTIVATION(GELU, "gelu")                                                          \
    TI_ACTIVATION(SILU, "silu")                                                          \
    TI_ACTIVATION(SELU, "selu")                                                          \
    TI_ACTIVATION(ELU, "elu")

enum ti_activation {
#define TI_ACTIVATION(id, name) TI_ACTIVATION_##id,
    TI_ACTIVATIONS(TI_ACTIVATION)
#undef TI_ACTIVATION
        TI_ACTIVATION_COUNT
};

/* Name of the list above, a static string; NULL for any other number. */
TI_API const char *ti_activation_name(enum ti_activation activation);

/* The largest numbers of a query. */
#define TI_PROPAGATION_MAX_DEPTH 1000
#define TI_PROPAGATION_MAX_WIDTH 4096
#define TI_PROPAGATION_MAX_BATCH 1024
#define TI_PROPAGATION_MAX_SLOPE 1000
#define TI_PROPAGATION_MAX_RUNS 64

/* Opaque; one thread at a time. */
struct ti_propagation;

struct ti_propagation_info {
    enum ti_activation activation;
    /* of leaky_relu */
    double negative_slope;
    uint32_t depth, width, batch;
    /* x' = x + f(z); z = W n, n the layer norm of x */
    bool residual, layer_norm;
    /* one for each scheme and seed: all seeds of the first scheme come first */
    unsigned runs, seeds;
    /* products of matrix elements, of all runs together */
    uint64_t products;
    /* memory of the stack, with that of ti_propagation_begin() and ti_propagation_step() */
    uint64_t peak_bytes;
};

/* One scheme with one seed. Pointers are valid as long as the stack. */
struct ti_propagation_run {
    /* canonical, or a framework's name */
    const char *scheme;
    uint64_t seed;
    /* of the weights of the first layer, as ti_plan_info() has them */
    const char *query;
    double std;
};

/* Of all numbers of a layer that are described together; std is divided by their count. A
   number that is too large for binary64 makes them infinite or NaN. */
struct ti_moments {
    double mean, std, second_moment;
};

struct ti_propagation_layer {
    /* z, and what follows the layer: f(z), with residual x + f(z) */
    struct ti_moments preactivation, activation;
    /* share of f(z) that is exactly 0 */
    double zero_share;
    /* share of units whose derivative f'(z) is 0 for all of the batch: no gradient passes */
    double dead_share;
    /* share of z at which |f'(z)| is below 1/100 of its maximum */
    double saturated_share;
    /* gradients at the input x of the layer, and of its weights, summed over the batch */
    struct ti_moments input_gradient, weight_gradient;
};

/* A number of the list above as text. */
#define TI_PROPAGATION_QUOTE(number) #number
#define TI_PROPAGATION_TEXT(number) TI_PROPAGATION_QUOTE(number)

/*
 * TI_STACK_PARAMETER(name, fallback, accepts, meaning): the parameters of a query that are
 * not those of the weights alone.
 */
#define TI_STACK_PARAMETERS(TI_STACK_PARAMETER)                                             \
    TI_STACK_PARAMETER(scheme, "he_normal", "schemes separated by commas",                  \
                       "schemes of the weights, one after another")                         \
    TI_STACK_PARAMETER(seed, "0", "seeds separated by commas",                              \
                       "seeds of weights and signals, each with each scheme")               \
    TI_STACK_PARAMETER(activation, "relu", "one of the list of activations",                \
                       "the function after each layer")                                     \
    TI_STACK_PARAMETER(                                                                     \
        negative_slope, "0.01",                                                             \
        "a number from -" TI_PROPAGATION_TEXT(                                              \
            TI_PROPAGATION_MAX_SLOPE) " to " TI_PROPAGATION_TEXT(TI_PROPAGATION_MAX_SLOPE), \
        "slope of leaky_relu below 0")                                                      \
    TI_STACK_PARAMETER(                                                                     \
        depth, "50",                                                                        \
        "an integer from 1 to " TI_PROPAGATION_TEXT(TI_PROPAGATION_MAX_DEPTH),              \
        "number of layers")                                                                 \
    TI_STACK_PARAMETER(                                                                     \
        width, "256",                                                                       \
        "an integer from 1 to " TI_PROPAGATION_TEXT(TI_PROPAGATION_MAX_WIDTH),              \
        "units of each layer")                                                              \
    TI_STACK_PARAMETER(                                                                     \
        batch, "64",                                                                        \
        "an integer from 1 to " TI_PROPAGATION_TEXT(TI_PROPAGATION_MAX_BATCH),              \
        "input samples")                                                                    \
    TI_STACK_PARAMETER(residual, "false", "true or false",                                  \
                       "add the input of each layer to its output")                         \
    TI_STACK_PARAMETER(layer_norm, "false", "true or false",                                \
                       "normalize the input of each layer over its units")

/* Row 'index' of the list above; false beyond the last. */
struct ti_stack_parameter {
    const char *name, *fallback, *accepts, *meaning;
};
TI_API bool ti_stack_parameter_at(size_t index, struct ti_stack_parameter *parameter);

/* Whether the list above has a parameter of this name. */
TI_API bool ti_stack_has(const char *name);

/*
 * Whether a query may have the parameter of ti_param_get(index): not shape, name, what selects
 * a part and what is about a file. False for an index that does not exist.
 */
TI_API bool ti_stack_takes(size_t param_index);

/*
 * Reads a query of /v1/propagation, percent-encoded, checks it and plans the weights:
 * parameters of TI_STACK_PARAMETERS, and those of the weights that ti_stack_takes(), as
 * ti_spec_set_query_lenient() has them.
 *
 * Returns TI_OK and '*stack', which the caller frees with ti_propagation_free(); an error of
 * ti_spec_set_query_lenient() or ti_plan_make(), for the first scheme that has one;
 * TI_EVALUE for more than TI_PROPAGATION_MAX_RUNS; TI_ENOMEM. On failure '*stack' is
 * untouched. Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_propagation_make(const char *query,
                                                      size_t query_bytes,
                                                      struct ti_propagation **stack,
                                                      struct ti_error *error);
TI_API void ti_propagation_free(struct ti_propagation *stack);

/* Valid as long as the stack; 'run' is below info->runs. */
TI_API const struct ti_propagation_info *
ti_propagation_info(const struct ti_propagation *stack);
TI_API const struct ti_propagation_run *
ti_propagation_run_at(const struct ti_propagation *stack, unsigned run);

/* Allocates what the computation needs, once. Returns TI_OK or TI_ENOMEM. */
TI_API TI_MUST_USE enum ti_status ti_propagation_begin(struct ti_propagation *stack,
                                                       struct ti_error *error);

/*
 * Computes for about 'budget_ns' nanoseconds, and at least something; more than 5 ms only
 * on a slow machine. Returns TI_OK; TI_ENOMEM, after which it can be called again.
 */
TI_API TI_MUST_USE enum ti_status ti_propagation_step(struct ti_propagation *stack,
                                                      double budget_ns,
                                                      struct ti_error *error);

/* Whether all runs are complete, and the part of the work that is. */
TI_API bool ti_propagation_done(const struct ti_propagation *stack);
TI_API double ti_propagation_progress(const struct ti_propagation *stack);

/* 'depth' layers of a run that is complete. */
TI_API const struct ti_propagation_layer *
ti_propagation_layers(const struct ti_propagation *stack, unsigned run);

/* The smallest capacity for ti_propagation_json(). */
#define TI_PROPAGATION_JSON_BYTES 8192

/*
 * Writes the next bytes of the document of /v1/propagation, without a NUL: as many layers as
 * fit into 'capacity_bytes'. Numbers that are not finite are left out.
 *
 *   stack           its runs are complete
 *   part            where the document goes on; 0 at its start
 *   capacity_bytes  of 'out', TI_PROPAGATION_JSON_BYTES or more
 *
 * Returns how many bytes there are, 0 at the end. Allocates nothing.
 */
TI_API size_t ti_propagation_json(const struct ti_propagation *stack, uint64_t *part,
                                  size_t capacity_bytes, char *out);

#ifdef __cplusplus
}
#endif

#endif
