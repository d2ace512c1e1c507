/* SPDX-License-Identifier: MIT */
/* What signals are in each layer of a stack, as JSON: ti_propagation_json(). */
#include <math.h>
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

static size_t put_run(const struct ti_propagation_run *run, char *out) {
    size_t used = ti_text_put("{\"scheme\": ", out);
    used += ti_json_string(run->scheme, strlen(run->scheme), out + used);
    used += ti_text_put(", \"seed\": \"", out + used);
    used += ti_text_put_u64(run->seed, out + used);
    used += ti_text_put("\", \"query\": ", out + used);
    used += ti_json_string(run->query, strlen(run->query), out + used);
    used += put_number(", ", "std", run->std, out + used);
    return used + ti_text_put(", \"layers\": [", out + used);
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
    return used + ti_text_put(",\n  \"runs\": [", out + used);
}

/* Part 0 is what is before the runs; then each layer is one, with what stands around it. */
static size_t put_part(const struct ti_propagation *stack, uint64_t part, char *out) {
    const uint32_t depth = stack->info.depth;
    if (part == 0) return put_stack(stack, out);
    const unsigned run = (unsigned)((part - 1) / depth);
    const uint32_t layer = (uint32_t)((part - 1) % depth);
    size_t used = 0;
    if (layer == 0) {
        used += ti_text_put(run > 0 ? ",\n    " : "\n    ", out);
        used += put_run(&stack->runs[run].shown, out + used);
    }
    used += ti_text_put(layer > 0 ? ",\n      " : "\n      ", out + used);
    used += put_layer(&stack->runs[run].layers[layer], out + used);
    if (layer + 1 < depth) return used;
    used += ti_text_put("]}", out + used);
    if (run + 1 < stack->info.runs) return used;
    return used + ti_text_put("\n  ]\n}\n", out + used);
}

size_t ti_propagation_json(const struct ti_propagation *stack, uint64_t *part,
                           size_t capacity_bytes, char *out) {
    const uint64_t parts = 1 + (uint64_t)stack->info.runs * stack->info.depth;
    size_t used = 0;
    while (*part < parts && capacity_bytes - used >= TI_PROPAGATION_JSON_BYTES) {
        used += put_part(stack, (*part)++, out + used);
    }
    return used;
}
