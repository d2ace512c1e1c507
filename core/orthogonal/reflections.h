/* SPDX-License-Identifier: MIT */
/*
 * How one orthogonal matrix is factorized, in phases of tasks, as <tensorinit/factor.h> has them:
 * called by factor.c, which has the memory and goes through the matrices of a stack.
 */
#ifndef TI_ORTHOGONAL_REFLECTIONS_H
#define TI_ORTHOGONAL_REFLECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "core/orthogonal/factor.h"

/* Blocks (i, j), i <= j, in columns before column j. */
static inline size_t ti_triangle(size_t j) { return j * (j + 1) / 2; }

/* A matrix while it is computed. */
struct ti_work {
    const struct ti_orthogonal_factor *factor;
    /* zeros, at first */
    struct ti_orthogonal_matrix matrix;
    /* number of its first word in a lane */
    uint64_t first_word;
    /* ti_triangle(blocks) square blocks each, with any values */
    double *u, *x;
};

/* For each matrix of the factorization. */
size_t ti_reflections_phases(const struct ti_orthogonal_factor *factor);
size_t ti_reflections_tasks(const struct ti_orthogonal_factor *factor, size_t phase);

/* Computes a task. */
void ti_reflections_run(const struct ti_work *work, size_t phase, size_t task);

#endif
