/* SPDX-License-Identifier: MIT */
/*
 * The factorization of a random orthogonal matrix; the steps have the names that they have
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
#include "core/orthogonal/reflections.h"

#include <math.h>
#include <string.h>

#include "core/base/sizes.h"
#include "core/values/fill.h"

/*
 * Tasks take some milliseconds at most, whatever the shape of the matrix. So sums that are
 * longer than that go on over several phases:
 *
 *   reflectors  a phase has TASK_COORDINATES of every row, a task as many in all
 *   products    a task has at most TASK_BLOCKS blocks of U, and a phase adds at most
 *               TASK_PRODUCTS products of blocks to them
 *   solution    a phase has a row of blocks of T and adds at most SOLUTION_PRODUCTS
 *               products to each; a task has one of them
 */
#define TASK_COORDINATES ((size_t)1 << 17)
#define TASK_BLOCKS 8
#define TASK_PRODUCTS 128
#define SOLUTION_PRODUCTS 48

static double *square_at(double *squares, size_t i, size_t j) {
    return squares + (ti_triangle(j) + i) * TI_SQUARE;
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
static size_t reflector_offset(const struct ti_work *work, size_t l) {
    const size_t start = l / TI_BLOCK * TI_BLOCK;
    return ti_upper_offset(work->matrix.v.width, l / TI_BLOCK) +
           (l - start) * (work->matrix.v.width - start) + (l - start);
}

/* Adds the squares of values [at, at + count) of V, the first being coordinate r, to the
   sum of those before. */
static double add_squares(const struct ti_work *work, double total, size_t r, size_t at,
                          size_t count) {
    for (size_t i = 0; i < count;) {
        const size_t end = i + TI_BLOCK - (r + i) % TI_BLOCK;
        double part = 0;
        for (; i < count && i < end; i++) {
            const double z = get_value(work->matrix.v.data, work->factor->f64, at + i);
            part = part + z * z;
        }
        total = total + part;
    }
    return total;
}

/* Coordinates [from, end) of reflector l, end a multiple of TI_BLOCK or n. While they are
   not complete, its sign is the sum of the squares. */
static void reflector(const struct ti_work *work, size_t l, size_t from, size_t end) {
    const size_t bytes = work->factor->f64 ? sizeof(double) : sizeof(float);
    const size_t diagonal = reflector_offset(work, l), first = from > l ? from : l;
    const size_t at = diagonal + (first - l);
    if (first >= end) return;
    ti_fill(&work->factor->normal, work->factor->kernels,
            work->first_word + (uint64_t)l * work->factor->n + first, end - first,
            (char *)work->matrix.v.data + at * bytes);
    work->matrix.sign[l] =
        add_squares(work, work->matrix.sign[l], first, at, end - first);
    if (end < work->factor->n) return;
    const double norm = sqrt(work->matrix.sign[l]);
    const double z = get_value(work->matrix.v.data, work->factor->f64, diagonal);
    work->matrix.sign[l] = z > 0 ? -1 : 1;
    set_value(work->matrix.v.data, work->factor->f64, diagonal,
              z - work->matrix.sign[l] * norm);
}

static size_t reflector_phases(const struct ti_orthogonal_factor *factor) {
    return ti_divide_up(factor->n, TASK_COORDINATES);
}

/* Rows of a task. */
static size_t reflector_rows(const struct ti_orthogonal_factor *factor) {
    return factor->n < TASK_COORDINATES ? TASK_COORDINATES / factor->n : 1;
}

static void reflectors(const struct ti_work *work, size_t phase, size_t task) {
    const size_t from = phase * TASK_COORDINATES;
    const size_t end = ti_min(from + TASK_COORDINATES, work->factor->n);
    const size_t rows = reflector_rows(work->factor), first = task * rows;
    for (size_t l = first; l < first + rows && l < work->factor->k; l++)
        reflector(work, l, from, end);
}

/* Products: U ------------------------------------------------------------------------ */

/* Coordinates [from, from + TI_BLOCK) of a block's reflectors, in binary64; zeros
   beyond. */
static void square_of_v(const struct ti_work *work, size_t block, size_t from,
                        double *out) {
    const size_t stride = work->matrix.v.width - block * TI_BLOCK;
    const size_t at =
        ti_upper_offset(work->matrix.v.width, block) + from - block * TI_BLOCK;
    const size_t rows = ti_block_rows(work->factor->k, block);
    memset(out + rows * TI_BLOCK, 0, (TI_BLOCK - rows) * TI_BLOCK * sizeof *out);
    for (size_t row = 0; row < rows; row++) {
        if (work->factor->f64) {
            memcpy(out + row * TI_BLOCK,
                   (double *)work->matrix.v.data + at + row * stride,
                   TI_BLOCK * sizeof *out);
        } else {
            work->factor->kernels->widen((float *)work->matrix.v.data + at + row * stride,
                                         TI_BLOCK, out + row * TI_BLOCK);
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
    return TASK_PRODUCTS / ti_min(factor->blocks, TASK_BLOCKS) * TI_BLOCK;
}

static size_t product_phases(const struct ti_orthogonal_factor *factor) {
    return ti_divide_up(factor->n, product_coordinates(factor));
}

/* Adds coordinates [from, end) to U[i][j] = sum over r of V[i][r] * V[j][r]. With the
   opposite sign, since kernels subtract. */
static void add_products(const struct ti_work *work, size_t column, size_t first,
                         size_t last, size_t from, size_t end) {
    double square[TI_SQUARE], transposed[TI_SQUARE];
    for (; from < end; from += TI_BLOCK) {
        square_of_v(work, column, from, square);
        transpose(square, transposed);
        for (size_t row = first; row <= last; row++) {
            const struct ti_product size = {TI_BLOCK, ti_block_rows(work->factor->k, row),
                                            TI_BLOCK, TI_BLOCK, TI_BLOCK};
            square_of_v(work, row, from, square);
            work->factor->kernels->transposed_f64(&size, square, transposed,
                                                  square_at(work->u, row, column));
        }
    }
}

static void products(const struct ti_work *work, size_t phase, size_t task) {
    const size_t coordinates = product_coordinates(work->factor);
    size_t column, first;
    find_products(task, &column, &first);
    const size_t last = ti_min(first + TASK_BLOCKS - 1, column);
    size_t from = phase * coordinates, end = from + coordinates;
    if (from < column * TI_BLOCK) from = column * TI_BLOCK; /* V is 0 before */
    if (end > work->factor->n) end = work->factor->n;
    if (phase == 0) {
        memset(square_at(work->u, first, column), 0,
               (last - first + 1) * TI_SQUARE * sizeof *work->u);
    }
    add_products(work, column, first, last, from, end);
    if (end < work->factor->n) return;
    for (size_t row = first; row <= last; row++) {
        double *u = square_at(work->u, row, column);
        for (size_t i = 0; i < TI_SQUARE; i++) u[i] = 0 - u[i];
        if (row != column) continue;
        for (size_t i = 0; i < TI_BLOCK; i++) u[i * TI_BLOCK + i] /= 2; /* halved */
    }
}

/* Solution: T ------------------------------------------------------------------------ */

/* Solves within a block on the diagonal, from its last row up. */
static void substitute(const struct ti_work *work, const double *u, size_t depth,
                       double *x) {
    for (size_t j = depth; j-- > 0;) {
        const struct ti_product size = {1, j, TI_BLOCK, TI_BLOCK, TI_BLOCK};
        for (size_t y = 0; y < TI_BLOCK; y++) {
            x[j * TI_BLOCK + y] = x[j * TI_BLOCK + y] / u[j * TI_BLOCK + j];
        }
        if (j > 0)
            work->factor->kernels->transposed_f64(&size, u + j, x + j * TI_BLOCK, x);
    }
}

/* Stores a block of T in the compute type. */
static void store_t(const struct ti_work *work, size_t row, size_t column,
                    const double *x) {
    const size_t stride = work->matrix.t.width - row * TI_BLOCK;
    const size_t at =
        ti_upper_offset(work->matrix.t.width, row) + (column - row) * TI_BLOCK;
    const size_t rows = ti_block_rows(work->factor->k, row);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < TI_BLOCK; j++) {
            set_value(work->matrix.t.data, work->factor->f64, at + i * stride + j,
                      x[i * TI_BLOCK + j]);
        }
    }
}

/* Phases of a row of blocks: its longest sums, at the end, have one product for each row
   below. */
static size_t row_phases(size_t rows_below) {
    return rows_below > 0 ? ti_divide_up(rows_below, SOLUTION_PRODUCTS) : 1;
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
static void solution(const struct ti_work *work, size_t row, size_t step, size_t column) {
    static const struct ti_product size = {TI_BLOCK, TI_BLOCK, TI_BLOCK, TI_BLOCK,
                                           TI_BLOCK};
    const double *sign = work->matrix.sign + column * TI_BLOCK;
    double *x = square_at(work->x, row, column);
    const size_t first = row + 1 + step * SOLUTION_PRODUCTS;
    const size_t end = ti_min(first + SOLUTION_PRODUCTS, column + 1);
    if (step > 0 && first > column) return; /* complete */
    if (step == 0) {
        square_of_v(work, row, column * TI_BLOCK, x);
        for (size_t i = 0; i < TI_SQUARE; i++) x[i] = x[i] * sign[i % TI_BLOCK];
    }
    for (size_t j = first; j < end; j++) {
        work->factor->kernels->transposed_f64(&size, square_at(work->u, row, j),
                                              square_at(work->x, j, column), x);
    }
    if (end <= column) return;
    substitute(work, square_at(work->u, row, row), ti_block_rows(work->factor->k, row),
               x);
    store_t(work, row, column, x);
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

size_t ti_reflections_phases(const struct ti_orthogonal_factor *factor) {
    return reflector_phases(factor) + product_phases(factor) + solution_phases(factor);
}

size_t ti_reflections_tasks(const struct ti_orthogonal_factor *factor, size_t phase) {
    size_t row, step;
    switch (find_part(factor, &phase)) {
    case PART_REFLECTORS:
        return ti_divide_up(factor->k, reflector_rows(factor));
    case PART_PRODUCTS:
        return product_tasks(factor->blocks);
    case PART_SOLUTION:
        break;
    }
    find_row(factor, phase, &row, &step);
    return factor->blocks - row;
}

void ti_reflections_run(const struct ti_work *work, size_t phase, size_t task) {
    size_t row, step;
    switch (find_part(work->factor, &phase)) {
    case PART_REFLECTORS:
        reflectors(work, phase, task);
        break;
    case PART_PRODUCTS:
        products(work, phase, task);
        break;
    case PART_SOLUTION:
        find_row(work->factor, phase, &row, &step);
        /* the longest first */
        solution(work, row, step, work->factor->blocks - 1 - task);
        break;
    }
}
