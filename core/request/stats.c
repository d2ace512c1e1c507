/* SPDX-License-Identifier: MIT */
/* Moments, histogram and distance from the plan's distribution: include/tensorinit/stats.h. */
#include <tensorinit/stats.h>

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/request/plan.h"
#include "core/base/normal_cdf.h"

/* Elements that are summed at a time: long sums lose accuracy. */
#define SUM_ELEMS TI_STATS_PART_ELEMS

/* Elements that are computed at a time. */
#define FILL_ELEMS SUM_ELEMS

/* Bins of the fine histogram, at whose edges the distribution functions are compared. */
#define FINE_BINS 1024
#define FINE_PER_BIN (FINE_BINS / TI_STATS_BINS)

struct ti_stats {
    const struct ti_plan *plan;
    unsigned char *elems;
    /* sums are of (value - centre) / unit */
    double centre, unit;
    /* ends of the histogram, and fine bins per value unit */
    double bins_low, bins_high, bins_per_unit;
    uint64_t count, zeros;
    double min, max;
    /* of the first to fourth powers: of whole groups of SUM_ELEMS values, and of the group
       that is not complete */
    double sum[4], group[4];
    uint64_t fine[FINE_BINS];
    /* of a part: the sums of each of its groups, which are added in order by a merge */
    double (*groups)[4];
    size_t max_groups;
};

/* (high - low) / 2, which does not overflow. */
static double half_difference(double low, double high) { return high / 2 - low / 2; }

size_t ti_stats_bytes(const struct ti_plan *plan) {
    return sizeof(struct ti_stats) + FILL_ELEMS * ti_dtype_bytes(plan->info.dtype);
}

enum ti_status ti_stats_make(const struct ti_plan *plan, struct ti_stats **stats) {
    const struct ti_plan_info *info = &plan->info;
    struct ti_stats *made = calloc(1, sizeof *made);
    if (!made) return TI_ENOMEM;
    made->elems = malloc(FILL_ELEMS * ti_dtype_bytes(info->dtype));
    if (!made->elems) {
        free(made);
        return TI_ENOMEM;
    }
    const struct ti_float_state state = ti_float_enter();
    made->plan = plan;
    made->centre = isfinite(info->mean) ? info->mean : 0;
    made->unit = info->std > 0 ? info->std : 1;
    made->bins_low = info->low;
    made->bins_high = info->high;
    if (isinf(info->low)) made->bins_low = made->centre - 5 * made->unit;
    if (isinf(info->high)) made->bins_high = made->centre + 5 * made->unit;
    if (!(made->bins_low < made->bins_high)) { /* a constant */
        made->bins_low = made->centre - 0.5;
        made->bins_high = made->centre + 0.5;
    }
    made->bins_per_unit =
        FINE_BINS / 2 / half_difference(made->bins_low, made->bins_high);
    ti_float_leave(state);
    *stats = made;
    return TI_OK;
}

void ti_stats_free(struct ti_stats *stats) {
    if (!stats) return;
    free(stats->groups);
    free(stats->elems);
    free(stats);
}

enum ti_status ti_stats_make_part(const struct ti_plan *plan, uint64_t max_elems,
                                  struct ti_stats **part) {
    const uint64_t max_groups = max_elems / SUM_ELEMS + 1;
    struct ti_stats *made = NULL;
    if (max_groups > SIZE_MAX / sizeof *made->groups) return TI_ENOMEM;
    if (ti_stats_make(plan, &made) != TI_OK) return TI_ENOMEM;
    made->groups = malloc((size_t)max_groups * sizeof *made->groups);
    made->max_groups = (size_t)max_groups;
    if (!made->groups) {
        ti_stats_free(made);
        return TI_ENOMEM;
    }
    *part = made;
    return TI_OK;
}

enum ti_status ti_stats_merge(struct ti_stats *stats, struct ti_stats *part) {
    const uint64_t groups = part->count / SUM_ELEMS;
    if (stats->count % SUM_ELEMS != 0 || !part->groups || groups >= part->max_groups) {
        return TI_ERANGE;
    }
    if (part->count == 0) return TI_OK;
    const struct ti_float_state state = ti_float_enter();
    for (uint64_t i = 0; i < groups; i++) {
        for (int k = 0; k < 4; k++) stats->sum[k] += part->groups[i][k];
    }
    ti_float_leave(state);
    memcpy(stats->group, part->group, sizeof stats->group);
    if (stats->count == 0 || part->min < stats->min) stats->min = part->min;
    if (stats->count == 0 || part->max > stats->max) stats->max = part->max;
    stats->count += part->count;
    stats->zeros += part->zeros;
    for (size_t i = 0; i < FINE_BINS; i++) stats->fine[i] += part->fine[i];
    part->count = part->zeros = 0;
    memset(part->sum, 0, sizeof part->sum);
    memset(part->group, 0, sizeof part->group);
    memset(part->fine, 0, sizeof part->fine);
    return TI_OK;
}

static void add_value(struct ti_stats *stats, double value, double sum[4]) {
    const double x = (value - stats->centre) / stats->unit;
    sum[0] += x;
    sum[1] += x * x;
    sum[2] += x * x * x;
    sum[3] += x * x * x * x;
    if (value == 0) stats->zeros++;
    if (value < stats->min) stats->min = value;
    if (value > stats->max) stats->max = value;
    const double bin =
        2 * (half_difference(stats->bins_low, value) * stats->bins_per_unit);
    stats->fine[bin >= FINE_BINS ? FINE_BINS - 1 : bin > 0 ? (size_t)bin : 0]++;
}

/* Values of one group, which they may complete. */
static void add_to_group(struct ti_stats *stats, const unsigned char *elems,
                         size_t count) {
    const enum ti_dtype dtype = stats->plan->info.dtype;
    const size_t bytes = ti_dtype_bytes(dtype);
    double sum[4]; /* a copy, which the compiler keeps in registers */
    memcpy(sum, stats->group, sizeof sum);
    for (size_t i = 0; i < count; i++) {
        add_value(stats, ti_dtype_value(dtype, elems + i * bytes), sum);
    }
    stats->count += count;
    const bool complete = stats->count % SUM_ELEMS == 0;
    const uint64_t group = stats->count / SUM_ELEMS - 1;
    if (complete && group < stats->max_groups) {
        memcpy(stats->groups[group], sum, sizeof sum);
    }
    for (int k = 0; k < 4; k++) {
        if (complete) stats->sum[k] += sum[k];
        stats->group[k] = complete ? 0 : sum[k];
    }
}

/* Groups end where the number of values says so, wherever callers cut the ranges. */
static void add_values(struct ti_stats *stats, const unsigned char *elems, size_t count) {
    const enum ti_dtype dtype = stats->plan->info.dtype;
    if (stats->count == 0 && count > 0)
        stats->min = stats->max = ti_dtype_value(dtype, elems);
    while (count > 0) {
        const size_t left = SUM_ELEMS - (size_t)(stats->count % SUM_ELEMS);
        const size_t now = count < left ? count : left;
        add_to_group(stats, elems, now);
        elems += now * ti_dtype_bytes(dtype), count -= now;
    }
}

enum ti_status ti_stats_add(struct ti_stats *stats, uint64_t first_elem,
                            uint64_t count_elems, void *workspace) {
    const uint64_t elems = stats->plan->info.elems;
    if (first_elem > elems || count_elems > elems - first_elem) return TI_ERANGE;
    while (count_elems > 0) {
        uint64_t ready;
        enum ti_status status =
            ti_plan_prepare(stats->plan, first_elem, first_elem + count_elems, INFINITY,
                            workspace, &ready);
        if (status != TI_OK) return status;
        const size_t now = ready < FILL_ELEMS ? (size_t)ready : FILL_ELEMS;
        status = ti_plan_fill(stats->plan, first_elem, now, stats->elems, workspace);
        if (status != TI_OK) return status;
        const struct ti_float_state state = ti_float_enter();
        add_values(stats, stats->elems, now);
        ti_float_leave(state);
        first_elem += now, count_elems -= now;
    }
    return TI_OK;
}

/* The plan's distribution function. 'mass' is that of its truncated normal. */
static double expected_below(const struct ti_dist *dist, double mass, double x) {
    if (dist->distribution == TI_DISTRIBUTION_UNIFORM) {
        if (x <= dist->low) return 0;
        if (x >= dist->high) return 1;
        return half_difference(dist->low, x) / half_difference(dist->low, dist->high);
    }
    const double z = 2 * (half_difference(dist->mean, x) / dist->sigma);
    if (dist->distribution == TI_DISTRIBUTION_NORMAL)
        return ti_normal_mass_fast(-INFINITY, z);
    if (z <= dist->z_low) return 0;
    if (z >= dist->z_high) return 1;
    return ti_normal_mass_fast(dist->z_low, z) / mass;
}

static double ks_distance(const struct ti_stats *stats) {
    const struct ti_dist *dist = &stats->plan->dist;
    const bool truncated = dist->distribution == TI_DISTRIBUTION_TRUNCATED_NORMAL;
    const double mass = truncated ? ti_normal_mass_fast(dist->z_low, dist->z_high) : 1;
    const double width =
        half_difference(stats->bins_low, stats->bins_high) / (FINE_BINS / 2);
    double max = 0;
    uint64_t below = 0;
    for (size_t i = 1; i < FINE_BINS; i++) {
        const double edge = 2 * (stats->bins_low / 2 + (double)i * (width / 2));
        below += stats->fine[i - 1];
        const double share = (double)below / (double)stats->count;
        const double distance = fabs(share - expected_below(dist, mass, edge));
        if (distance > max) max = distance;
    }
    return max;
}

static void set_moments(const struct ti_stats *stats, struct ti_stats_summary *summary) {
    const double n = (double)stats->count;
    /* Raw moments about the plan's mean become central ones about the actual mean. */
    double r[4];
    for (int k = 0; k < 4; k++) r[k] = (stats->sum[k] + stats->group[k]) / n;
    const double m = r[0], r2 = r[1], r3 = r[2], r4 = r[3], variance = r2 - m * m;
    summary->mean = stats->centre + stats->unit * m;
    if (variance > 0 && stats->min < stats->max) {
        const double third = r3 - 3 * m * r2 + 2 * m * m * m;
        const double fourth = r4 - 4 * m * r3 + 6 * m * m * r2 - 3 * m * m * m * m;
        summary->std = stats->unit * sqrt(variance);
        summary->skewness = third / (variance * sqrt(variance));
        summary->kurtosis = fourth / (variance * variance) - 3;
    }
}

static bool has_ks(const struct ti_plan *plan) {
    const struct ti_plan_info *info = &plan->info;
    return info->random && info->std > 0 && plan->dist.zeros.count == 0 &&
           info->distribution != TI_DISTRIBUTION_SPARSE_NORMAL &&
           info->distribution != TI_DISTRIBUTION_ORTHOGONAL;
}

/* Size of the first version of the struct: it ended with the bins. */
#define SUMMARY_BYTES_MIN                                                                \
    (offsetof(struct ti_stats_summary, bins) + TI_STATS_BINS * sizeof(uint64_t))

enum ti_status ti_stats_get(const struct ti_stats *stats,
                            struct ti_stats_summary *summary) {
    const size_t bytes = summary->struct_bytes;
    struct ti_stats_summary made = {.struct_bytes = bytes,
                                    .count = stats->count,
                                    .zeros = stats->zeros,
                                    .bins_low = stats->bins_low,
                                    .bins_high = stats->bins_high};
    if (bytes < SUMMARY_BYTES_MIN) return TI_EVALUE;
    if (stats->count > 0) {
        const struct ti_float_state state = ti_float_enter();
        set_moments(stats, &made);
        made.min = stats->min;
        made.max = stats->max;
        for (size_t i = 0; i < FINE_BINS; i++) {
            made.bins[i / FINE_PER_BIN] += stats->fine[i];
        }
        made.has_ks = has_ks(stats->plan);
        if (made.has_ks) made.ks = ks_distance(stats);
        ti_float_leave(state);
    }
    memcpy(summary, &made, bytes < sizeof made ? bytes : sizeof made);
    return TI_OK;
}
