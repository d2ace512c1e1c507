/* SPDX-License-Identifier: MIT */
/* From a query to the runs of a stack: ti_propagation_make(). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/kernels/dispatch.h"
#include "core/propagation/activations.h"
#include "core/propagation/propagation.h"
#include "core/request/hints.h"
#include "core/request/params.h"
#include "core/request/plan.h"
#include "core/request/query.h"
#include "core/request/spec.h"
#include "core/request/words.h"

enum stack_parameter {
#define TI_STACK_PARAMETER(name, fallback, accepts, meaning) STACK_##name,
    TI_STACK_PARAMETERS(TI_STACK_PARAMETER)
#undef TI_STACK_PARAMETER
        STACK_COUNT
};

static const struct ti_stack_parameter parameters[STACK_COUNT] = {
#define TI_STACK_PARAMETER(name, fallback, accepts, meaning)                             \
    {#name, fallback, accepts, meaning},
    TI_STACK_PARAMETERS(TI_STACK_PARAMETER)
#undef TI_STACK_PARAMETER
};

bool ti_stack_parameter_at(size_t index, struct ti_stack_parameter *parameter) {
    if (index >= STACK_COUNT) return false;
    *parameter = parameters[index];
    return true;
}

struct value {
    const char *text;
    size_t n;
};

struct query {
    struct value value[STACK_COUNT]; /* decoded, or the fallback */
    char *decoded;                   /* where these texts are */
    char *weights;                   /* the other pairs as they came, a '&' after each */
    size_t weights_bytes;
};

static bool find_parameter(const struct ti_text_pair *pair, enum stack_parameter *found) {
    for (unsigned i = 0; i < STACK_COUNT; i++) {
        *found = (enum stack_parameter)i;
        if (ti_text_is(pair->name, pair->name_bytes, parameters[i].name)) return true;
    }
    return false;
}

bool ti_stack_has(const char *name) {
    const struct ti_text_pair pair = {.name = name, .name_bytes = strlen(name)};
    enum stack_parameter which;
    return find_parameter(&pair, &which);
}

/* Parameters that the stack chooses, or that are not about values. */
static const enum ti_param not_taken[] = {
    TI_PARAM_shape, TI_PARAM_name,   TI_PARAM_permute, TI_PARAM_slice,
    TI_PARAM_shard, TI_PARAM_format, TI_PARAM_json,    TI_PARAM_metadata};

bool ti_stack_takes(size_t param_index) {
    for (size_t i = 0; i < sizeof not_taken / sizeof *not_taken; i++) {
        if (not_taken[i] == param_index) return false;
    }
    return param_index < TI_PARAM_COUNT;
}

/* TI_EINAPPLICABLE for a parameter of a tensor, or an item of it, that a stack has not. */
static enum ti_status check_taken(const char *name, struct ti_error *error) {
    enum ti_param param;
    if (!ti_param_find(name, strcspn(name, "["), &param) || ti_stack_takes(param)) {
        return TI_OK;
    }
    name = ti_param_get(param)->name;
    return ti_error_set(error, TI_EINAPPLICABLE, name,
                        "%s does not apply: the weights are whole matrices of width "
                        "by width, with the names layer.0.weight, layer.1.weight, ...",
                        name);
}

/* Takes a pair, which decodes to 'at'; '*used' is what it needs there. */
static enum ti_status take_pair(struct query *query, const struct ti_text_pair *raw,
                                char *at, size_t *used, struct ti_error *error) {
    struct ti_text_pair pair;
    enum stack_parameter which;
    enum ti_status status = ti_query_decode(raw, at, &pair, error);
    if (status != TI_OK) return status;
    if (!find_parameter(&pair, &which)) {
        status = check_taken(pair.name, error);
        if (status != TI_OK) return status;
        const char *end = raw->value + raw->value_bytes;
        const size_t n = (size_t)(end - raw->name);
        memcpy(query->weights + query->weights_bytes, raw->name, n);
        query->weights[query->weights_bytes + n] = '&';
        query->weights_bytes += n + 1;
        return TI_OK;
    }
    if (query->value[which].text) {
        return ti_error_set(error, TI_EDUPLICATE, pair.name, "%s is given more than once",
                            pair.name);
    }
    query->value[which] = (struct value){pair.value, pair.value_bytes};
    *used = pair.name_bytes + 1 + pair.value_bytes;
    return TI_OK;
}

/* Fills 'query', which the caller ends with clear(). */
static enum ti_status read_pairs(struct query *query, const char *text, size_t n,
                                 struct ti_error *error) {
    struct ti_text_list list = {text, text + n};
    struct ti_text_pair pair;
    enum ti_status status = TI_OK;
    size_t at = 0;
    query->decoded = malloc(2 * n + 2);
    query->weights = malloc(n + 2);
    if (!query->decoded || !query->weights) return ti_error_nomem(error);
    while (status == TI_OK && n > 0 && ti_text_next_pair(&list, &pair)) {
        size_t used = 0;
        /* As a trailing '&' makes it. */
        if (pair.name_bytes == 0 && !pair.value) continue;
        status = take_pair(query, &pair, query->decoded + at, &used, error);
        at += used;
    }
    for (unsigned i = 0; i < STACK_COUNT; i++) {
        const char *fallback = parameters[i].fallback;
        if (query->value[i].text) continue;
        query->value[i] = (struct value){fallback, strlen(fallback)};
    }
    return status;
}

static void clear(struct query *query) {
    free(query->decoded);
    free(query->weights);
}

static enum ti_status refuse(const struct query *query, enum stack_parameter which,
                             struct ti_error *error) {
    const struct value *value = &query->value[which];
    const char *name = parameters[which].name;
    char shown[TI_SHOWN_BYTES];
    ti_text_show(value->text, value->n, shown, sizeof shown);
    return ti_error_set(error, TI_EVALUE, name, "%s does not take '%s'; it takes %s",
                        name, shown, parameters[which].accepts);
}

static enum ti_status read_number(const struct query *query, enum stack_parameter which,
                                  uint32_t max, uint32_t *number,
                                  struct ti_error *error) {
    uint64_t read;
    if (!ti_text_u64(query->value[which].text, query->value[which].n, &read) ||
        read < 1 || read > max) {
        return refuse(query, which, error);
    }
    *number = (uint32_t)read;
    return TI_OK;
}

static enum ti_status read_flag(const struct query *query, enum stack_parameter which,
                                bool *flag, struct ti_error *error) {
    static const char *const words[] = {"false", "true", "False", "True", "0", "1"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        *flag = i % 2 == 1;
        if (ti_text_is(query->value[which].text, query->value[which].n, words[i]))
            return TI_OK;
    }
    return refuse(query, which, error);
}

static enum ti_status read_activation(const struct query *query,
                                      enum ti_activation *activation,
                                      struct ti_error *error) {
    const struct value *value = &query->value[STACK_activation];
    const char *names[TI_ACTIVATION_COUNT];
    char typed[32], list[128] = "";
    struct ti_error own;
    for (unsigned i = 0; i < TI_ACTIVATION_COUNT; i++) {
        *activation = (enum ti_activation)i;
        names[i] = ti_activation_name(*activation);
        if (ti_text_is(value->text, value->n, names[i])) return TI_OK;
        ti_words_add(list, sizeof list, names[i]);
    }
    ti_text_show(value->text, value->n, typed, sizeof typed);
    (void)ti_error_set(&own, TI_EVALUE, "activation",
                       "activation does not take '%s'; it takes one of %s", typed, list);
    (void)ti_hints_add_near(&own, typed, "activation=", names, TI_ACTIVATION_COUNT);
    if (error) *error = own;
    return own.code;
}

static enum ti_status read_slope(const struct query *query,
                                 struct ti_propagation_info *info,
                                 struct ti_error *error) {
    const struct value *value = &query->value[STACK_negative_slope];
    if (value->text != parameters[STACK_negative_slope].fallback &&
        info->activation != TI_ACTIVATION_LEAKY_RELU) {
        return ti_error_set(error, TI_EINAPPLICABLE, "negative_slope",
                            "negative_slope does not apply to activation=%s; it is for "
                            "leaky_relu",
                            ti_activation_name(info->activation));
    }
    if (!ti_text_number(value->text, value->n, &info->negative_slope) ||
        fabs(info->negative_slope) > TI_PROPAGATION_MAX_SLOPE) {
        return refuse(query, STACK_negative_slope, error);
    }
    return TI_OK;
}

static enum ti_status read_info(const struct query *query,
                                struct ti_propagation_info *info,
                                struct ti_error *error) {
    enum ti_status status = read_activation(query, &info->activation, error);
    if (status == TI_OK) status = read_slope(query, info, error);
    if (status == TI_OK) {
        status = read_number(query, STACK_depth, TI_PROPAGATION_MAX_DEPTH, &info->depth,
                             error);
    }
    if (status == TI_OK) {
        status = read_number(query, STACK_width, TI_PROPAGATION_MAX_WIDTH, &info->width,
                             error);
    }
    if (status == TI_OK) {
        status = read_number(query, STACK_batch, TI_PROPAGATION_MAX_BATCH, &info->batch,
                             error);
    }
    if (status == TI_OK)
        status = read_flag(query, STACK_residual, &info->residual, error);
    if (status == TI_OK) {
        status = read_flag(query, STACK_layer_norm, &info->layer_norm, error);
    }
    return status;
}

/* Runs ----------------------------------------------------------------------------------- */

/* The weights' parameters, with one scheme and one seed. */
static enum ti_status read_weights(const struct query *query, const struct value *scheme,
                                   const struct value *seed, struct ti_spec *weights,
                                   struct ti_error *error) {
    const char *names[STACK_COUNT];
    static const char *const meanings[][2] = {
        {"act", "activation"},
        {"act_fn", "activation"},
        {"act_layer", "activation"},
        {"n_layer", "depth"},
        {"n_layers", "depth"},
        {"num_layers", "depth"},
        {"num_hidden_layers", "depth"},
        {"hidden_size", "width"},
        {"units", "width"},
        {"features", "width"},
        {"d_model", "width"},
        {"batch_size", "batch"},
        {"skip", "residual"},
        {"norm", "layer_norm"},
        {NULL, NULL},
    };
    const struct ti_other_params stack = {names, STACK_COUNT, ti_stack_takes, meanings};
    char *text = malloc(query->weights_bytes + 3 * (scheme->n + seed->n) + 16), *end;
    if (!text) return ti_error_nomem(error);
    memcpy(text, query->weights, query->weights_bytes);
    end = text + query->weights_bytes;
    end += ti_text_put("scheme=", end);
    end = ti_query_encode(scheme->text, scheme->n, end);
    end += ti_text_put("&seed=", end);
    end = ti_query_encode(seed->text, seed->n, end);
    for (unsigned i = 0; i < STACK_COUNT; i++) names[i] = parameters[i].name;
    const enum ti_status status =
        ti_spec_set_query_among(weights, text, (size_t)(end - text), &stack, error);
    free(text);
    return status;
}

enum ti_status ti_propagation_plan(const struct ti_propagation *stack,
                                   const struct ti_stack_run *run, uint32_t layer,
                                   struct ti_plan **plan, struct ti_error *error) {
    struct ti_spec *spec = NULL;
    if (ti_spec_make(&spec) != TI_OK) return ti_error_nomem(error);
    *spec = *run->weights;
    spec->given[TI_PARAM_shape] = spec->given[TI_PARAM_name] = true;
    spec->rank = 2;
    spec->shape[0] = spec->shape[1] = stack->info.width;
    spec->name_bytes = (size_t)snprintf(spec->name, sizeof spec->name,
                                        "layer.%" PRIu32 ".weight", layer);
    const enum ti_status status = ti_plan_make(spec, plan, error);
    ti_spec_free(spec);
    return status;
}

enum ti_status ti_propagation_plan_signal(const struct ti_propagation *stack,
                                          const struct ti_stack_run *run,
                                          const char *name, struct ti_plan **plan,
                                          struct ti_error *error) {
    char query[128];
    struct ti_spec *spec = NULL;
    const int n = snprintf(query, sizeof query,
                           "scheme=normal&dtype=f64&shape=%" PRIu32 ",%" PRIu32
                           "&name=%s&seed=%" PRIu64,
                           stack->info.batch, stack->info.width, name, run->shown.seed);
    if (ti_spec_make(&spec) != TI_OK) return ti_error_nomem(error);
    enum ti_status status = ti_spec_set_query(spec, query, (size_t)n, error);
    if (status == TI_OK) status = ti_plan_make(spec, plan, error);
    ti_spec_free(spec);
    return status;
}

/* Fills a run that is all zeros. */
static enum ti_status make_run(const struct ti_propagation *stack,
                               const struct query *query, const struct value *scheme,
                               const struct value *seed, struct ti_stack_run *run,
                               struct ti_error *error) {
    if (ti_spec_make(&run->weights) != TI_OK) return ti_error_nomem(error);
    enum ti_status status = read_weights(query, scheme, seed, run->weights, error);
    if (status == TI_OK) status = ti_propagation_plan(stack, run, 0, &run->plan, error);
    if (status != TI_OK) return status;
    const struct ti_plan_info *info = ti_plan_info(run->plan);
    run->shown = (struct ti_propagation_run){
        .scheme = *info->framework_name ? info->framework_name : info->scheme,
        .seed = info->seed,
        .query = info->query,
        .std = info->std,
    };
    run->io = run->plan->layout == TI_LAYOUT_IO;
    return TI_OK;
}

/* Adds a run for each seed. */
static enum ti_status add_runs(struct ti_propagation *stack, const struct query *query,
                               const struct value *scheme, struct ti_error *error) {
    struct ti_text_list seeds = {query->value[STACK_seed].text,
                                 query->value[STACK_seed].text +
                                     query->value[STACK_seed].n};
    struct value seed;
    const unsigned first = stack->info.runs;
    enum ti_status status = TI_OK;
    while (status == TI_OK && ti_text_next(&seeds, ',', &seed.text, &seed.n)) {
        if (stack->info.runs == TI_PROPAGATION_MAX_RUNS) {
            return ti_error_set(error, TI_EVALUE, "seed",
                                "too many runs: schemes times seeds are at most %d",
                                TI_PROPAGATION_MAX_RUNS);
        }
        status = make_run(stack, query, scheme, &seed, &stack->runs[stack->info.runs++],
                          error);
    }
    stack->info.seeds = stack->info.runs - first;
    return status;
}

static enum ti_status add_schemes(struct ti_propagation *stack, const struct query *query,
                                  struct ti_error *error) {
    const struct value *list = &query->value[STACK_scheme];
    struct ti_text_list schemes = {list->text, list->text + list->n};
    struct value scheme;
    enum ti_status status = TI_OK;
    while (status == TI_OK && ti_text_next(&schemes, ',', &scheme.text, &scheme.n)) {
        status = add_runs(stack, query, &scheme, error);
    }
    return status;
}

static enum ti_status fill(struct ti_propagation *stack, const char *text, size_t n,
                           struct ti_error *error) {
    struct query query = {0};
    enum ti_status status = ti_dispatch(&stack->kernels, error);
    if (status == TI_OK) status = read_pairs(&query, text, n, error);
    if (status == TI_OK) status = read_info(&query, &stack->info, error);
    if (status == TI_OK) {
        stack->runs = calloc(TI_PROPAGATION_MAX_RUNS, sizeof *stack->runs);
        status = stack->runs ? add_schemes(stack, &query, error) : ti_error_nomem(error);
    }
    clear(&query);
    return status;
}

enum ti_status ti_propagation_make(const char *query, size_t query_bytes,
                                   struct ti_propagation **stack,
                                   struct ti_error *error) {
    struct ti_propagation *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    const enum ti_status status = fill(made, query, query_bytes, error);
    if (status != TI_OK) {
        ti_propagation_free(made);
        return status;
    }
    ti_propagation_measure(made);
    *stack = made;
    return TI_OK;
}
