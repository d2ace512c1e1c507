/* SPDX-License-Identifier: MIT */
/* What signals are in each layer of a stack, as JSON: ti_propagation_json(). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/number.h>
#include <tensorinit/version.h>

#include "core/formats/formats.h"
#include "core/propagation/propagation.h"
#include "core/request/text.h"

#define NUMBER(name, member)                                                             \
    { name, offsetof(struct ti_propagation_layer, member) }
#define MOMENTS(name)                                                                    \
    NUMBER(#name "_mean", name.mean), NUMBER(#name "_std", name.std),                    \
        NUMBER(#name "_second_moment", name.second_moment)

/* The members of a layer, in their order. */
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    MOMENTS(preactivation),
    MOMENTS(activation),
    NUMBER("zero_share", zero_share),
    NUMBER("dead_share", dead_share),
    NUMBER("saturated_share", saturated_share),
    MOMENTS(input_gradient),
    MOMENTS(weight_gradient),
};
#define NUMBERS (sizeof numbers / sizeof *numbers)

/* At most, of a member with its separators, and of what is not texts of a run. */
#define NUMBER_BYTES 64
#define START_BYTES 512

/* JSON has no infinity and no NaN: such a number is left out. */
static size_t put_number(const char *before, const char *name, double value, char *out) {
    if (!isfinite(value)) return 0;
    size_t used = ti_text_put(before, out);
    used += ti_text_put("\"", out + used);
    used += ti_text_put(name, out + used);
    used += ti_text_put("\": ", out + used);
    return used + ti_number_text(value, out + used);
}

static size_t put_layer(const struct ti_propagation_layer *layer, char *out) {
    size_t used = ti_text_put("{", out);
    for (size_t i = 0; i < NUMBERS; i++) {
        double value;
        memcpy(&value, (const char *)layer + numbers[i].offset, sizeof value);
        used += put_number(used > 1 ? ", " : "", numbers[i].name, value, out + used);
    }
    return used + ti_text_put("}", out + used);
}

static size_t put_run(const struct ti_propagation *stack, const struct ti_stack_run *run,
                      char *out) {
    const struct ti_propagation_run *shown = &run->shown;
    size_t used = ti_text_put("{\"scheme\": ", out);
    used += ti_json_string(shown->scheme, strlen(shown->scheme), out + used);
    used += ti_text_put(", \"seed\": \"", out + used);
    used += ti_text_put_u64(shown->seed, out + used);
    used += ti_text_put("\", \"query\": ", out + used);
    used += ti_json_string(shown->query, strlen(shown->query), out + used);
    used += put_number(", ", "std", shown->std, out + used);
    used += ti_text_put(", \"layers\": [", out + used);
    for (uint32_t i = 0; i < stack->info.depth; i++) {
        used += ti_text_put(i > 0 ? ",\n      " : "\n      ", out + used);
        used += put_layer(&run->layers[i], out + used);
    }
    return used + ti_text_put("]}", out + used);
}

static size_t put_flag(const char *name, bool flag, char *out) {
    size_t used = ti_text_put(name, out);
    return used + ti_text_put(flag ? "true" : "false", out + used);
}

static size_t put_count(const char *name, uint32_t count, char *out) {
    const size_t used = ti_text_put(name, out);
    return used + ti_text_put_u64(count, out + used);
}

static size_t put_stack(const struct ti_propagation *stack, char *out) {
    const struct ti_propagation_info *info = &stack->info;
    size_t used =
        ti_text_put("{\n  \"spec\": \"" TI_SPEC_NAME "\",\n  \"activation\": \"", out);
    used += ti_text_put(ti_activation_name(info->activation), out + used);
    used += ti_text_put("\"", out + used);
    if (info->activation == TI_ACTIVATION_LEAKY_RELU) {
        used += put_number(",\n  ", "negative_slope", info->negative_slope, out + used);
    }
    used += put_count(",\n  \"depth\": ", info->depth, out + used);
    used += put_count(",\n  \"width\": ", info->width, out + used);
    used += put_count(",\n  \"batch\": ", info->batch, out + used);
    used += put_flag(",\n  \"residual\": ", info->residual, out + used);
    used += put_flag(",\n  \"layer_norm\": ", info->layer_norm, out + used);
    used += ti_text_put(",\n  \"runs\": [", out + used);
    for (unsigned i = 0; i < info->runs; i++) {
        used += ti_text_put(i > 0 ? ",\n    " : "\n    ", out + used);
        used += put_run(stack, &stack->runs[i], out + used);
    }
    return used + ti_text_put("\n  ]\n}\n", out + used);
}

char *ti_propagation_json(const struct ti_propagation *stack) {
    const size_t layer_bytes = NUMBERS * NUMBER_BYTES;
    size_t capacity_bytes = START_BYTES;
    for (unsigned i = 0; i < stack->info.runs; i++) {
        const struct ti_propagation_run *run = &stack->runs[i].shown;
        capacity_bytes += START_BYTES + 6 * (strlen(run->scheme) + strlen(run->query)) +
                          stack->info.depth * layer_bytes;
    }
    char *text = malloc(capacity_bytes);
    if (!text) return NULL;
    const size_t used = put_stack(stack, text);
    text[used] = '\0';
    char *shorter = realloc(text, used + 1);
    return shorter ? shorter : text;
}
