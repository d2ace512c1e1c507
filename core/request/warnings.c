/* SPDX-License-Identifier: MIT */
/* What is probably a mistake: <tensorinit/warnings.h>. warnings_fans.c looks at fans. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/request/warnings.h"

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

static void warn_name(struct ti_warnings *warnings) {
    const struct ti_plan_info *info = &warnings->plan->info;
    if (!info->random || info->name[0] != '\0') return;
    if (info->elems == 0 || info->std == 0) return; /* no numbers, or always the same */
    snprintf(ti_warning_add(warnings, "name")->text, TI_WARNING_BYTES,
             "No name is given: two unnamed tensors of the same seed get the same random "
             "numbers. Give each tensor of a model its own name.");
}

static void warn_subnormal(struct ti_warnings *warnings) {
    const struct ti_plan_info *info = &warnings->plan->info;
    const double share = info->random ? share_within(info, min_normal(info->dtype)) : 0;
    if (!(share > 0.01)) return;
    snprintf(ti_warning_add(warnings, "dtype")->text, TI_WARNING_BYTES,
             "About %.0f %% of the values are subnormal in %s: they lose digits or "
             "become 0.",
             100 * share, ti_dtype_name(info->dtype));
}

/* The three warnings of torch/nn/init.py ---------------------------------------------- */

static void warn_empty(struct ti_warnings *warnings) {
    const struct ti_plan_info *info = &warnings->plan->info;
    bool empty = false;
    for (unsigned i = 0; i < info->full_rank; i++) empty |= info->full_shape[i] == 0;
    if (!empty) return;
    snprintf(ti_warning_add(warnings, "shape")->text, TI_WARNING_BYTES,
             "A dim is 0: the tensor has no elements. PyTorch says: Initializing "
             "zero-element tensors is a no-op.");
}

static void warn_deprecated(struct ti_warnings *warnings) {
    const char *name = warnings->plan->info.framework_name;
    if (strncmp(name, "torch.", 6) != 0 || name[strlen(name) - 1] == '_') return;
    snprintf(ti_warning_add(warnings, "scheme")->text, TI_WARNING_BYTES,
             "torch.nn.init.%s is deprecated in favor of torch.nn.init.%s_: "
             "'scheme=%s_' is the same.",
             name + 6, name + 6, name);
}

static void warn_mean(struct ti_warnings *warnings) {
    const struct ti_dist *dist = &warnings->plan->dist;
    if (dist->distribution != TI_DISTRIBUTION_TRUNCATED_NORMAL || !dist->bounded ||
        (dist->mean >= dist->low - 2 * dist->sigma &&
         dist->mean <= dist->high + 2 * dist->sigma)) {
        return;
    }
    snprintf(
        ti_warning_add(warnings, "mean")->text, TI_WARNING_BYTES,
        "mean is more than 2 std from the bounds %.6g and %.6g, so all values are in "
        "a tail of the normal. PyTorch's trunc_normal_ is inexact there; these "
        "values are not.",
        dist->low, dist->high);
}

unsigned ti_plan_warnings(const struct ti_spec *spec, const struct ti_plan *plan,
                          struct ti_warning list[TI_WARNINGS_MAX]) {
    struct ti_warnings warnings = {spec, plan, list, 0};
    warn_name(&warnings);
    warn_empty(&warnings);
    warn_deprecated(&warnings);
    warn_mean(&warnings);
    ti_warn_fans(&warnings);
    warn_subnormal(&warnings);
    return warnings.count;
}
