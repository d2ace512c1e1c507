/* SPDX-License-Identifier: MIT */
/*
 * Haar-distributed orthogonal matrices: Saxe, McClelland, Ganguli, "Exact solutions to
 * the nonlinear dynamics of learning in deep linear neural networks", 2013; and such
 * matrices at the centre of a convolution's kernel: Xiao et al., "Dynamical isometry and
 * a mean field theory of CNNs", 2018.
 */
#include "core/request/schemes/schemes.h"

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

enum ti_status ti_scheme_orthogonal(const struct ti_spec *spec,
                                    const struct ti_scheme *scheme,
                                    const struct ti_fans *fans, struct ti_dist *dist,
                                    struct ti_error *error) {
    const bool io = ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_IO;
    struct ti_matrix matrix = {.rows = 1, .cols = 1, .step = 1, .covers_tensor = true};
    (void)scheme, (void)fans;
    const enum ti_status status = ti_scheme_min_rank(spec, 2, error);
    if (status != TI_OK) return status;
    const unsigned row_axes = io ? spec->rank - 1 : 1;
    for (unsigned i = 0; i < spec->rank; i++) {
        *(i < row_axes ? &matrix.rows : &matrix.cols) *= spec->shape[i];
    }
    return set_matrix(spec, matrix, dist, error);
}

enum ti_status ti_scheme_delta_orthogonal(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error) {
    const bool io = ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI) == TI_LAYOUT_IO;
    const unsigned rows_at = io ? spec->rank - 2 : 0, kernel_at = io ? 0 : 2;
    uint64_t centre = 0, taps = 1;
    (void)scheme, (void)fans;
    if (spec->rank < 3 || spec->rank > 5) {
        return ti_error_set(error, TI_EVALUE, "shape",
                            "Only tensors with 3, 4, or 5 dimensions are supported; this "
                            "one has %u",
                            spec->rank);
    }
    for (unsigned i = kernel_at; i < kernel_at + spec->rank - 2; i++) {
        const uint64_t dim = spec->shape[i];
        centre = centre * dim + (dim > 0 ? (dim - 1) / 2 : 0);
        taps *= dim;
    }
    struct ti_matrix matrix = {.rows = spec->shape[rows_at],
                               .cols = spec->shape[rows_at + 1],
                               .base = centre,
                               .step = taps,
                               .covers_tensor = taps == 1};
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
    if (io) {
        matrix.base = centre * matrix.rows * matrix.cols;
        matrix.step = 1;
    }
    return set_matrix(spec, matrix, dist, error);
}
