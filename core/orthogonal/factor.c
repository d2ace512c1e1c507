/* SPDX-License-Identifier: MIT */
/*
 * Factorizations of orthogonal matrices: memory, and the order of the matrices of a stack. What is
 * computed for each is in reflections.c.
 *
 * Matrices are computed in groups, one group after another, which share the memory of what only
 * the computation needs. Tasks of a phase are those of one phase of all matrices of a group.
 */
#include "core/orthogonal/factor.h"

#include <stdlib.h>

#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/base/sizes.h"
#include "core/orthogonal/reflections.h"

/*
 * A group has as many matrices as have U and X in GROUP_BYTES: enough for all threads, where
 * matrices are small. Large ones have tasks enough by themselves.
 */
#define GROUP_BYTES ((size_t)32 << 20)

/* Making ----------------------------------------------------------------------------- */

/* Of one matrix, in bytes; 'squares' for each of u and x. */
struct sizes {
    size_t n, k, blocks, v, t, sign, squares;
};

static struct sizes sizes_of(const struct ti_orthogonal_size *size) {
    const size_t bytes = size->f64 ? sizeof(double) : sizeof(float);
    const bool tall = size->rows > size->cols;
    struct sizes sizes = {.n = (size_t)(tall ? size->rows : size->cols),
                          .k = (size_t)(tall ? size->cols : size->rows)};
    sizes.blocks = ti_divide_up(sizes.k, TI_BLOCK);
    sizes.v = bytes * ti_upper_count(ti_round_up(sizes.n, TI_BLOCK), sizes.k);
    sizes.t = bytes * ti_upper_count(sizes.blocks * TI_BLOCK, sizes.k);
    sizes.sign = sizes.blocks * TI_BLOCK * sizeof(double);
    sizes.squares = ti_triangle(sizes.blocks) * TI_SQUARE * sizeof(double);
    return sizes;
}

static size_t group_of(const struct sizes *sizes, uint64_t count) {
    const size_t max = 1 + GROUP_BYTES / (2 * sizes->squares);
    return count < max ? (size_t)count : max;
}

size_t ti_orthogonal_factor_bytes(const struct ti_orthogonal_size *size) {
    const struct sizes sizes = sizes_of(size);
    const size_t of_one = sizes.v + sizes.t + sizes.sign,
                 rest = SIZE_MAX - sizeof(struct ti_orthogonal_factor);
    if (size->count > rest / of_one) return SIZE_MAX;
    return sizeof(struct ti_orthogonal_factor) + (size_t)size->count * of_one;
}

size_t ti_orthogonal_factor_peak_bytes(const struct ti_orthogonal_size *size) {
    const struct sizes sizes = sizes_of(size);
    const size_t complete = ti_orthogonal_factor_bytes(size),
                 more = group_of(&sizes, size->count) * 2 * sizes.squares;
    return more > SIZE_MAX - complete ? SIZE_MAX : complete + more;
}

static void orthogonal_free(struct ti_factor *base) {
    struct ti_orthogonal_factor *factor = (struct ti_orthogonal_factor *)base;
    free(factor->v);
    free(factor->t);
    free(factor->sign);
    free(factor->u);
    free(factor->x);
    free(factor);
}

/* Matrix 'index' of those that the factorization has. */
static struct ti_orthogonal_matrix matrix_at(const struct ti_orthogonal_factor *factor,
                                             size_t index) {
    const struct ti_orthogonal_size size = {factor->n, factor->k, 1, factor->f64};
    const struct sizes sizes = sizes_of(&size);
    const struct ti_orthogonal_matrix matrix = {
        {ti_round_up(factor->n, TI_BLOCK), (char *)factor->v + index * sizes.v},
        {factor->blocks * TI_BLOCK, (char *)factor->t + index * sizes.t},
        factor->sign + index * (factor->blocks * TI_BLOCK)};
    return matrix;
}

struct ti_orthogonal_matrix
ti_orthogonal_matrix_get(const struct ti_orthogonal_factor *factor, uint64_t batch) {
    const struct ti_view *batches = &factor->batches;
    uint64_t rest = batch - batches->base, index = 0;
    for (unsigned i = 0; i < batches->rank; i++) {
        /* A step is longer than all smaller ones together. */
        const uint64_t step = (uint64_t)batches->stride[i];
        index = index * batches->shape[i] + rest / step;
        rest %= step;
    }
    return matrix_at(factor, (size_t)index);
}

/* The number in the stack of a matrix that the factorization has. */
static uint64_t batch_at(const struct ti_view *batches, uint64_t index) {
    uint64_t batch = batches->base;
    for (unsigned i = batches->rank; i-- > 0; index /= batches->shape[i])
        batch += index % batches->shape[i] * (uint64_t)batches->stride[i];
    return batch;
}

/* A standard normal sampler that uses lanes 2 and 3 of the tensor's stream. */
static struct ti_sampler reflector_sampler(const struct ti_sampler *sampler) {
    const struct ti_dist dist = {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1};
    struct ti_sampler normal = {0};
    const enum ti_dtype dtype =
        sampler->dtype == TI_DTYPE_F64 ? TI_DTYPE_F64 : TI_DTYPE_F32;
    enum ti_status status = ti_sampler_make(&dist, dtype, 0, 0, &normal, NULL);
    (void)status; /* cannot fail: every dtype holds these numbers */
    normal.philox = sampler->philox;
    normal.first_block = TI_LANE(2);
    return normal;
}

/* Running ---------------------------------------------------------------------------- */

/* A task of the last phase has ended. */
static void complete(struct ti_orthogonal_factor *factor) {
    if (atomic_fetch_sub(&factor->tasks_left, 1) > 1) return;
    free(factor->u);
    free(factor->x);
    factor->u = factor->x = NULL;
}

static size_t count_of(const struct ti_orthogonal_factor *factor) {
    return (size_t)factor->batches.elems;
}

/* Matrices of the group that a phase is of. */
static size_t members(const struct ti_orthogonal_factor *factor, size_t group) {
    return ti_min(count_of(factor) - group * factor->group, factor->group);
}

static unsigned orthogonal_phases(const struct ti_factor *base) {
    const struct ti_orthogonal_factor *factor = (const struct ti_orthogonal_factor *)base;
    const size_t groups = ti_divide_up(count_of(factor), factor->group);
    return (unsigned)(groups * ti_reflections_phases(factor));
}

static size_t orthogonal_tasks(const struct ti_factor *base, unsigned phase) {
    const struct ti_orthogonal_factor *factor = (const struct ti_orthogonal_factor *)base;
    const size_t phases = ti_reflections_phases(factor);
    if (phase >= orthogonal_phases(base)) return 0;
    return members(factor, phase / phases) * ti_reflections_tasks(factor, phase % phases);
}

static void orthogonal_run(struct ti_factor *base, unsigned phase, size_t task) {
    struct ti_orthogonal_factor *factor = (struct ti_orthogonal_factor *)base;
    const size_t phases = ti_reflections_phases(factor), of_one = phase % phases;
    const size_t tasks = ti_reflections_tasks(factor, of_one), member = task / tasks;
    const size_t index = phase / phases * factor->group + member;
    const size_t squares = member * ti_triangle(factor->blocks) * TI_SQUARE;
    const struct ti_work work = {.factor = factor,
                                 .matrix = matrix_at(factor, index),
                                 .first_word = batch_at(&factor->batches, index) *
                                               factor->n * factor->k,
                                 .u = factor->u + squares,
                                 .x = factor->x + squares};
    ti_reflections_run(&work, of_one, task % tasks);
    if (phase + 1 == orthogonal_phases(base)) complete(factor);
}

enum ti_status ti_orthogonal_factor_make(const struct ti_sampler *sampler,
                                         const struct ti_view *batches,
                                         const struct ti_kernels *kernels,
                                         struct ti_factor **factor,
                                         struct ti_error *error) {
    static const struct ti_factor_class class = {orthogonal_phases, orthogonal_tasks,
                                                 orthogonal_run, orthogonal_free};
    const struct ti_orthogonal_size size = {sampler->matrix.rows, sampler->matrix.cols,
                                            batches->elems,
                                            sampler->dtype == TI_DTYPE_F64};
    const struct sizes sizes = sizes_of(&size);
    struct ti_orthogonal_factor *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    const struct ti_float_state state = ti_float_enter();
    made->base.class = &class;
    made->batches = *batches;
    made->n = sizes.n;
    made->k = sizes.k;
    made->blocks = sizes.blocks;
    made->f64 = size.f64;
    made->normal = reflector_sampler(sampler);
    made->kernels = kernels;
    made->group = group_of(&sizes, size.count);
    const size_t count = count_of(made);
    made->v = calloc(count, sizes.v);
    made->t = calloc(count, sizes.t);
    made->sign = calloc(count, sizes.sign);
    made->u = malloc(made->group * sizes.squares);
    made->x = malloc(made->group * sizes.squares);
    atomic_init(&made->tasks_left,
                orthogonal_tasks(&made->base, orthogonal_phases(&made->base) - 1));
    ti_float_leave(state);
    if (!made->v || !made->t || !made->sign || !made->u || !made->x) {
        orthogonal_free(&made->base);
        return ti_error_nomem(error);
    }
    *factor = &made->base;
    return TI_OK;
}
