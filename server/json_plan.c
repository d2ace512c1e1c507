/* SPDX-License-Identifier: MIT */
/*
 * Says what would be served, in JSON: every number that the request left to its scheme, and
 * what looks like a mistake.
 */
#include "json_plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include <tensorinit/version.h>

#include "json_text.h"

static const char *distribution_name(enum ti_distribution distribution)
{
    switch (distribution) {
    case TI_DISTRIBUTION_CONSTANT:
        return "constant";
    case TI_DISTRIBUTION_UNIFORM:
        return "uniform";
    case TI_DISTRIBUTION_NORMAL:
        return "normal";
    case TI_DISTRIBUTION_TRUNCATED_NORMAL:
        return "truncated_normal";
    }
    return "unknown";
}

/* A dim is a number as long as every reader of JSON reads it exactly, which is to 2^53. */
static json_t *dim_value(uint64_t dim)
{
    char text[24];

    if (dim <= UINT64_C(1) << 53)
        return json_integer((json_int_t)dim);
    snprintf(text, sizeof text, "%" PRIu64, dim);
    return json_string(text);
}

static bool set_shape(json_t *object, const struct ti_plan_info *info)
{
    json_t *shape = json_array();

    for (unsigned i = 0; i < info->rank; i++) {
        if (json_array_append_new(shape, dim_value(info->shape[i])) != 0) {
            json_decref(shape);
            return false;
        }
    }
    return json_object_set_new(object, "shape", shape) == 0;
}

static bool set_numbers(json_t *object, const struct ti_plan_info *info)
{
    char stream[24];

    snprintf(stream, sizeof stream, "0x%016" PRIx64, info->stream);
    return tid_json_set_u64(object, "seed", info->seed) &&
           tid_json_set_text(object, "name", info->name) &&
           tid_json_set_text(object, "stream", stream) &&
           (!info->has_fan_in || tid_json_set_u64(object, "fan_in", info->fan_in)) &&
           (!info->has_fan_out || tid_json_set_u64(object, "fan_out", info->fan_out)) &&
           (!info->has_gain || tid_json_set_real(object, "gain", info->gain)) &&
           tid_json_set_real(object, "mean", info->mean) &&
           tid_json_set_real(object, "std", info->std) &&
           tid_json_set_real(object, "sigma", info->sigma) &&
           tid_json_set_real(object, "low", info->low) &&
           tid_json_set_real(object, "high", info->high) &&
           tid_json_set_real(object, "bound", fmax(fabs(info->low), fabs(info->high)));
}

/* A warning is a check here: 'holds' is why it is given, 'field' what to look at. */
struct warning {
    bool holds;
    const char *field;
    const char *text;
};

static bool set_warnings(json_t *object, const struct ti_plan_info *info)
{
    const struct warning warnings[] = {
        {info->name[0] == '\0' && info->distribution != TI_DISTRIBUTION_CONSTANT, "name",
         "No name is given: two unnamed tensors of one seed are the same draw. Give each "
         "tensor of a model its own name."},
    };
    json_t *list = json_array();

    if (json_object_set_new(object, "warnings", list) != 0)
        return false;
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        if (warnings[i].holds &&
            json_array_append_new(list, json_pack("{s:s, s:s}", "field", warnings[i].field,
                                                  "text", warnings[i].text)) != 0)
            return false;
    }
    return true;
}

char *tid_json_plan(const struct tid_planned *planned, const char *isa)
{
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    char *text = NULL;

    json_t *object = json_object();
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "scheme", info->scheme) &&
        tid_json_set_text(object, "distribution", distribution_name(info->distribution)) &&
        tid_json_set_text(object, "dtype", ti_dtype_name(info->dtype)) &&
        tid_json_set_text(object, "format", ti_format_name(ti_body_format(planned->body))) &&
        set_shape(object, info) && tid_json_set_u64(object, "elems", info->elems) &&
        tid_json_set_u64(object, "bytes", ti_body_bytes(planned->body)) &&
        set_numbers(object, info) && tid_json_set_text(object, "isa", isa) &&
        set_warnings(object, info))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
