/* SPDX-License-Identifier: MIT */
/*
 * A resolved distribution: its kind and its numbers in binary64, before rounding to a
 * dtype. core/request/schemes/ makes it, sampler.c rounds it to a dtype: the one
 * interface between requests and values.
 */
#ifndef TI_DISTRIBUTION_H
#define TI_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/plan.h>

/* An integer that was read from text, exactly. */
struct ti_integer {
    /* false if the text was not an integer */
    bool valid;
    bool negative;
    uint64_t magnitude;
};

/* Fixed patterns: values that depend on an element's index alone. */
enum ti_pattern_kind {
    /* 'value' at elements r * (cols + 1), r < hits; else 0 */
    TI_PATTERN_DIAGONAL,
    /* 'value' at 'width' elements from row * cols + d * step + offset of each row on, where
       d = row / repeat modulo 'period', if d < hits and row < rows; else 0 */
    TI_PATTERN_TAPS,
    /* 'value' at elements [offset, offset + hits); else 0 */
    TI_PATTERN_BLOCK,
    /* 'value' or -value: Hadamard matrices of rows * cols; neighbours in a row are 'step'
       elements apart, in a column 'period' */
    TI_PATTERN_HADAMARD,
    /* weights of a bilinear interpolation: square kernels of cols * cols elements */
    TI_PATTERN_BILINEAR,
    /* sequences, by the place on the last axis, which has 'cols': number[0] + place * number[1] */
    TI_PATTERN_ARANGE,
    /* number[0] to number[1] */
    TI_PATTERN_LINSPACE,
    /* the logarithm of arange */
    TI_PATTERN_LOG_ARANGE,
    TI_PATTERN_ALIBI,
    /* number[0] is the logarithm of the base; number[1] the factor of Llama 3's scaling or 0,
       number[2] and number[3] those for low and high frequencies, number[4] the length */
    TI_PATTERN_ROPE,
    /* 'rows' positions; number[0] is the logarithm of the base */
    TI_PATTERN_HALVES,
    TI_PATTERN_INTERLEAVED,
    /* positions of a grid of 'period' columns */
    TI_PATTERN_GRID,
    /* 'rows' times and 'cols' frequencies: the sine that 'step' quarters of a turn shift, times the
       window 'offset', an enum ti_window of 'period' intervals, over number[0] */
    TI_PATTERN_STFT,
};

/* Windows, in the order of window= in params.def. */
enum ti_window {
    TI_WINDOW_NONE,
    TI_WINDOW_BOXCAR,
    TI_WINDOW_BARTLETT,
    TI_WINDOW_COSINE,
    TI_WINDOW_HANN,
    TI_WINDOW_HAMMING,
    TI_WINDOW_BLACKMAN,
    TI_WINDOW_NUTTALL,
    TI_WINDOW_BLACKMANHARRIS,
    TI_WINDOW_FLATTOP,
    TI_WINDOW_TUKEY,
};

/* What a mapped uniform does to y, a number of the uniform distribution. */
enum ti_map {
    /* exp(y) */
    TI_MAP_EXP,
    /* log(y) */
    TI_MAP_LOG,
    /* the inverse of softplus of exp(y), or of 'floor' if that is larger */
    TI_MAP_DT,
};

/* A function of offset + (scale * u), clamped to the distribution's low and high. */
struct ti_mapping {
    enum ti_map map;
    double offset, scale, floor;
};

/* The function of y, before it is clamped: mapped.c. */
double ti_map(const struct ti_mapping *mapping, double y);

/* A fixed pattern; enum ti_pattern_kind says which members it uses. */
struct ti_pattern {
    enum ti_pattern_kind kind;
    double value;
    uint64_t rows, cols, hits;
    uint64_t offset, step, period, width, repeat;
    double number[5];
};

/* The window of TI_PATTERN_STFT at time 't': stft.c. */
double ti_stft_window(const struct ti_pattern *pattern, uint64_t t);

/* Elements [first, first + count) of the full tensor. */
struct ti_run {
    uint64_t first, count;
};

/* Outputs of a layer that are copies: 'count' of 'outputs' have the same values. */
struct ti_copies {
    /* 0 for none */
    uint64_t count, outputs;
    /* elements from one output to the next: the outputs are the first axis, and neighbours are
       copies; or 1: they are the last axis, and the copies of an output are outputs/count apart */
    uint64_t unit;
    bool alternate;
};

/*
 * The element of the tensor without copies that 'elem' has the value of; and '*run', how many from
 * 'elem' on have those of its neighbours.
 */
static inline uint64_t ti_copies_source(const struct ti_copies *copies, uint64_t elem,
                                        uint64_t *run) {
    const uint64_t output = elem / copies->unit % copies->outputs,
                   distinct = copies->outputs / copies->count;
    if (copies->alternate) {
        *run = distinct - output % distinct;
        return elem / copies->outputs * distinct + output % distinct;
    }
    *run = copies->unit - elem % copies->unit;
    return output / copies->count * copies->unit + elem % copies->unit;
}

/* Zeros of a sparse matrix. */
struct ti_sparse_mask {
    /* shape of the matrix */
    uint64_t rows, cols;
    /* number of zeros in each column */
    uint64_t zeros;
};

/* Max shape of a sparse matrix: rows are shuffled by 32-bit words, and the words of all
   columns must fit a lane's 2^62 blocks. */
#define TI_SPARSE_ROWS_MAX UINT32_MAX
#define TI_SPARSE_COLS_MAX ((uint64_t)1 << 58)

/* What an axis of a tensor counts that is a stack of matrices at the centre of kernels. */
enum ti_side { TI_SIDE_ROWS, TI_SIDE_COLS, TI_SIDE_BATCH, TI_SIDE_KERNEL, TI_SIDE_COUNT };

/* Axes of one side that are next to each other: a digit of an element's number. */
struct ti_digit {
    enum ti_side side;
    /* elements of the tensor from one value to the next, and from 0 to where the next digit
       changes; 0 for the first axes */
    uint64_t unit, end;
    /* rows, columns, matrices or places of the kernel from one value to the next */
    uint64_t step;
};

/* Orthogonal matrices and their places in the tensor. */
struct ti_matrix {
    uint64_t rows, cols;
    /* the last axes first */
    unsigned digits;
    struct ti_digit digit[TI_MAX_RANK];
    /* the axes that count matrices, as bits */
    uint64_t batches;
    /* the place of the matrices in the kernels */
    uint64_t centre;
    /* the kernels have one place */
    bool covers_tensor;
    /* the columns are orthonormal vectors, else the rows; decides for square matrices,
       too */
    bool columns_orthonormal;
};

/* Max elements of an orthogonal matrix: 16,384 by 16,384. */
#define TI_MATRIX_ELEMS_MAX ((uint64_t)1 << 28)

/* Max elements of those that are factorized together. */
#define TI_STACK_ELEMS_MAX ((uint64_t)1 << 32)

/* Max of |element / gain| of an orthogonal matrix, with rounding errors: 1 + 2^-10. */
#define TI_ORTHOGONAL_MAX 1.0009765625

struct ti_dist {
    enum ti_distribution distribution;
    /* normal, truncated_normal, sparse_normal; constant: 'mean' is the value */
    double mean;
    /* normal, truncated_normal, sparse_normal: standard deviation before truncation, with
       the correction for it applied */
    double sigma;
    /* uniform: the range is [low, high), the constant if low = high; constant: both are the value; pattern: min and
       max value; mapped_uniform: likewise; truncated_normal: bounds in value units if 'bounded' */
    double low, high;
    /* truncated_normal: values are clamped to [low, high] */
    bool bounded;
    /* uniform: the range is (-high, high), and low is -high */
    bool symmetric;
    /* truncated_normal: where the standard normal is cut, in sigmas */
    double z_low, z_high;
    /* orthogonal: 'gain' is the factor on the matrix; other schemes: for the plan's
       description only */
    bool has_gain;
    double gain;
    /* constant: the value is an infinity on purpose, which the dtype has */
    bool infinite;
    /* constant, pattern: the exact value if it is an integer, for integer dtypes */
    struct ti_integer integer;
    /* constant, pattern: the parameter that errors about the value name */
    const char *value_field;
    /* pattern */
    struct ti_pattern pattern;
    /* normal, truncated_normal, uniform: elements that are 0 in place of their values */
    struct ti_run zeros;
    /* normal, truncated_normal, uniform */
    struct ti_copies copies;
    /* mapped_uniform */
    struct ti_mapping mapping;
    /* sparse_normal */
    struct ti_sparse_mask mask;
    /* orthogonal */
    struct ti_matrix matrix;
};

#endif
