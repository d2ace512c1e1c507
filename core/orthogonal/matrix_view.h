/* SPDX-License-Identifier: MIT */
/*
 * A view of a tensor, as orthogonal_fill.c reads it: which rows and columns of the matrix. Any
 * part selects from each axis of the tensor by itself, and each axis belongs to the rows, to the
 * columns, to the stack of matrices or to the kernel around them. So what a range of a part has of
 * the matrices is a few products: some rows times some columns of some matrices.
 */
#ifndef TI_MATRIX_VIEW_H
#define TI_MATRIX_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/view.h"
#include "core/values/distribution.h"

struct ti_matrix_axis {
    enum ti_side side;
    uint64_t count;
    /* distance of neighbours: in rows, columns, matrices or places of the kernel, and in the
       output */
    int64_t step, out;
};

struct ti_matrix_view {
    unsigned rank;
    struct ti_matrix_axis axis[TI_MAX_RANK];
    /* of the view's first element */
    uint64_t start[TI_SIDE_COUNT];
    /* the place of the matrix in the kernel */
    uint64_t centre;
};

/* Some rows, columns or matrices, in ascending order: the sums of one number of each axis. */
struct ti_lines {
    unsigned rank;
    /* the largest steps first, none negative */
    struct ti_matrix_axis axis[TI_MAX_RANK];
    uint64_t first, count;
    /* of the first, in the output */
    uint64_t out;
};

/* Rows times columns of matrices; the place of an element in the output is the sum of that of its
   row, that of its column and that of its matrix. */
struct ti_rectangle {
    struct ti_lines side[TI_SIDE_KERNEL];
};

/* Splits the axes of a simplified view of the tensor that the matrix is in. */
void ti_matrix_view_make(const struct ti_matrix *matrix, const struct ti_view *view,
                         struct ti_matrix_view *made);

/*
 * Calls 'add' for what elements [first, first + count) have of the matrices: at most two rectangles
 * for each axis. Output begins with element 'first'.
 *
 * If the range begins or ends within a row, the rectangle has the whole row, which costs less than
 * the part of the row as a rectangle of its own: places before 0 and from 'count' on are not the
 * range's. Of several rectangles none has an element of the range that another has.
 */
void ti_matrix_view_split(const struct ti_matrix_view *view, uint64_t first,
                          uint64_t count,
                          void (*add)(void *state, const struct ti_rectangle *rectangle),
                          void *state);

/* Whether lines that follow each other are next to each other in the matrix. */
static inline bool ti_lines_are_neighbours(const struct ti_lines *lines) {
    return lines->rank > 0 && lines->axis[lines->rank - 1].step == 1;
}

/* Number and place in the output of a line. */
uint64_t ti_lines_at(const struct ti_lines *lines, uint64_t line, uint64_t *out);

/* The same of lines [from, from + count), rows or columns. */
void ti_lines_get(const struct ti_lines *lines, uint64_t from, size_t count,
                  uint32_t *number, uint64_t *out);

#endif
