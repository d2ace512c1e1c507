/* SPDX-License-Identifier: MIT */
/*
 * Statistics of a tensor's actual values: moments, a histogram, and the distance from the
 * distribution that its plan describes.
 *
 *     struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
 *     struct ti_stats *stats;
 *     ti_stats_make(plan, &stats);
 *     for (each range of elements) ti_stats_add(stats, first, count, workspace);
 *     ti_stats_get(stats, &summary);
 *     ti_stats_free(stats);
 *
 * Several ranges let a caller show progress, stop early, or look at a part only.
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
 * Statistics of the values added so far. Later versions of the library may append
 * members. If count is 0, so are all
 * other statistics but bins_low and bins_high.
 */
struct ti_stats_summary {
    /* must be set to sizeof(struct ti_stats_summary) before the call */
    size_t struct_bytes;
    /* number of values, and of those equal to 0 */
    uint64_t count, zeros;
    /* in value units; std is about the actual mean, divided by count */
    double mean, std, min, max;
    /* third standardized moment, and fourth less 3: 0 for a normal distribution, and for
       a constant */
    double skewness, kurtosis;
    /* whether 'ks' exists: not for constants, patterns, sparse and orthogonal tensors */
    bool has_ks;
    /* Kolmogorov-Smirnov: the maximum distance between the distribution function of the
       values and that of the plan, at 1,023 points inside [bins_low, bins_high) */
    double ks;
    /* ends of the histogram, in value units: the bounds of the plan, or 5 standard
       deviations from its mean where it has none */
    double bins_low, bins_high;
    /* values in equal parts of [bins_low, bins_high); the first and last also count
       values outside */
    uint64_t bins[TI_STATS_BINS];
};

/*
 * Makes statistics without values.
 *
 * Returns TI_OK and '*stats', which the caller frees with ti_stats_free(); TI_ENOMEM
 * ('*stats' is untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_stats_make(const struct ti_plan *plan,
                                                struct ti_stats **stats);
TI_API void ti_stats_free(struct ti_stats *stats);

/* Memory that ti_stats_make() allocates for this plan. */
TI_API size_t ti_stats_bytes(const struct ti_plan *plan);

/*
 * Adds elements [first_elem, first_elem + count_elems) of the plan. The summary of the
 * same elements in the same order is the same on every machine, however they are cut into
 * ranges.
 *
 *   workspace  as for ti_plan_fill()
 *
 * Returns as ti_plan_fill(); on failure nothing is added if the range leaves the tensor
 * or the plan lacks its factorization.
 */
TI_API TI_MUST_USE enum ti_status ti_stats_add(struct ti_stats *stats,
                                               uint64_t first_elem, uint64_t count_elems,
                                               void *workspace);

/*
 * For several threads: statistics of a range of at most 'max_elems' elements, to be filled
 * with ti_stats_add() by one of them and then merged. Returns as ti_stats_make(), and
 * allocates 32 bytes more for each 1,024 of max_elems.
 */
TI_API TI_MUST_USE enum ti_status ti_stats_make_part(const struct ti_plan *plan,
                                                     uint64_t max_elems,
                                                     struct ti_stats **part);

/*
 * Adds the values of a part behind those of 'stats', and empties the part, which can be
 * filled again. The summary is that of ti_stats_add() with the same elements.
 *
 *   stats  has a multiple of TI_STATS_PART_ELEMS values
 *   part   from ti_stats_make_part(), of the same plan
 *
 * Returns TI_OK; TI_ERANGE if stats has another number of values, or the part has more
 * than its maximum or is none (both are unchanged).
 */
#define TI_STATS_PART_ELEMS 1024
TI_API TI_MUST_USE enum ti_status ti_stats_merge(struct ti_stats *stats,
                                                 struct ti_stats *part);

/*
 * Writes the summary, at most struct_bytes of it, to 'summary'; members that this version
 * of the library does not know are untouched. Values may be added afterwards.
 *
 * Returns TI_OK; TI_EVALUE if struct_bytes is smaller than the first version of the
 * struct ('summary' is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_stats_get(const struct ti_stats *stats,
                                               struct ti_stats_summary *summary);

#ifdef __cplusplus
}
#endif

#endif
