/* SPDX-License-Identifier: MIT */
/*
 * What a plan needs computed before its first element: <tensorinit/factor.h>. The
 * factorizations of the orthogonal matrices that the part touches, or the thresholds of a sparse
 * one.
 */
#include <stdio.h>
#include <string.h>

#include <tensorinit/version.h>

#include "core/base/float_state.h"
#include "core/base/hash.h"
#include "core/orthogonal/factor.h"
#include "core/orthogonal/orthogonal_fill.h"
#include "core/request/plan.h"
#include "core/values/sparse_factor.h"

/* Of what a key is a hash of: up to two numbers for each axis. */
#define KEY_BYTES (120 + TI_MAX_RANK * 2 * 21)

static const char *compute_type(const struct ti_plan *plan) {
    return plan->info.dtype == TI_DTYPE_F64 ? "binary64" : "binary32";
}

/* The key is a hash of everything that the factorization depends on. */
static void set_key(struct ti_plan_info *info, const char *what) {
    char text[KEY_BYTES + 100];
    snprintf(text, sizeof text, TI_SPEC_NAME " %s %llu %llu", what,
             (unsigned long long)info->seed, (unsigned long long)info->stream);
    ti_hash_text(text, strlen(text), info->factor_key);
}

/* An axis of a part, from its first place on. */
static struct ti_selection ascending(const struct ti_selection *selection) {
    struct ti_selection found = *selection;
    if (found.step < 0) {
        found.step = -found.step;
        found.start -= (found.count - 1) * (uint64_t)found.step;
    }
    return found;
}

/* The matrices that the part touches, by their numbers in the stack. Of a part they are the same
   in any order of the axes. */
static struct ti_view touched_matrices(const struct ti_plan *plan) {
    const struct ti_part *part = &plan->part;
    struct ti_view batches = {.elems = 1};
    unsigned place[TI_MAX_RANK];
    const uint64_t stacked = plan->sampler.matrix.batches;
    uint64_t unit = 1; /* matrices from one place on the axis to the next */
    for (unsigned i = 0; i < part->rank; i++) {
        place[part->axis[i]] = i;
        if (stacked >> i & 1) unit *= plan->info.full_shape[i];
    }
    for (unsigned i = 0; i < part->rank; i++) {
        const struct ti_selection axis = ascending(&part->selection[place[i]]);
        if (!(stacked >> i & 1)) continue;
        unit /= plan->info.full_shape[i]; /* not 0: the part has elements */
        batches.base += axis.start * unit;
        batches.elems *= axis.count;
        batches.shape[batches.rank] = axis.count;
        batches.stride[batches.rank++] = axis.step * (int64_t)unit;
    }
    ti_view_simplify(&batches);
    return batches;
}

static enum ti_status plan_orthogonal(struct ti_plan *plan, struct ti_error *error) {
    struct ti_plan_info *info = &plan->info;
    const struct ti_matrix *matrix = &plan->sampler.matrix;
    const struct ti_view batches = touched_matrices(plan);
    const struct ti_orthogonal_size size = {matrix->rows, matrix->cols, batches.elems,
                                            info->dtype == TI_DTYPE_F64};
    const uint64_t elems = matrix->rows * matrix->cols;
    char what[KEY_BYTES];
    if (batches.elems > TI_STACK_ELEMS_MAX / elems) {
        return ti_error_set(
            error, TI_ETOOLARGE, "shape",
            "orthogonal matrices that are requested together have at most 2^32 elements; "
            "these are %llu matrices of %llu. Ask for fewer by slice or shard",
            (unsigned long long)batches.elems, (unsigned long long)elems);
    }
    info->factor_of_part = batches.elems > 1;
    info->factor_bytes = ti_orthogonal_factor_bytes(&size);
    info->factor_peak_bytes = ti_orthogonal_factor_peak_bytes(&size);
    int used =
        snprintf(what, sizeof what, "orthogonal %llu %llu %s",
                 (unsigned long long)(size.rows > size.cols ? size.rows : size.cols),
                 (unsigned long long)(size.rows > size.cols ? size.cols : size.rows),
                 compute_type(plan));
    if (batches.base > 0 || batches.rank > 0) {
        used += snprintf(what + used, sizeof what - (size_t)used, " %llu",
                         (unsigned long long)batches.base);
    }
    for (unsigned i = 0; i < batches.rank; i++) {
        used +=
            snprintf(what + used, sizeof what - (size_t)used, " %llu %lld",
                     (unsigned long long)batches.shape[i], (long long)batches.stride[i]);
    }
    set_key(info, what);
    return TI_OK;
}

/* The columns that the part touches: it selects from both axes independently. */
static struct ti_columns touched_columns(const struct ti_part *part) {
    struct ti_columns columns = {0, 1, 0};
    for (unsigned i = 0; i < part->rank; i++) {
        if (part->axis[i] != 1) continue;
        const struct ti_selection selection = ascending(&part->selection[i]);
        columns.first = selection.start;
        columns.count = selection.count;
        if (selection.count > 1) columns.step = (uint64_t)selection.step;
    }
    return columns;
}

static enum ti_status plan_sparse(struct ti_plan *plan, struct ti_error *error) {
    struct ti_plan_info *info = &plan->info;
    const struct ti_sparse_mask *mask = &plan->sampler.mask;
    const struct ti_columns columns = touched_columns(&plan->part);
    char what[240];
    if (!ti_sparse_needs_factor(mask)) return TI_OK;
    if (columns.count > TI_SPARSE_WORK_MAX / mask->rows) {
        return ti_error_set(
            error, TI_ETOOLARGE, "shape",
            "scheme=sparse computes all rows of the requested columns, at most 2^32 "
            "elements; these are %llu rows of %llu columns. Ask for fewer columns by slice "
            "or shard",
            (unsigned long long)mask->rows, (unsigned long long)columns.count);
    }
    info->factor_of_part = columns.count > 1;
    info->factor_bytes = ti_sparse_factor_bytes(&columns);
    info->factor_peak_bytes = ti_sparse_factor_peak_bytes(mask, &columns);
    snprintf(what, sizeof what, "sparse %llu %llu %llu %llu %llu %llu",
             (unsigned long long)mask->rows, (unsigned long long)mask->cols,
             (unsigned long long)mask->zeros, (unsigned long long)columns.first,
             (unsigned long long)columns.step, (unsigned long long)columns.count);
    set_key(info, what);
    return TI_OK;
}

enum ti_status ti_plan_factor(struct ti_plan *plan, struct ti_error *error) {
    if (plan->info.elems == 0) return TI_OK;
    if (plan->sampler.class == &ti_sampler_orthogonal)
        return plan_orthogonal(plan, error);
    return plan->sampler.masked ? plan_sparse(plan, error) : TI_OK;
}

enum ti_status ti_factor_make(const struct ti_plan *plan, struct ti_factor **factor,
                              struct ti_error *error) {
    if (plan->info.factor_bytes == 0) {
        *factor = NULL;
        return TI_OK;
    }
    struct ti_factor *made;
    enum ti_status status;
    if (plan->sampler.masked) {
        const struct ti_columns columns = touched_columns(&plan->part);
        status =
            ti_sparse_factor_make(&plan->sampler, plan->kernels, &columns, &made, error);
    } else {
        const struct ti_view batches = touched_matrices(plan);
        status = ti_orthogonal_factor_make(&plan->sampler, &batches, plan->kernels, &made,
                                           error);
    }
    if (status != TI_OK) return status;
    memcpy(made->key, plan->info.factor_key, sizeof made->key);
    *factor = made;
    return TI_OK;
}

void ti_factor_free(struct ti_factor *factor) {
    if (factor) factor->class->free(factor);
}

unsigned ti_factor_phases(const struct ti_factor *factor) {
    return factor ? factor->class->phases(factor) : 0;
}

size_t ti_factor_tasks(const struct ti_factor *factor, unsigned phase) {
    return factor ? factor->class->tasks(factor, phase) : 0;
}

void ti_factor_run(struct ti_factor *factor, unsigned phase, size_t task) {
    const struct ti_float_state state = ti_float_enter();
    factor->class->run(factor, phase, task);
    ti_float_leave(state);
}

void ti_factor_run_all(struct ti_factor *factor) {
    for (unsigned phase = 0; phase < ti_factor_phases(factor); phase++) {
        const size_t tasks = ti_factor_tasks(factor, phase);
        for (size_t task = 0; task < tasks; task++) ti_factor_run(factor, phase, task);
    }
}

enum ti_status ti_plan_use(struct ti_plan *plan, const struct ti_factor *factor) {
    /* The key has kind, sizes, compute type, seed and stream; "" is none's. */
    if (factor && strcmp(factor->key, plan->info.factor_key) != 0) return TI_EFACTOR;
    plan->factor = factor;
    plan->sampler.thresholds =
        plan->sampler.masked ? (const struct ti_sparse_factor *)factor : NULL;
    return TI_OK;
}
