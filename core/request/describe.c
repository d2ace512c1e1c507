/* SPDX-License-Identifier: MIT */
/* A plan's description of its distribution: see plan.h. */
#include <math.h>

#include "core/base/normal_cdf.h"
#include "core/request/plan.h"

const char *ti_distribution_name(enum ti_distribution distribution) {
    static const char *const names[] = {
#define TI_DISTRIBUTION(id, name) name,
        TI_DISTRIBUTIONS(TI_DISTRIBUTION)
#undef TI_DISTRIBUTION
    };
    const size_t index = (size_t)distribution;
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

static double elems_of(const struct ti_plan_info *info) {
    double elems = 1;
    for (unsigned i = 0; i < info->full_rank; i++) elems *= (double)info->full_shape[i];
    return elems;
}

void ti_plan_describe(const struct ti_dist *dist, struct ti_plan_info *info) {
    info->distribution = dist->distribution;
    info->random = dist->distribution != TI_DISTRIBUTION_CONSTANT &&
                   dist->distribution != TI_DISTRIBUTION_PATTERN;
    info->has_gain = dist->has_gain;
    info->gain = dist->gain;
    info->sigma = dist->sigma;
    switch (dist->distribution) {
    case TI_DISTRIBUTION_PATTERN:
    case TI_DISTRIBUTION_MAPPED_UNIFORM:
        info->mean = info->std = info->sigma = NAN;
        break;
    case TI_DISTRIBUTION_SPARSE_NORMAL: {
        const double rows = (double)dist->mask.rows;
        const double zeros = (double)dist->mask.zeros;
        info->std = rows > 0 ? dist->sigma * sqrt((rows - zeros) / rows) : 0;
        break;
    }
    case TI_DISTRIBUTION_ORTHOGONAL: {
        const double rows = (double)dist->matrix.rows, cols = (double)dist->matrix.cols;
        const double shorter = rows < cols ? rows : cols, elems = elems_of(info);
        if (elems > 0) info->std = info->sigma = fabs(dist->gain) * sqrt(shorter / elems);
        break;
    }
    case TI_DISTRIBUTION_CONSTANT:
        info->mean = dist->low;
        break;
    case TI_DISTRIBUTION_UNIFORM:
        info->mean = dist->low / 2 + dist->high / 2;
        info->std = info->sigma = (dist->high / 2 - dist->low / 2) / sqrt(3.0);
        break;
    case TI_DISTRIBUTION_NORMAL:
        info->mean = dist->mean;
        info->std = dist->sigma;
        break;
    case TI_DISTRIBUTION_TRUNCATED_NORMAL: {
        double mean, std;
        ti_normal_moments(dist->z_low, dist->z_high, &mean, &std);
        info->mean = dist->mean + dist->sigma * mean;
        info->std = dist->sigma * std;
        break;
    }
    }
}
