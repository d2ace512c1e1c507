/* SPDX-License-Identifier: MIT */
/*
 * Factorizations of random orthogonal matrices; the steps have the names that they have
 * in docs/SPEC.md, "Orthogonal".
 *
 * Stewart ("The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal.
 * 17, 1980) multiplies reflections in the directions of fresh normal vectors. Their
 * product is I - V' U^-1 V, with the reflectors as rows of V and with U, the upper
 * triangle of V V', its diagonal halved (Joffrain, Low, Quintana-Orti, van de Geijn, Van
 * Zee: "Accumulating Householder transformations, revisited", ACM TOMS 32, 2006). T
 * solves U T = V' on the square part, signs applied; then any element is a sum of
 * products of V and T.
 *
 * Sums are split into blocks of TI_BLOCK terms, so the bits do not depend on threads or
 * the order of tasks. Some zeros of V and T are stored and summed, which changes no bit:
 * 0 + (0 * x) is 0, and c - 0 is c.
 */
#include "core/orthogonal/factor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/values/fill.h"
#include "core/base/float_state.h"

#define SQUARE ((size_t)TI_BLOCK * TI_BLOCK)

/*
 * Tasks take some milliseconds at most, whatever the shape of the matrix. So sums that are
 * longer than that go on over several phases:
 *
 *   reflectors  a phase has that many coordinates of every row, a task that many in all
 *   products    a task has at most TASK_BLOCKS blocks of U, and a phase adds at most
 *               TASK_PRODUCTS products of blocks to them
 *   solution    a phase has a row of blocks of T and adds at most SOLUTION_PRODUCTS
 *               products to each; a task has one of them
 */
#define TASK_COORDINATES ((size_t)1 << 17)
#define TASK_BLOCKS 8
#define TASK_PRODUCTS 128
#define SOLUTION_PRODUCTS 48

static size_t divide_up(size_t x, size_t y) { return x / y + (x % y > 0); }

static size_t up_to_blocks(size_t x) { return divide_up(x, TI_BLOCK); }

/* Blocks (i, j), i <= j, in columns before column j. */
static size_t triangle(size_t j) { return j * (j + 1) / 2; }

static double *square_at(double *squares, size_t i, size_t j) {
    return squares + (triangle(j) + i) * SQUARE;
}

/* Making ----------------------------------------------------------------------------- */

struct sizes {
    size_t blocks;
    /* in bytes; 'squares' for each of u and x */
    size_t v, t, sign, squares;
};

static struct sizes sizes_of(size_t n, size_t k, bool f64) {
    const size_t blocks = up_to_blocks(k), bytes = f64 ? sizeof(double) : sizeof(float);
    const struct sizes sizes = {
        blocks, bytes * ti_upper_count(up_to_blocks(n) * TI_BLOCK, k),
        bytes * ti_upper_count(blocks * TI_BLOCK, k), blocks * TI_BLOCK * sizeof(double),
        triangle(blocks) * SQUARE * sizeof(double)};
    return sizes;
}

size_t ti_orthogonal_factor_bytes(size_t n, size_t k, bool f64) {
    const struct sizes sizes = sizes_of(n, k, f64);
    return sizeof(struct ti_orthogonal_factor) + sizes.v + sizes.t + sizes.sign;
}

size_t ti_orthogonal_factor_peak_bytes(size_t n, size_t k, bool f64) {
    return ti_orthogonal_factor_bytes(n, k, f64) + 2 * sizes_of(n, k, f64).squares;
}

static void orthogonal_free(struct ti_factor *base) {
    struct ti_orthogonal_factor *factor = (struct ti_orthogonal_factor *)base;
    free(factor->v.data);
    free(factor->t.data);
    free(factor->sign);
    free(factor->u);
    free(factor->x);
    free(factor);
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
    normal.first_block = (uint64_t)2 << 62;
    return normal;
}

/* Reflectors: V and the signs -------------------------------------------------------- */

static double get_value(const void *values, bool f64, size_t at) {
    return f64 ? ((const double *)values)[at] : (double)((const float *)values)[at];
}

static void set_value(void *values, bool f64, size_t at, double value) {
    if (f64) {
        ((double *)values)[at] = value;
    } else {
        ((float *)values)[at] = (float)value;
    }
}

/* Where coordinate l of reflector l is in V. */
static size_t reflector_offset(const struct ti_orthogonal_factor *factor, size_t l) {
    const size_t start = l / TI_BLOCK * TI_BLOCK;
    return ti_upper_offset(factor->v.width, l / TI_BLOCK) +
           (l - start) * (factor->v.width - start) + (l - start);
}

/* Adds the squares of values [at, at + count) of V, the first being coordinate r, to the
   sum of those before. */
static double add_squares(const struct ti_orthogonal_factor *factor, double total,
                          size_t r, size_t at, size_t count) {
    for (size_t i = 0; i < count;) {
        const size_t end = i + TI_BLOCK - (r + i) % TI_BLOCK;
        double part = 0;
        for (; i < count && i < end; i++) {
            const double z = get_value(factor->v.data, factor->f64, at + i);
            part = part + z * z;
        }
        total = total + part;
    }
    return total;
}

/* Coordinates [from, end) of reflector l, end a multiple of TI_BLOCK or n. While they are
   not complete, its sign is the sum of the squares. */
static void reflector(struct ti_orthogonal_factor *factor, size_t l, size_t from,
                      size_t end) {
    const size_t bytes = factor->f64 ? sizeof(double) : sizeof(float);
    const size_t diagonal = reflector_offset(factor, l), first = from > l ? from : l;
    const size_t at = diagonal + (first - l);
    if (first >= end) return;
    ti_fill(&factor->normal, factor->kernels, (uint64_t)l * factor->n + first,
            end - first, (char *)factor->v.data + at * bytes);
    factor->sign[l] = add_squares(factor, factor->sign[l], first, at, end - first);
    if (end < factor->n) return;
    const double norm = sqrt(factor->sign[l]);
    const double z = get_value(factor->v.data, factor->f64, diagonal);
    factor->sign[l] = z > 0 ? -1 : 1;
    set_value(factor->v.data, factor->f64, diagonal, z - factor->sign[l] * norm);
}

static size_t reflector_phases(const struct ti_orthogonal_factor *factor) {
    return divide_up(factor->n, TASK_COORDINATES);
}

/* Rows of a task. */
static size_t reflector_rows(const struct ti_orthogonal_factor *factor) {
    return factor->n < TASK_COORDINATES ? TASK_COORDINATES / factor->n : 1;
}

static void reflectors(struct ti_orthogonal_factor *factor, size_t phase, size_t task) {
    const size_t from = phase * TASK_COORDINATES, left = factor->n - from;
    const size_t end = from + (left < TASK_COORDINATES ? left : TASK_COORDINATES);
    const size_t rows = reflector_rows(factor), first = task * rows;
    for (size_t l = first; l < first + rows && l < factor->k; l++)
        reflector(factor, l, from, end);
}

/* Products: U ------------------------------------------------------------------------ */

/* Coordinates [from, from + TI_BLOCK) of a block's reflectors, in binary64; zeros
   beyond. */
static void square_of_v(const struct ti_orthogonal_factor *factor, size_t block,
                        size_t from, double *out) {
    const size_t stride = factor->v.width - block * TI_BLOCK;
    const size_t at = ti_upper_offset(factor->v.width, block) + from - block * TI_BLOCK;
    const size_t rows = ti_block_rows(factor->k, block);
    memset(out + rows * TI_BLOCK, 0, (TI_BLOCK - rows) * TI_BLOCK * sizeof *out);
    for (size_t row = 0; row < rows; row++) {
        if (factor->f64) {
            memcpy(out + row * TI_BLOCK, (double *)factor->v.data + at + row * stride,
                   TI_BLOCK * sizeof *out);
        } else {
            factor->kernels->widen((float *)factor->v.data + at + row * stride, TI_BLOCK,
                                   out + row * TI_BLOCK);
        }
    }
}

static void transpose(const double *in, double *out) {
    for (size_t i = 0; i < TI_BLOCK; i++) {
        for (size_t j = 0; j < TI_BLOCK; j++)
            out[j * TI_BLOCK + i] = in[i * TI_BLOCK + j];
    }
}

/* The column of blocks, and the first block in it, that a task computes. */
static void find_products(size_t task, size_t *column, size_t *first) {
    for (size_t j = 0;; j++) {
        const size_t tasks = j / TASK_BLOCKS + 1;
        if (task < tasks) {
            *column = j;
            *first = task * TASK_BLOCKS;
            return;
        }
        task -= tasks;
    }
}

static size_t product_tasks(size_t blocks) {
    size_t tasks = 0;
    for (size_t j = 0; j < blocks; j++) tasks += j / TASK_BLOCKS + 1;
    return tasks;
}

/* Coordinates of a phase. */
static size_t product_coordinates(const struct ti_orthogonal_factor *factor) {
    const size_t blocks = factor->blocks < TASK_BLOCKS ? factor->blocks : TASK_BLOCKS;
    return TASK_PRODUCTS / blocks * TI_BLOCK;
}

static size_t product_phases(const struct ti_orthogonal_factor *factor) {
    return divide_up(factor->n, product_coordinates(factor));
}

/* Adds coordinates [from, end) to U[i][j] = sum over r of V[i][r] * V[j][r]. With the
   opposite sign, since kernels subtract. */
static void add_products(struct ti_orthogonal_factor *factor, size_t column, size_t first,
                         size_t last, size_t from, size_t end) {
    double square[SQUARE], transposed[SQUARE];
    for (; from < end; from += TI_BLOCK) {
        square_of_v(factor, column, from, square);
        transpose(square, transposed);
        for (size_t row = first; row <= last; row++) {
            const struct ti_product size = {TI_BLOCK, ti_block_rows(factor->k, row),
                                            TI_BLOCK, TI_BLOCK, TI_BLOCK};
            square_of_v(factor, row, from, square);
            factor->kernels->transposed_f64(&size, square, transposed,
                                            square_at(factor->u, row, column));
        }
    }
}

static void products(struct ti_orthogonal_factor *factor, size_t phase, size_t task) {
    const size_t coordinates = product_coordinates(factor);
    size_t column, first;
    find_products(task, &column, &first);
    const size_t last = first + TASK_BLOCKS > column ? column : first + TASK_BLOCKS - 1;
    size_t from = phase * coordinates, end = from + coordinates;
    if (from < column * TI_BLOCK) from = column * TI_BLOCK; /* V is 0 before */
    if (end > factor->n) end = factor->n;
    add_products(factor, column, first, last, from, end);
    if (end < factor->n) return;
    for (size_t row = first; row <= last; row++) {
        double *u = square_at(factor->u, row, column);
        for (size_t i = 0; i < SQUARE; i++) u[i] = 0 - u[i];
        if (row != column) continue;
        for (size_t i = 0; i < TI_BLOCK; i++) u[i * TI_BLOCK + i] /= 2; /* halved */
    }
}

/* Solution: T ------------------------------------------------------------------------ */

/* Solves within a block on the diagonal, from its last row up. */
static void substitute(const struct ti_orthogonal_factor *factor, const double *u,
                       size_t depth, double *x) {
    for (size_t j = depth; j-- > 0;) {
        const struct ti_product size = {1, j, TI_BLOCK, TI_BLOCK, TI_BLOCK};
        for (size_t y = 0; y < TI_BLOCK; y++) {
            x[j * TI_BLOCK + y] = x[j * TI_BLOCK + y] / u[j * TI_BLOCK + j];
        }
        if (j > 0) factor->kernels->transposed_f64(&size, u + j, x + j * TI_BLOCK, x);
    }
}

/* Stores a block of T in the compute type. */
static void store_t(struct ti_orthogonal_factor *factor, size_t row, size_t column,
                    const double *x) {
    const size_t stride = factor->t.width - row * TI_BLOCK;
    const size_t at = ti_upper_offset(factor->t.width, row) + (column - row) * TI_BLOCK;
    const size_t rows = ti_block_rows(factor->k, row);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < TI_BLOCK; j++) {
            set_value(factor->t.data, factor->f64, at + i * stride + j,
                      x[i * TI_BLOCK + j]);
        }
    }
}

/* Phases of a row of blocks: its longest sums, at the end, have one product for each row
   below. */
static size_t row_phases(size_t rows_below) {
    return rows_below > 0 ? divide_up(rows_below, SOLUTION_PRODUCTS) : 1;
}

static size_t solution_phases(const struct ti_orthogonal_factor *factor) {
    size_t phases = 0;
    for (size_t below = 0; below < factor->blocks; below++) phases += row_phases(below);
    return phases;
}

/* Rows go from the last up. */
static void find_row(const struct ti_orthogonal_factor *factor, size_t phase, size_t *row,
                     size_t *step) {
    size_t below = 0;
    for (; phase >= row_phases(below); below++) phase -= row_phases(below);
    *row = factor->blocks - 1 - below;
    *step = phase;
}

/* A block of T, on the diagonal or right of it: U T = V' with signs, from the last row up.
   Step 0 begins it; further ones go on with the sum. */
static void solution(struct ti_orthogonal_factor *factor, size_t row, size_t step,
                     size_t column) {
    static const struct ti_product size = {TI_BLOCK, TI_BLOCK, TI_BLOCK, TI_BLOCK,
                                           TI_BLOCK};
    const double *sign = factor->sign + column * TI_BLOCK;
    double *x = square_at(factor->x, row, column);
    const size_t first = row + 1 + step * SOLUTION_PRODUCTS;
    const size_t end =
        first + SOLUTION_PRODUCTS < column + 1 ? first + SOLUTION_PRODUCTS : column + 1;
    if (step > 0 && first > column) return; /* complete */
    if (step == 0) {
        square_of_v(factor, row, column * TI_BLOCK, x);
        for (size_t i = 0; i < SQUARE; i++) x[i] = x[i] * sign[i % TI_BLOCK];
    }
    for (size_t j = first; j < end; j++) {
        factor->kernels->transposed_f64(&size, square_at(factor->u, row, j),
                                        square_at(factor->x, j, column), x);
    }
    if (end <= column) return;
    substitute(factor, square_at(factor->u, row, row), ti_block_rows(factor->k, row), x);
    store_t(factor, row, column, x);
}

/* A task of the last phase has ended. */
static void complete(struct ti_orthogonal_factor *factor) {
    if (atomic_fetch_sub(&factor->tasks_left, 1) > 1) return;
    free(factor->u);
    free(factor->x);
    factor->u = factor->x = NULL;
}

/* Running ---------------------------------------------------------------------------- */

enum part { PART_REFLECTORS, PART_PRODUCTS, PART_SOLUTION };

/* The part that a phase is of; '*phase' then counts from the part's first. */
static enum part find_part(const struct ti_orthogonal_factor *factor, size_t *phase) {
    if (*phase < reflector_phases(factor)) return PART_REFLECTORS;
    *phase -= reflector_phases(factor);
    if (*phase < product_phases(factor)) return PART_PRODUCTS;
    *phase -= product_phases(factor);
    return PART_SOLUTION;
}

static unsigned orthogonal_phases(const struct ti_factor *base) {
    const struct ti_orthogonal_factor *factor = (const struct ti_orthogonal_factor *)base;
    return (unsigned)(reflector_phases(factor) + product_phases(factor) +
                      solution_phases(factor));
}

static size_t orthogonal_tasks(const struct ti_factor *base, unsigned phase) {
    const struct ti_orthogonal_factor *factor = (const struct ti_orthogonal_factor *)base;
    size_t number = phase, row, step;
    if (phase >= orthogonal_phases(base)) return 0;
    switch (find_part(factor, &number)) {
    case PART_REFLECTORS:
        return divide_up(factor->k, reflector_rows(factor));
    case PART_PRODUCTS:
        return product_tasks(factor->blocks);
    case PART_SOLUTION:
        break;
    }
    find_row(factor, number, &row, &step);
    return factor->blocks - row;
}

static void orthogonal_run(struct ti_factor *base, unsigned phase, size_t task) {
    struct ti_orthogonal_factor *factor = (struct ti_orthogonal_factor *)base;
    size_t number = phase, row, step;
    switch (find_part(factor, &number)) {
    case PART_REFLECTORS:
        reflectors(factor, number, task);
        break;
    case PART_PRODUCTS:
        products(factor, number, task);
        break;
    case PART_SOLUTION:
        find_row(factor, number, &row, &step);
        solution(factor, row, step, factor->blocks - 1 - task); /* the longest first */
        if (phase + 1 == orthogonal_phases(base)) complete(factor);
        break;
    }
}

enum ti_status ti_orthogonal_factor_make(const struct ti_sampler *sampler,
                                         const struct ti_kernels *kernels,
                                         struct ti_factor **factor,
                                         struct ti_error *error) {
    static const struct ti_factor_class class = {orthogonal_phases, orthogonal_tasks,
                                                 orthogonal_run, orthogonal_free};
    struct ti_orthogonal_factor *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    const struct ti_float_state state = ti_float_enter();
    const struct ti_matrix *matrix = &sampler->matrix;
    made->n = (size_t)(matrix->rows > matrix->cols ? matrix->rows : matrix->cols);
    made->k = (size_t)(matrix->rows > matrix->cols ? matrix->cols : matrix->rows);
    made->base.class = &class;
    made->f64 = sampler->dtype == TI_DTYPE_F64;
    made->normal = reflector_sampler(sampler);
    made->kernels = kernels;
    const struct sizes sizes = sizes_of(made->n, made->k, made->f64);
    made->blocks = sizes.blocks;
    made->v.width = up_to_blocks(made->n) * TI_BLOCK;
    made->t.width = made->blocks * TI_BLOCK;
    made->v.data = calloc(1, sizes.v);
    made->t.data = calloc(1, sizes.t);
    made->sign = calloc(1, sizes.sign);
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): never 0 bytes */
    made->u = calloc(1, sizes.squares);
    made->x = calloc(1, sizes.squares);
    /* of the last phase: one for each column of blocks */
    atomic_init(&made->tasks_left, made->blocks);
    ti_float_leave(state);
    if (!made->v.data || !made->t.data || !made->sign || !made->u || !made->x) {
        orthogonal_free(&made->base);
        return ti_error_nomem(error);
    }
    *factor = &made->base;
    return TI_OK;
}
