/* SPDX-License-Identifier: MIT */
/* See warnings.h. */
#include "server/documents/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

/* Kernels of convolutions are rarely larger, channel counts rarely as small. */
#define KERNEL_DIM_MAX 11

static bool all_small(const uint64_t *dims, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (dims[i] > KERNEL_DIM_MAX) return false;
    }
    return true;
}

static bool both_large(const uint64_t *dims) {
    return dims[0] > KERNEL_DIM_MAX && dims[1] > KERNEL_DIM_MAX;
}

/*
 * The layout that the shape of a convolution kernel suggests if it is not the one that
 * was used; else NULL. A wrong layout counts one channel dim as part of the kernel, so
 * both fans are multiples of both channel counts.
 */
static const char *other_layout(const struct ti_plan_info *info) {
    const unsigned rank = info->full_rank;
    const uint64_t *shape = info->full_shape;
    if (!info->has_fan_in || !info->has_fan_out || rank < 3) return NULL;
    const uint64_t last = shape[rank - 1], before = shape[rank - 2];
    const bool kernel_first = all_small(shape, rank - 2) && both_large(shape + rank - 2);
    const bool kernel_last = all_small(shape + 2, rank - 2) && both_large(shape);
    if (kernel_first && info->fan_in % before == 0 && info->fan_in % last == 0 &&
        info->fan_out % last == 0 && info->fan_out % before == 0)
        return "io";
    if (kernel_last && info->fan_in % shape[0] == 0 && info->fan_in % shape[1] == 0 &&
        info->fan_out % shape[0] == 0 && info->fan_out % shape[1] == 0)
        return "oi";
    return NULL;
}

/* The smallest positive normal number of a floating-point type; 0 for others. */
static double min_normal(enum ti_dtype dtype) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    return format ? ldexp(1, 1 - format->bias) : 0;
}

/* The probability of [-limit, limit]; a truncation of the normal is ignored. */
static double share_within(const struct ti_plan_info *info, double limit) {
    if (!(info->std > 0)) return 0;
    if (info->distribution == TI_DISTRIBUTION_UNIFORM) {
        /* Not the plan's bounds: the dtype may round both to 0. */
        const double half = info->std * sqrt(3.0);
        const double low = fmax(info->mean - half, -limit);
        const double high = fmin(info->mean + half, limit);
        return high > low ? (high - low) / (2 * half) : 0;
    }
    const double unit = info->sigma * sqrt(2.0);
    return (erf((limit - info->mean) / unit) - erf((-limit - info->mean) / unit)) / 2;
}

unsigned tid_warnings(const struct ti_plan_info *info,
                      struct tid_warning warnings[TID_WARNINGS_MAX]) {
    const char *layout = other_layout(info);
    const double subnormal =
        info->random ? share_within(info, min_normal(info->dtype)) : 0;
    unsigned count = 0;

    if (info->random && info->name[0] == '\0') {
        warnings[count].field = "name";
        snprintf(
            warnings[count++].text, TID_WARNING_BYTES,
            "No name is given: two unnamed tensors of the same seed get the same random "
            "numbers. Give each tensor of a model its own name.");
    }
    if (layout) {
        warnings[count].field = "layout";
        snprintf(warnings[count++].text, TID_WARNING_BYTES,
                 "fan_in %" PRIu64 " and fan_out %" PRIu64
                 " count a channel dim as part of "
                 "the kernel; the shape suggests layout=%s.",
                 info->fan_in, info->fan_out, layout);
    }
    if (subnormal > 0.01) {
        warnings[count].field = "dtype";
        snprintf(warnings[count++].text, TID_WARNING_BYTES,
                 "About %.0f %% of the values are subnormal in %s: they lose digits or "
                 "become 0.",
                 100 * subnormal, ti_dtype_name(info->dtype));
    }
    return count;
}
