/* SPDX-License-Identifier: MIT */
/*
 * What a tensor's values really look like, beside what its plan promises.
 *
 *     struct ti_stats *stats;
 *     ti_stats_make(plan, &stats);
 *     for (each piece) ti_stats_add(stats, first, count, workspace);
 *     ti_stats_get(stats, &summary);
 *     ti_stats_free(stats);
 *
 * Pieces let a caller show progress, stop early, or look at a part only.
 */
#ifndef TENSORINIT_STATS_H
#define TENSORINIT_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque; one thread at a time. Keeps a pointer to the plan, which must outlive it. */
struct ti_stats;

#define TI_STATS_BINS 64

/*
 * Of the values added so far, as binary64 numbers; all in value units but where it says so.
 *
 *   count        values; everything below is 0 if there are none
 *   zeros        values equal to 0
 *   mean, std    std about the realised mean, divided by count
 *   skewness     third standardized moment; 0 for a constant
 *   kurtosis     fourth standardized moment less 3: 0 for a normal distribution
 *   ks           largest distance, at 1,025 points, between the values' distribution function
 *                and the promised one (Kolmogorov-Smirnov); only if has_ks: a constant
 *                promises no distribution
 *   bins         values in TI_STATS_BINS equal parts of [bins_low, bins_high), which are the
 *                promised bounds, or 5 standard deviations about the mean where there are
 *                none; values outside count in the first or last
 */
struct ti_stats_summary {
    uint64_t count, zeros;
    double mean, std, min, max, skewness, kurtosis;
    bool has_ks;
    double ks;
    double bins_low, bins_high;
    uint64_t bins[TI_STATS_BINS];
};

/* Starts with no values. TI_OK, and '*stats' is the caller's to free; TI_ENOMEM. */
TI_API TI_MUST_USE enum ti_status ti_stats_make(const struct ti_plan *plan,
                                                struct ti_stats **stats);
TI_API void ti_stats_free(struct ti_stats *stats);

/*
 * Adds elements [first_elem, first_elem + count_elems) of what the plan serves. The summary
 * of the same elements in the same pieces is the same on every machine.
 *
 *   workspace  as for ti_plan_fill()
 *
 * Returns TI_OK, or TI_ERANGE if the range leaves the tensor (nothing is added).
 */
TI_API TI_MUST_USE enum ti_status ti_stats_add(struct ti_stats *stats,
                                               uint64_t first_elem, uint64_t count_elems,
                                               void *workspace);

TI_API void ti_stats_get(const struct ti_stats *stats, struct ti_stats_summary *summary);

#ifdef __cplusplus
}
#endif

#endif
