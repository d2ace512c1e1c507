/* SPDX-License-Identifier: MIT */
/*
 * What an element of an orthogonal matrix costs: see orthogonal_fill.h. Measured as
 * values/cost.c says, on matrices of up to 2048 by 2048.
 */
#include "core/orthogonal/orthogonal_fill.h"

/*
 * For a term of the sum, of which an element has as many as the shorter side at most:
 *
 *   TERM_NS    a line's share where it is computed alone, times the lanes: the numbers of
 *              the longer side come from memory
 *   LINE_NS    what a line costs besides, however long it is
 *   STRIDE_NS  to collect the numbers of elements that are no neighbours
 */
#define TERM_NS 1.2
#define LINE_NS 8.0
#define STRIDE_NS 0.7

/* Whatever the sum. */
#define ELEM_NS 3.0

/* Elements of the view that lie in one row or column of the matrix, one after another. */
struct line {
    uint64_t length;
    bool strided;
};

static struct line line_of(const struct ti_matrix *matrix, const struct ti_view *view) {
    const bool is_run = ti_view_is_run(view);
    const int64_t stride = is_run ? 1 : view->stride[view->rank - 1];
    const uint64_t count = is_run ? view->elems : view->shape[view->rank - 1];
    const uint64_t tensor_step = stride < 0 ? 0 - (uint64_t)stride : (uint64_t)stride;
    /* Where the matrix has only every step-th element of the tensor, a stride that is not
       a multiple of that skips the zeros between. */
    const bool whole_steps = tensor_step % matrix->step == 0;
    const uint64_t step = whole_steps ? tensor_step / matrix->step : tensor_step;
    const uint64_t elems = whole_steps ? count : count / matrix->step + 1;
    struct line line = {1, false};
    if (step % matrix->cols == 0) { /* along a column */
        line.length = elems < matrix->rows ? elems : matrix->rows;
        line.strided = step > matrix->cols;
    } else if (step < matrix->cols) {
        const uint64_t row = (matrix->cols - 1) / step + 1;
        line.length = elems < row ? elems : row;
        line.strided = step > 1;
    }
    return line;
}

double ti_orthogonal_ns_per_elem(const struct ti_sampler *sampler,
                                 const struct ti_kernels *kernels,
                                 const struct ti_view *view) {
    const struct ti_matrix *matrix = &sampler->matrix;
    if (view->elems == 0 || matrix->rows == 0 || matrix->cols == 0) return ELEM_NS;
    const uint64_t terms = matrix->rows < matrix->cols ? matrix->rows : matrix->cols;
    const struct line line = line_of(matrix, view);
    double term_ns = TERM_NS / kernels->lanes + LINE_NS / (double)line.length;
    if (line.strided) term_ns += STRIDE_NS;
    if (sampler->dtype == TI_DTYPE_F64) term_ns *= 2;
    return ELEM_NS + term_ns * (double)terms;
}
