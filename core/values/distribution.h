/* SPDX-License-Identifier: MIT */
/*
 * A distribution, resolved: its kind and its numbers in binary64, before any dtype. Schemes
 * (request/schemes/) make it, sampler.c rounds it to a dtype. The one header through which the
 * two halves of the core talk.
 */
#ifndef TI_DISTRIBUTION_H
#define TI_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/plan.h>

/* An integer from text, exactly. 'valid': the text was one. */
struct ti_integer {
    bool valid, negative;
    uint64_t magnitude;
};

/* Fixed patterns: values that follow from an element's place alone. */
enum ti_pattern_kind {
    /* 'value' at elements r * (cols + 1), r < hits; else 0 */
    TI_PATTERN_DIAGONAL,
    /* 'value' at element row * cols + d * step + offset of each row, where d = row modulo
       'period', if d < hits and row < rows; else 0 */
    TI_PATTERN_TAPS,
    /* 'value' at elements [offset, offset + hits); else 0 */
    TI_PATTERN_BLOCK,
    /* 'value' or -value: a Hadamard matrix with 'cols' columns */
    TI_PATTERN_HADAMARD,
    /* weights of a bilinear interpolation: square kernels of cols * cols elements */
    TI_PATTERN_BILINEAR,
};

struct ti_pattern {
    enum ti_pattern_kind kind;
    double value;
    uint64_t rows, cols, hits;
    uint64_t offset, step, period;
};

/* Zeros of a sparse matrix of rows * cols elements: 'zeros' in each column. */
struct ti_sparse_mask {
    uint64_t rows, cols, zeros;
};

#define TI_SPARSE_ROWS_MAX UINT32_MAX
#define TI_SPARSE_COLS_MAX ((uint64_t)1 << 58)

/* Where an orthogonal matrix lies in its tensor. */
struct ti_matrix {
    uint64_t rows, cols;
    /* matrix element m is tensor element base + m * step */
    uint64_t base, step;
    /* the matrix is the whole tensor */
    bool covers_tensor;
    /* its columns are the orthonormal vectors, not its rows: a square one could be either */
    bool columns_orthonormal;
};

/* Max elements of an orthogonal matrix: 16,384 by 16,384. */
#define TI_MATRIX_ELEMS_MAX ((uint64_t)1 << 28)

/* Max of |element / gain| of an orthogonal matrix, rounding included: 1 + 2^-10. */
#define TI_ORTHOGONAL_MAX 1.0009765625

struct ti_dist {
    enum ti_distribution distribution;
    /* normal, truncated_normal, sparse_normal: 'sigma' is the standard deviation before
       truncation, corrections applied */
    double mean, sigma;
    /* uniform on [low, high); constant: both are the value; pattern: min and max value;
       truncated_normal: bounds in value units where 'bounded' */
    double low, high;
    bool bounded;
    /* uniform on (-high, high), low = -high */
    bool symmetric;
    /* truncated_normal: cuts in sigmas */
    double z_low, z_high;
    /* orthogonal: factor on the matrix; other schemes: what the plan reports */
    bool has_gain;
    double gain;
    /* constant, pattern: the value exactly, if it is an integer, and the parameter it is of */
    struct ti_integer integer;
    const char *value_field;
    struct ti_pattern pattern;
    struct ti_sparse_mask mask;
    struct ti_matrix matrix;
};

#endif
