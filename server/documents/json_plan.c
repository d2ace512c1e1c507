/* SPDX-License-Identifier: MIT */
/*
 * What would be served, in JSON: every number that the request left to its scheme, and
 * warnings of what looks like a mistake.
 */
#include "server/documents/json_plan.h"

#include <jansson.h>
#include <math.h>

#include <tensorinit/version.h>

#include "server/documents/json_text.h"
#include "server/http/digits.h"

static bool set_numbers(json_t *object, const struct ti_plan_info *info) {
    char stream[TID_DIGITS_BYTES], seed[TID_DIGITS_BYTES];
    tid_digits_hex(info->stream, stream);
    tid_digits_u64(info->seed, seed);
    return tid_json_set_text(object, "seed", seed) &&
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

static bool set_warnings(json_t *object, const struct ti_warning *warnings,
                         unsigned count) {
    json_t *list = json_array();
    if (json_object_set_new(object, "warnings", list) != 0) return false;
    for (unsigned i = 0; i < count; i++) {
        if (json_array_append_new(list,
                                  json_pack("{s:s, s:s}", "field", warnings[i].field,
                                            "text", warnings[i].text)) != 0)
            return false;
    }
    return true;
}

char *tid_json_plan(const struct ti_plan *plan, const struct ti_body *body,
                    const struct ti_warning *warnings, unsigned warning_count,
                    const char *isa) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    json_t *object = json_object();
    char *text = NULL;
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "scheme", info->scheme) &&
        (info->framework_name[0] == '\0' ||
         tid_json_set_text(object, "framework_name", info->framework_name)) &&
        tid_json_set_text(object, "distribution",
                          ti_distribution_name(info->distribution)) &&
        tid_json_set_text(object, "dtype", ti_dtype_name(info->dtype)) &&
        tid_json_set_text(object, "format", ti_format_name(ti_body_format(body))) &&
        tid_json_set_text(object, "query", info->query) &&
        tid_json_set_text(object, "etag", info->etag) &&
        tid_json_set_shape(object, "shape", info->rank, info->shape) &&
        tid_json_set_shape(object, "full_shape", info->full_rank, info->full_shape) &&
        tid_json_set_u64(object, "elems", info->elems) &&
        (!ti_body_has_length(body) ||
         tid_json_set_u64(object, "bytes", ti_body_bytes(body))) &&
        set_numbers(object, info) && tid_json_set_text(object, "isa", isa) &&
        set_warnings(object, warnings, warning_count))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
