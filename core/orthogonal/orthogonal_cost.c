/* SPDX-License-Identifier: MIT */
/*
 * What an element of an orthogonal matrix costs: see orthogonal_fill.h. Measured as
 * values/cost.c says, on matrices of up to 4096 by 4096.
 */
#include "core/orthogonal/matrix_view.h"
#include "core/orthogonal/orthogonal_fill.h"

/*
 * For a term of the sum:
 *
 *   TERM_NS  by the kernel, times the lanes
 *   LOAD_NS  to get a number of the line that the kernel runs along, which as many elements
 *            share as there are lines across, and
 *   COPY_NS  to collect it from lines that are not next to each other
 *   PACK_NS  the same for a line across, which the elements along share
 */
#define TERM_NS 0.28
#define LOAD_NS 0.3
#define COPY_NS 2.2
#define PACK_NS 1.5

/* Whatever the sum. */
#define ELEM_NS 2.0

/* Lines that are computed together at most: the sizes of a tile in orthogonal_fill.c. */
#define ACROSS_MAX 64
#define ALONG_MAX 512

/*
 * The fewer elements are computed at a time, the fewer share what they need: 16 rows of 4096 by
 * 4096 take hardly longer than 2. So the cost is that of as many as take up to this long, twice
 * what callers compute at a time.
 *
 * Rows of 6000 columns and more take longer than that, as all of T must be read for even one
 * (72 MB for 6000, some 7 ms). Callers then compute parts of rows, at a cost in proportion, but
 * T is read for each row: 6000 by 6000 take 40 s of a core in all, 2.5 s in bands of 64 rows.
 */
#define BLOCK_NS 4e6
#define BLOCK_ELEMS_MAX ((double)(1 << 20))

/* What about as many elements have of the matrix. */
struct block {
    double lines[TI_SIDE_COUNT];
    /* rows or columns are next to each other */
    bool neighbours[TI_SIDE_COUNT];
    /* the share of the elements that is in the matrix */
    double share;
};

static struct block block_of(const struct ti_matrix_view *view, double elems) {
    struct block block = {{1, 1, 1}, {true, true, true}, 1};
    for (unsigned i = view->rank; i-- > 0 && elems >= 2;) {
        const struct ti_matrix_axis *axis = &view->axis[i];
        const double now = elems < (double)axis->count ? elems : (double)axis->count;
        const double before = block.lines[axis->side];
        const bool next = axis->step == 1 || axis->step == -1;
        block.lines[axis->side] *= now;
        block.neighbours[axis->side] =
            next || (before > 1 && block.neighbours[axis->side]);
        if (axis->side == TI_SIDE_KERNEL) block.share /= now;
        elems /= now;
    }
    return block;
}

static double min(double a, double b) { return a < b ? a : b; }

/* Of an element of the matrix, and a term, if the kernel runs along these lines. */
static double term_ns(const struct block *block, enum ti_side along, double kernel_ns) {
    const enum ti_side across = along == TI_SIDE_ROWS ? TI_SIDE_COLS : TI_SIDE_ROWS;
    const double copy_ns = block->neighbours[along] ? 0 : COPY_NS;
    return kernel_ns + (LOAD_NS + copy_ns) / min(block->lines[across], ACROSS_MAX) +
           PACK_NS / min(block->lines[along], ALONG_MAX);
}

/* Terms of an element's sum, in the mean of all elements: it has as many as the smaller one of
   its row and column. */
static double mean_terms(const struct ti_matrix *matrix) {
    const double rows = (double)matrix->rows, cols = (double)matrix->cols;
    const double n = rows > cols ? rows : cols, k = rows > cols ? cols : rows;
    return k * (1 - k / (2 * n));
}

double ti_orthogonal_ns_per_elem(const struct ti_sampler *sampler,
                                 const struct ti_kernels *kernels,
                                 const struct ti_view *view) {
    const struct ti_matrix *matrix = &sampler->matrix;
    struct ti_matrix_view split;
    if (view->elems == 0 || matrix->rows == 0 || matrix->cols == 0) return ELEM_NS;
    const double terms = mean_terms(matrix);
    const double kernel_ns = TERM_NS / kernels->lanes;
    const double times = sampler->dtype == TI_DTYPE_F64 ? 2 : 1;
    double elems = min((double)view->elems, BLOCK_ELEMS_MAX), ns;
    ti_matrix_view_make(matrix, view, &split);
    for (;; elems /= 2) {
        const struct block block = block_of(&split, elems);
        ns = ELEM_NS + times * terms * block.share *
                           min(term_ns(&block, TI_SIDE_ROWS, kernel_ns),
                               term_ns(&block, TI_SIDE_COLS, kernel_ns));
        if (elems < 2 || ns * elems <= BLOCK_NS) return ns;
    }
}
