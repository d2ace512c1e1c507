/* SPDX-License-Identifier: MIT */
/* What signals are in each layer of a stack: see json_propagation.h. */
#include "server/documents/json_propagation.h"

#include <jansson.h>
#include <stdio.h>

#include <tensorinit/version.h>

#include "server/documents/json_text.h"
#include "server/http/digits.h"

/* Members "NAME_mean", "NAME_std" and "NAME_second_moment". */
static bool set_moments(json_t *object, const char *name,
                        const struct ti_moments *moments) {
    const struct {
        const char *name;
        double value;
    } members[] = {{"mean", moments->mean},
                   {"std", moments->std},
                   {"second_moment", moments->second_moment}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char key[48];
        snprintf(key, sizeof key, "%s_%s", name, members[i].name);
        if (!tid_json_set_real(object, key, members[i].value)) return false;
    }
    return true;
}

static bool set_layer(json_t *object, const struct ti_propagation_layer *layer) {
    return set_moments(object, "preactivation", &layer->preactivation) &&
           set_moments(object, "activation", &layer->activation) &&
           tid_json_set_real(object, "zero_share", layer->zero_share) &&
           tid_json_set_real(object, "dead_share", layer->dead_share) &&
           tid_json_set_real(object, "saturated_share", layer->saturated_share) &&
           set_moments(object, "input_gradient", &layer->input_gradient) &&
           set_moments(object, "weight_gradient", &layer->weight_gradient);
}

/* Adds 'item', which may be NULL, if it is complete. */
static bool append(json_t *list, json_t *item, bool complete) {
    if (complete) return json_array_append_new(list, item) == 0;
    json_decref(item);
    return false;
}

static bool set_layers(json_t *object, const struct ti_propagation *stack, unsigned run) {
    const struct ti_propagation_layer *layers = ti_propagation_layers(stack, run);
    json_t *list = json_array();
    bool complete = true;
    for (uint32_t i = 0; complete && i < ti_propagation_info(stack)->depth; i++) {
        json_t *layer = json_object();
        complete = append(list, layer, set_layer(layer, &layers[i]));
    }
    if (complete) return json_object_set_new(object, "layers", list) == 0;
    json_decref(list);
    return false;
}

static bool set_runs(json_t *object, const struct ti_propagation *stack) {
    json_t *list = json_array();
    bool complete = true;
    for (unsigned i = 0; complete && i < ti_propagation_info(stack)->runs; i++) {
        const struct ti_propagation_run *run = ti_propagation_run_at(stack, i);
        json_t *item = json_object();
        char seed[TID_DIGITS_BYTES];
        tid_digits_u64(run->seed, seed);
        complete = append(list, item,
                          tid_json_set_text(item, "scheme", run->scheme) &&
                              tid_json_set_text(item, "seed", seed) &&
                              tid_json_set_text(item, "query", run->query) &&
                              tid_json_set_real(item, "std", run->std) &&
                              set_layers(item, stack, i));
    }
    if (complete) return json_object_set_new(object, "runs", list) == 0;
    json_decref(list);
    return false;
}

char *tid_json_propagation(const struct ti_propagation *stack) {
    const struct ti_propagation_info *info = ti_propagation_info(stack);
    json_t *object = json_object();
    char *text = NULL;
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "activation", ti_activation_name(info->activation)) &&
        (info->activation != TI_ACTIVATION_LEAKY_RELU ||
         tid_json_set_real(object, "negative_slope", info->negative_slope)) &&
        tid_json_set_u64(object, "depth", info->depth) &&
        tid_json_set_u64(object, "width", info->width) &&
        tid_json_set_u64(object, "batch", info->batch) &&
        json_object_set_new(object, "residual", json_boolean(info->residual)) == 0 &&
        json_object_set_new(object, "layer_norm", json_boolean(info->layer_norm)) == 0 &&
        set_runs(object, stack))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
