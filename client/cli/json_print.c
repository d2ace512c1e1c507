/* SPDX-License-Identifier: MIT */
/* Prints plans and statistics as JSON: see json_print.h. */
#include "client/cli/json_print.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Larger integers are strings: readers of JSON may read numbers as binary64. */
#define INTEGER_MAX ((uint64_t)1 << 53)

static json_t *integer(uint64_t value) {
    char text[24];
    if (value <= INTEGER_MAX) return json_integer((json_int_t)value);
    snprintf(text, sizeof text, "%" PRIu64, value);
    return json_string(text);
}

/* An infinity is left out, as JSON has none; NULL for it. */
static json_t *real(double value) { return isfinite(value) ? json_real(value) : NULL; }

static json_t *integers(const uint64_t *values, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, integer(values[i]));
    return list;
}

/* A format is 'o*': a member that is NULL is left out. Takes 'object'. */
static int print(json_t *object) {
    char *text =
        object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(object);
    if (!text) return cli_fail_memory();
    puts(text);
    free(text);
    return 0;
}

int cli_json_plan(const struct cli_tensor *tensor) {
    const struct ti_plan_info *info = ti_plan_info(tensor->plan);
    char seed[24], stream[24];
    snprintf(seed, sizeof seed, "%" PRIu64, info->seed);
    snprintf(stream, sizeof stream, "0x%016" PRIx64, info->stream);
    return print(json_pack(
        "{ss ss ss* ss ss ss ss ss so so so so* ss ss ss so* so* so* so* so* so* so* so* so*}",
        "spec", TI_SPEC_NAME, "scheme", info->scheme, "framework_name",
        *info->framework_name ? info->framework_name : NULL, "distribution",
        ti_distribution_name(info->distribution), "dtype", ti_dtype_name(info->dtype),
        "format", ti_format_name(ti_body_format(tensor->body)), "query", info->query,
        "etag", info->etag, "shape", integers(info->shape, info->rank), "full_shape",
        integers(info->full_shape, info->full_rank), "elems", integer(info->elems),
        "bytes",
        ti_body_has_length(tensor->body) ? integer(ti_body_bytes(tensor->body)) : NULL,
        "seed", seed, "name", info->name, "stream", stream, "fan_in",
        info->has_fan_in ? integer(info->fan_in) : NULL, "fan_out",
        info->has_fan_out ? integer(info->fan_out) : NULL, "gain",
        info->has_gain ? real(info->gain) : NULL, "mean", real(info->mean), "std",
        real(info->std), "sigma", real(info->sigma), "low", real(info->low), "high",
        real(info->high), "bound", real(fmax(fabs(info->low), fabs(info->high)))));
}

int cli_json_stats(const struct ti_plan_info *info,
                   const struct ti_stats_summary *summary) {
    const double zero_share =
        summary->count > 0 ? (double)summary->zeros / (double)summary->count : 0;
    return print(json_pack(
        "{ss ss so so so so* so* so* so* so* so* so* so* so* so* so* so* so* so}", "spec",
        TI_SPEC_NAME, "query", info->query, "count", integer(summary->count), "zeros",
        integer(summary->zeros), "zero_share", real(zero_share), "mean",
        real(summary->mean), "std", real(summary->std), "min", real(summary->min), "max",
        real(summary->max), "skewness", real(summary->skewness), "kurtosis",
        real(summary->kurtosis), "ks", summary->has_ks ? real(summary->ks) : NULL,
        "histogram_low", real(summary->bins_low), "histogram_high",
        real(summary->bins_high), "promised_mean", real(info->mean), "promised_std",
        real(info->std), "promised_low", real(info->low), "promised_high",
        real(info->high), "histogram", integers(summary->bins, TI_STATS_BINS)));
}
