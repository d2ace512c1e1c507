/* SPDX-License-Identifier: MIT */
/* Moments, histogram and distance to the promised distribution: include/tensorinit/stats.h. */
#include <tensorinit/stats.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/request/plan.h"
#include "core/base/normal_cdf.h"

/* Elements looked at a time, and computed at a time where that is costly. */
#define PIECE 1024
#define COSTLY_PIECE (256 * PIECE)

/* Bins of the fine histogram: its edges are where distribution functions are compared. */
#define FINE 1024
#define FINE_A_BIN (FINE / TI_STATS_BINS)

struct ti_stats {
    const struct ti_plan *plan;
    unsigned char *elems; /* 'room' of them */
    size_t room;
    double centre, unit;       /* sums are of (value - centre) / unit */
    double bins_low, bins_per; /* lower end of the histogram, bins per value unit */
    double bins_high;
    uint64_t count, zeros;
    double min, max;
    double sum[4]; /* of the first to fourth powers */
    uint64_t fine[FINE];
};

enum ti_status ti_stats_make(const struct ti_plan *plan, struct ti_stats **stats) {
    const struct ti_plan_info *info = &plan->info;
    struct ti_stats *made = calloc(1, sizeof *made);
    if (!made) return TI_ENOMEM;
    made->room = info->cost == TI_COST_COMPUTE ? COSTLY_PIECE : PIECE;
    made->elems = malloc(made->room * ti_dtype_bytes(info->dtype));
    if (!made->elems) {
        free(made);
        return TI_ENOMEM;
    }
    const struct ti_float_state state = ti_float_enter();
    made->plan = plan;
    made->centre = isnan(info->mean) ? 0 : info->mean;
    made->unit = info->std > 0 ? info->std : 1;
    made->bins_low = info->low;
    made->bins_high = info->high;
    if (isinf(info->low)) made->bins_low = made->centre - 5 * made->unit;
    if (isinf(info->high)) made->bins_high = made->centre + 5 * made->unit;
    if (!(made->bins_low < made->bins_high)) { /* a constant */
        made->bins_low = made->centre - 0.5;
        made->bins_high = made->centre + 0.5;
    }
    made->bins_per = FINE / (made->bins_high - made->bins_low);
    ti_float_leave(state);
    *stats = made;
    return TI_OK;
}

void ti_stats_free(struct ti_stats *stats) {
    if (!stats) return;
    free(stats->elems);
    free(stats);
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
    double bin = (value - stats->bins_low) * stats->bins_per;
    stats->fine[bin >= FINE ? FINE - 1 : bin > 0 ? (size_t)bin : 0]++;
}

static void add_piece(struct ti_stats *stats, const unsigned char *elems, size_t count) {
    const enum ti_dtype dtype = stats->plan->info.dtype;
    const size_t bytes = ti_dtype_bytes(dtype);
    double sum[4] = {0}; /* of the piece: long sums lose less */
    if (stats->count == 0 && count > 0) {
        stats->min = stats->max = ti_dtype_value(dtype, elems);
    }
    for (size_t i = 0; i < count; i++) {
        add_value(stats, ti_dtype_value(dtype, elems + i * bytes), sum);
    }
    for (int k = 0; k < 4; k++) stats->sum[k] += sum[k];
    stats->count += count;
}

enum ti_status ti_stats_add(struct ti_stats *stats, uint64_t first_elem,
                            uint64_t count_elems, void *workspace) {
    const uint64_t all = stats->plan->info.elems;
    const size_t bytes = ti_dtype_bytes(stats->plan->info.dtype);
    if (first_elem > all || count_elems > all - first_elem) return TI_ERANGE;
    while (count_elems > 0) {
        const size_t now = count_elems < stats->room ? (size_t)count_elems : stats->room;
        enum ti_status status =
            ti_plan_fill(stats->plan, first_elem, now, stats->elems, workspace);
        if (status != TI_OK) return status;
        const struct ti_float_state state = ti_float_enter();
        for (size_t i = 0; i < now; i += PIECE) {
            add_piece(stats, stats->elems + i * bytes, now - i < PIECE ? now - i : PIECE);
        }
        ti_float_leave(state);
        first_elem += now, count_elems -= now;
    }
    return TI_OK;
}

/* Share of the promised distribution below x. */
static double promised_below(const struct ti_plan_info *info, const struct ti_dist *dist,
                             double x) {
    if (x <= info->low) return 0;
    if (x >= info->high) return 1;
    if (info->distribution == TI_DISTRIBUTION_UNIFORM) {
        return (x - info->low) / (info->high - info->low);
    }
    const double z = (x - dist->mean) / dist->sigma;
    if (info->distribution == TI_DISTRIBUTION_NORMAL) return ti_normal_tail(-z);
    if (z <= dist->z_low) return 0;
    if (z >= dist->z_high) return 1;
    return ti_normal_mass(dist->z_low, z) / ti_normal_mass(dist->z_low, dist->z_high);
}

static double ks_distance(const struct ti_stats *stats) {
    const struct ti_plan *plan = stats->plan;
    const double width = (stats->bins_high - stats->bins_low) / FINE;
    double most = 0;
    uint64_t below = 0;
    for (size_t i = 0; i < FINE; i++) {
        /* Edge i. Beyond the histogram's ends nothing is compared. */
        const double edge = stats->bins_low + (double)i * width;
        const double promised = promised_below(&plan->info, &plan->dist, edge);
        const double distance = fabs((double)below / (double)stats->count - promised);
        if (i > 0 && distance > most) most = distance;
        below += stats->fine[i];
    }
    return most;
}

void ti_stats_get(const struct ti_stats *stats, struct ti_stats_summary *summary) {
    struct ti_stats_summary made = {.count = stats->count, .zeros = stats->zeros};
    made.bins_low = stats->bins_low;
    made.bins_high = stats->bins_high;
    if (stats->count == 0) {
        *summary = made;
        return;
    }
    const struct ti_float_state state = ti_float_enter();
    const double n = (double)stats->count;
    /* Raw moments about the promised mean become central ones about the real mean. */
    const double m = stats->sum[0] / n, r2 = stats->sum[1] / n, r3 = stats->sum[2] / n;
    const double r4 = stats->sum[3] / n, variance = r2 - m * m;
    made.mean = stats->centre + stats->unit * m;
    made.min = stats->min;
    made.max = stats->max;
    if (variance > 0 && stats->min < stats->max) {
        const double third = r3 - 3 * m * r2 + 2 * m * m * m;
        const double fourth = r4 - 4 * m * r3 + 6 * m * m * r2 - 3 * m * m * m * m;
        made.std = stats->unit * sqrt(variance);
        made.skewness = third / (variance * sqrt(variance));
        made.kurtosis = fourth / (variance * variance) - 3;
    }
    for (size_t i = 0; i < FINE; i++) made.bins[i / FINE_A_BIN] += stats->fine[i];
    const enum ti_distribution distribution = stats->plan->info.distribution;
    made.has_ks = stats->plan->info.random && stats->plan->info.std > 0 &&
                  distribution != TI_DISTRIBUTION_SPARSE_NORMAL &&
                  distribution != TI_DISTRIBUTION_ORTHOGONAL;
    if (made.has_ks) made.ks = ks_distance(stats);
    ti_float_leave(state);
    *summary = made;
}
