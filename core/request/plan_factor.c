/* SPDX-License-Identifier: MIT */
/*
 * What a plan needs computed before its first element: <tensorinit/factor.h>. The
 * factorization of an orthogonal matrix, or the thresholds of a sparse one.
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

static const char *compute_type(const struct ti_plan *plan) {
    return plan->info.dtype == TI_DTYPE_F64 ? "binary64" : "binary32";
}

/* The key is a hash of everything that the factorization depends on. */
static void set_key(struct ti_plan_info *info, const char *what) {
    char text[320];
    snprintf(text, sizeof text, TI_SPEC_NAME " %s %llu %llu", what,
             (unsigned long long)info->seed, (unsigned long long)info->stream);
    ti_hash_text(text, strlen(text), info->factor_key);
}

static void plan_orthogonal(struct ti_plan *plan) {
    struct ti_plan_info *info = &plan->info;
    const struct ti_matrix *matrix = &plan->sampler.matrix;
    const size_t rows = (size_t)matrix->rows, cols = (size_t)matrix->cols;
    const size_t n = rows > cols ? rows : cols, k = rows > cols ? cols : rows;
    const bool f64 = info->dtype == TI_DTYPE_F64;
    char what[120];
    info->factor_bytes = ti_orthogonal_factor_bytes(n, k, f64);
    info->factor_peak_bytes = ti_orthogonal_factor_peak_bytes(n, k, f64);
    snprintf(what, sizeof what, "orthogonal %zu %zu %s", n, k, compute_type(plan));
    set_key(info, what);
}

/* The columns that the part touches: it selects from both axes independently. */
static struct ti_columns touched_columns(const struct ti_part *part) {
    struct ti_columns columns = {0, 1, 0};
    for (unsigned i = 0; i < part->rank; i++) {
        const struct ti_selection *selection = &part->selection[i];
        if (part->axis[i] != 1) continue;
        const uint64_t step = selection->step < 0 ? 0 - (uint64_t)selection->step
                                                  : (uint64_t)selection->step;
        columns.first = selection->start;
        columns.count = selection->count;
        if (selection->count > 1) columns.step = step;
        if (selection->step < 0) columns.first -= (selection->count - 1) * step;
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
    if (plan->sampler.class == &ti_sampler_orthogonal) plan_orthogonal(plan);
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
        status = ti_orthogonal_factor_make(&plan->sampler, plan->kernels, &made, error);
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
