/* SPDX-License-Identifier: MIT */
/*
 * Haar-distributed orthogonal matrices: Saxe, McClelland, Ganguli, "Exact solutions to
 * the nonlinear dynamics of learning in deep linear neural networks", 2013; and such
 * matrices at the centre of a convolution's kernel: Xiao et al., "Dynamical isometry and
 * a mean field theory of CNNs", 2018.
 */
#include "core/request/schemes/schemes.h"

/* Sets the places of the matrices; 'side' is that of each axis. */
static void set_places(const struct ti_spec *spec, const enum ti_side *side,
                       struct ti_matrix *matrix) {
    uint64_t unit = 1, step[TI_SIDE_COUNT] = {1, 1, 1, 1};
    for (unsigned i = spec->rank; i-- > 0;) {
        const uint64_t dim = spec->shape[i];
        struct ti_digit *last =
            matrix->digits > 0 ? &matrix->digit[matrix->digits - 1] : NULL;
        if (dim == 1) continue;
        if (!last || last->side != side[i]) {
            if (last) last->end = unit;
            matrix->digit[matrix->digits++] =
                (struct ti_digit){side[i], unit, 0, step[side[i]]};
        }
        unit *= dim, step[side[i]] *= dim;
    }
    matrix->rows = step[TI_SIDE_ROWS];
    matrix->cols = step[TI_SIDE_COLS];
    matrix->covers_tensor = step[TI_SIDE_KERNEL] == 1;
}

static enum ti_status set_matrix(const struct ti_spec *spec, struct ti_matrix matrix,
                                 struct ti_dist *dist, struct ti_error *error) {
    if (matrix.rows > 0 && matrix.cols > TI_MATRIX_ELEMS_MAX / matrix.rows) {
        return ti_error_set(
            error, TI_ETOOLARGE, "shape",
            "an orthogonal matrix has at most 2^28 elements, such as 16384 by "
            "16384; this one is %llu by %llu",
            (unsigned long long)matrix.rows, (unsigned long long)matrix.cols);
    }
    dist->distribution = TI_DISTRIBUTION_ORTHOGONAL;
    dist->gain = ti_spec_number(spec, TI_PARAM_gain, 1);
    dist->has_gain = true;
    dist->matrix = matrix;
    /* A square matrix of one layout must be the transpose of the other's, too. */
    dist->matrix.columns_orthonormal =
        matrix.rows > matrix.cols ||
        (matrix.rows == matrix.cols &&
         ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_OI);
    return TI_OK;
}

/* All axes are of the stack, until they are given another side. */
static void set_all(enum ti_side side[TI_MAX_RANK]) {
    for (unsigned i = 0; i < TI_MAX_RANK; i++) side[i] = TI_SIDE_BATCH;
}

enum ti_status ti_scheme_orthogonal(const struct ti_spec *spec,
                                    const struct ti_scheme *scheme,
                                    const struct ti_fans *fans, struct ti_dist *dist,
                                    struct ti_error *error) {
    const bool io = ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_IO;
    struct ti_matrix matrix = {0};
    struct ti_stack stack;
    enum ti_side side[TI_MAX_RANK];
    (void)scheme, (void)fans;
    const enum ti_status status = ti_scheme_stack(spec, 2, TI_MAX_RANK, &stack, error);
    if (status != TI_OK) return status;
    const unsigned row_axes = io ? stack.rank - 1 : 1;
    matrix.batches = stack.batches;
    set_all(side);
    for (unsigned i = 0; i < stack.rank; i++)
        side[stack.axis[i]] = i < row_axes ? TI_SIDE_ROWS : TI_SIDE_COLS;
    set_places(spec, side, &matrix);
    return set_matrix(spec, matrix, dist, error);
}

enum ti_status ti_scheme_delta_orthogonal(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error) {
    const bool io = ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_IO;
    struct ti_matrix matrix = {0};
    struct ti_stack stack;
    enum ti_side side[TI_MAX_RANK];
    (void)scheme, (void)fans;
    const enum ti_status status = ti_scheme_stack(spec, 3, 5, &stack, error);
    if (status != TI_OK) return status;
    const unsigned rows_at = io ? stack.rank - 2 : 0;
    matrix.batches = stack.batches;
    set_all(side);
    for (unsigned i = 0; i < stack.rank; i++) {
        const unsigned axis = stack.axis[i];
        const uint64_t dim = spec->shape[axis];
        side[axis] = i == rows_at       ? TI_SIDE_ROWS
                     : i == rows_at + 1 ? TI_SIDE_COLS
                                        : TI_SIDE_KERNEL;
        if (side[axis] == TI_SIDE_KERNEL)
            matrix.centre = matrix.centre * dim + (dim > 0 ? (dim - 1) / 2 : 0);
    }
    set_places(spec, side, &matrix);
    const uint64_t in = io ? matrix.rows : matrix.cols;
    const uint64_t out = io ? matrix.cols : matrix.rows;
    if (out < in) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "there must be at least as many outputs as inputs; this shape has %llu "
            "outputs and %llu inputs (layout=%s)",
            (unsigned long long)out, (unsigned long long)in,
            io ? "io: [*kernel, in, out]" : "oi: [out, in, *kernel]");
    }
    return set_matrix(spec, matrix, dist, error);
}
