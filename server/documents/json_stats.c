/* SPDX-License-Identifier: MIT */
/* Statistics of the values of a tensor, next to what its plan promises. */
#include "server/documents/json_stats.h"

#include <jansson.h>

#include <tensorinit/version.h>

#include "server/documents/json_text.h"

static bool set_bins(json_t *object, const struct ti_stats_summary *summary) {
    json_t *bins = json_array();
    for (int i = 0; i < TI_STATS_BINS; i++) {
        json_t *bin = json_integer((json_int_t)summary->bins[i]);
        if (json_array_append_new(bins, bin) != 0) {
            json_decref(bins);
            return false;
        }
    }
    return json_object_set_new(object, "histogram", bins) == 0;
}

static bool set_summary(json_t *object, const struct ti_stats_summary *summary) {
    const double zero_share =
        summary->count > 0 ? (double)summary->zeros / (double)summary->count : 0;
    return tid_json_set_u64(object, "count", summary->count) &&
           tid_json_set_u64(object, "zeros", summary->zeros) &&
           tid_json_set_real(object, "zero_share", zero_share) &&
           tid_json_set_real(object, "mean", summary->mean) &&
           tid_json_set_real(object, "std", summary->std) &&
           tid_json_set_real(object, "min", summary->min) &&
           tid_json_set_real(object, "max", summary->max) &&
           tid_json_set_real(object, "skewness", summary->skewness) &&
           tid_json_set_real(object, "kurtosis", summary->kurtosis) &&
           (!summary->has_ks || tid_json_set_real(object, "ks", summary->ks)) &&
           tid_json_set_real(object, "histogram_low", summary->bins_low) &&
           tid_json_set_real(object, "histogram_high", summary->bins_high);
}

char *tid_json_stats(const struct ti_plan_info *info,
                     const struct ti_stats_summary *summary) {
    json_t *object = json_object();
    char *text = NULL;
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "query", info->query) && set_summary(object, summary) &&
        tid_json_set_real(object, "promised_mean", info->mean) &&
        tid_json_set_real(object, "promised_std", info->std) &&
        tid_json_set_real(object, "promised_low", info->low) &&
        tid_json_set_real(object, "promised_high", info->high) &&
        set_bins(object, summary))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
