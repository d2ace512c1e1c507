/* SPDX-License-Identifier: MIT */
/*
 * Warnings about fans: shapes that look like another layout, a stack of matrices, a
 * kernel of attention heads, a depthwise kernel, or fused matrices. Each change that a
 * warning offers has been tried: the request takes it, and the standard deviation is then
 * another one.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/request/hints.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/warnings.h"

/* Kernels of convolutions are rarely larger, channel counts rarely as small. */
#define KERNEL_DIM_MAX 11
/* Matrices of a stack are rarely smaller. */
#define MATRIX_DIM_MIN 32

static bool all_small(const uint64_t *dims, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (dims[i] > KERNEL_DIM_MAX) return false;
    }
    return true;
}

static bool both_above(const uint64_t *dims, uint64_t limit) {
    return dims[0] > limit && dims[1] > limit;
}

/* A kernel of two axes or more, all of the same small size. */
static bool is_square(const uint64_t *dims, unsigned count) {
    for (unsigned i = 1; i < count; i++) {
        if (dims[i] != dims[0]) return false;
    }
    return count >= 2 && all_small(dims, count);
}

/* Trials ----------------------------------------------------------------------------- */

/* Whether a change is taken, and changes the values. */
static bool is_useful(const struct ti_warnings *warnings, const char *change,
                      double *std) {
    *std = NAN;
    return ti_hints_try(warnings->spec, change, std, NULL) && !isnan(*std) &&
           *std != warnings->plan->info.std;
}

/* Of the offers in a warning; the rest is for the sentence before them. */
#define OFFERS_BYTES (TI_WARNING_BYTES - 80)

/* Appends "If it is WHAT: 'CHANGE'." with the first useful of the changes. */
static bool offer(const struct ti_warnings *warnings, char *text, const char *what,
                  const char *const *changes, size_t count) {
    const size_t used = strlen(text);
    double std;
    for (size_t i = 0; i < count; i++) {
        if (!is_useful(warnings, changes[i], &std)) continue;
        snprintf(text + used, OFFERS_BYTES - used, " If it is %s: '%s'.", what,
                 changes[i]);
        return true;
    }
    return false;
}

/* Fans that are given outright: only those that matter. */
static void fans_change(const struct ti_warnings *warnings, uint64_t in, uint64_t out,
                        char change[64]) {
    char both[64], one[64];
    double with_both, with_one;
    snprintf(both, sizeof both, "fan_in=%" PRIu64 "&fan_out=%" PRIu64, in, out);
    snprintf(change, 64, "%s", both);
    if (!is_useful(warnings, both, &with_both)) return;
    snprintf(one, sizeof one, "fan_in=%" PRIu64, in);
    if (is_useful(warnings, one, &with_one) && with_one == with_both) {
        snprintf(change, 64, "%s", one);
        return;
    }
    snprintf(one, sizeof one, "fan_out=%" PRIu64, out);
    if (is_useful(warnings, one, &with_one) && with_one == with_both) {
        snprintf(change, 64, "%s", one);
    }
}

/* Rank 3 ----------------------------------------------------------------------------- */

/* [batch, in, out], or [batch, out, in] in the order of PyTorch. */
static void offer_stack(const struct ti_warnings *warnings, bool io, char *text) {
    const uint64_t *shape = warnings->plan->info.full_shape;
    char what[64], fans[64];
    fans_change(warnings, shape[io ? 1 : 2], shape[io ? 2 : 1], fans);
    const char *const changes_io[] = {"batch_axis=0", "input_axes=1&output_axes=2", fans};
    const char *const changes_oi[] = {"in_axis=2&out_axis=1&batch_axis=0", fans};
    snprintf(what, sizeof what, "a stack of %" PRIu64 " matrices", shape[0]);
    if (io) {
        (void)offer(warnings, text, what, changes_io, 3);
    } else {
        (void)offer(warnings, text, what, changes_oi, 2);
    }
}

/* The same for orthogonal matrices, which have no fans. */
static void offer_matrices(const struct ti_warnings *warnings, char *text) {
    const struct ti_plan_info *info = &warnings->plan->info;
    char what[64], scheme[80];
    snprintf(what, sizeof what, "a stack of %" PRIu64 " matrices", info->full_shape[0]);
    snprintf(scheme, sizeof scheme, "scheme=%s&batch_axis=0", info->scheme);
    const char *const changes[] = {"batch_axis=0", scheme};
    (void)offer(warnings, text, what, changes, 2);
}

/* [in, heads, head] of a query, [heads, head, out] of an attention's output. */
static void offer_heads(const struct ti_warnings *warnings, char *text) {
    const uint64_t *shape = warnings->plan->info.full_shape;
    const bool first_is_in = shape[0] >= shape[2];
    char fans[64];
    if (first_is_in) {
        fans_change(warnings, shape[0], shape[1] * shape[2], fans);
        const char *const changes[] = {"in_axis=0&out_axis=1,2",
                                       "input_axes=0&output_axes=1,2", fans};
        (void)offer(warnings, text, "a kernel [in, heads, head]", changes, 3);
    } else {
        fans_change(warnings, shape[0] * shape[1], shape[2], fans);
        const char *const changes[] = {"in_axis=0,1&out_axis=2",
                                       "input_axes=0,1&output_axes=2", fans};
        (void)offer(warnings, text, "a kernel [heads, head, out]", changes, 3);
    }
}

static bool looks_stacked(const uint64_t *shape, bool io) {
    const bool matrices = both_above(shape + 1, MATRIX_DIM_MIN - 1);
    if (!io) return matrices;
    /* A kernel of a convolution along one axis has an odd width, mostly. */
    if (shape[0] <= KERNEL_DIM_MAX && shape[0] % 2 == 1) return false;
    return matrices || (shape[0] >= MATRIX_DIM_MIN && shape[2] > 1);
}

/* Layouts ---------------------------------------------------------------------------- */

/*
 * The layout that the shape of a convolution's kernel suggests, if it is not the one that
 * is used; else NULL.
 */
static const char *other_layout(const struct ti_plan_info *info, bool io) {
    const unsigned rank = info->full_rank;
    const uint64_t *shape = info->full_shape;
    if (!io && all_small(shape, rank - 2) && both_above(shape + rank - 2, KERNEL_DIM_MAX))
        return "layout=io";
    if (io && all_small(shape + 2, rank - 2) && both_above(shape, KERNEL_DIM_MAX))
        return "layout=oi";
    /* The first convolution has few channels of input: its kernel is square, and would be
       wide in the other layout. */
    const bool oi_kernel = is_square(shape + 2, rank - 2);
    const bool io_kernel = is_square(shape, rank - 2);
    if (!io && io_kernel && !all_small(shape + 2, rank - 2)) return "layout=io";
    if (io && oi_kernel && !all_small(shape, rank - 2)) return "layout=oi";
    return NULL;
}

/* Names of frameworks take no layout: fans, or the scheme that takes it. */
static void offer_layout(const struct ti_warnings *warnings, const char *layout,
                         char *text) {
    const struct ti_plan_info *info = &warnings->plan->info;
    const uint64_t *shape = info->full_shape;
    const unsigned rank = info->full_rank;
    const bool io = strcmp(layout, "layout=io") == 0;
    char scheme[80], fans[64];
    uint64_t kernel = 1;
    for (unsigned i = 0; i < rank - 2; i++) kernel *= shape[io ? i : i + 2];
    fans_change(warnings, shape[io ? rank - 2 : 1] * kernel,
                shape[io ? rank - 1 : 0] * kernel, fans);
    snprintf(scheme, sizeof scheme, "scheme=%s&%s", info->scheme, layout);
    const char *const changes[] = {layout, fans, scheme};
    (void)offer(warnings, text,
                io ? "a kernel [*kernel, in, out]" : "a kernel [out, in, *kernel]",
                changes, 3);
}

/* ------------------------------------------------------------------------------------ */

/* Keras' depthwise kernel, [*kernel, channels, 1], has an input for each kernel only. */
static void offer_depthwise(const struct ti_warnings *warnings, char *text) {
    const struct ti_plan_info *info = &warnings->plan->info;
    const uint64_t *shape = info->full_shape;
    const unsigned rank = info->full_rank;
    char change[40];
    uint64_t kernel = 1;
    if (shape[rank - 1] != 1 || shape[rank - 2] <= 1 || !all_small(shape, rank - 2)) {
        return;
    }
    for (unsigned i = 0; i < rank - 2; i++) kernel *= shape[i];
    snprintf(change, sizeof change, "fan_in=%" PRIu64, kernel);
    const char *const changes[] = {change};
    (void)offer(warnings, text, "a depthwise kernel", changes, 1);
}

/* Fused matrices of query, key and value have the fan_out of one of them. */
static void offer_fused(const struct ti_warnings *warnings, bool io, char *text) {
    const uint64_t *shape = warnings->plan->info.full_shape;
    const uint64_t in = shape[io ? 0 : 1], out = shape[io ? 1 : 0];
    char change[40];
    if (in < MATRIX_DIM_MIN || out / 3 != in || out % 3 != 0) return;
    snprintf(change, sizeof change, "fan_out=%" PRIu64, in);
    const char *const changes[] = {change};
    (void)offer(warnings, text, "query, key and value, fused", changes, 1);
}

/* Whether the request says itself what the axes are. */
static bool says_axes(const struct ti_spec *spec) {
    static const enum ti_param params[] = {
        TI_PARAM_fan_in,      TI_PARAM_fan_out,     TI_PARAM_in_axis,
        TI_PARAM_out_axis,    TI_PARAM_batch_axis,  TI_PARAM_input_axes,
        TI_PARAM_fan_in_axes, TI_PARAM_output_axes, TI_PARAM_d_model,
        TI_PARAM_groups,      TI_PARAM_transposed};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        if (spec->given[params[i]]) return true;
    }
    return false;
}

void ti_warn_fans(struct ti_warnings *warnings) {
    const struct ti_spec *spec = warnings->spec;
    const struct ti_plan_info *info = &warnings->plan->info;
    const bool io = strstr(info->query, "&layout=io") != NULL;
    const bool torch = strncmp(info->framework_name, "torch.", 6) == 0;
    char text[OFFERS_BYTES] = "";
    if (info->full_rank < 2 || info->elems == 0 || says_axes(spec) ||
        !ti_scheme_has(ti_scheme_at(spec->scheme), TI_PARAM_layout)) {
        return;
    }
    const char *layout = info->full_rank > 2 ? other_layout(info, io) : NULL;
    const bool orthogonal = info->distribution == TI_DISTRIBUTION_ORTHOGONAL;
    const bool stacked = info->full_rank == 3 && (info->has_fan_in || orthogonal) &&
                         !spec->given[TI_PARAM_layout] &&
                         looks_stacked(info->full_shape, io);
    if (info->full_rank == 2) {
        offer_fused(warnings, io, text);
    } else {
        if (stacked && orthogonal) offer_matrices(warnings, text);
        if (stacked && !orthogonal) offer_stack(warnings, io, text);
        /* PyTorch has neither such kernels nor that layout. */
        if (stacked && !torch && !orthogonal) offer_heads(warnings, text);
        if (layout && !(stacked && torch)) offer_layout(warnings, layout, text);
        if (io && !stacked && !layout) offer_depthwise(warnings, text);
    }
    if (!*text) return;
    struct ti_warning *warning =
        ti_warning_add(warnings, layout && !stacked ? "layout" : "shape");
    if (info->has_fan_in && info->has_fan_out) {
        snprintf(warning->text, sizeof warning->text,
                 "fan_in is %" PRIu64 " and fan_out %" PRIu64 " for this shape.%s",
                 info->fan_in, info->fan_out, text);
    } else {
        snprintf(warning->text, sizeof warning->text, "The shape looks like one of %s.%s",
                 stacked ? "several matrices" : "another layout", text);
    }
}
