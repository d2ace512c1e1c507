/* SPDX-License-Identifier: MIT */
/* Views of a matrix: see matrix_view.h. */
#include "core/orthogonal/matrix_view.h"

#include <string.h>

/* Axes ------------------------------------------------------------------------------- */

static uint64_t size_of(int64_t step) {
    return step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
}

/* Adds an axis from its last digit on: ti_view_simplify() may have merged axes of several. An
   axis of a part moves one digit and never carries into the next. */
static void add_axis(struct ti_matrix_view *made, const struct ti_matrix *matrix,
                     uint64_t count, int64_t stride) {
    struct ti_matrix_axis parts[TI_MAX_RANK];
    unsigned used = 0;
    for (unsigned i = 0; i < matrix->digits; i++) {
        const struct ti_digit *digit = &matrix->digit[i];
        const uint64_t size = size_of(stride);
        uint64_t within = count;
        if (digit->end > 0) {
            if (size >= digit->end) continue;
            if (digit->end % size == 0 && count > digit->end / size)
                within = digit->end / size;
        }
        parts[used++] = (struct ti_matrix_axis){
            digit->side, within, stride / (int64_t)digit->unit * (int64_t)digit->step, 0};
        if (within == count) break;
        count /= within;
        stride *= (int64_t)within;
    }
    while (used > 0) made->axis[made->rank++] = parts[--used];
}

void ti_matrix_view_make(const struct ti_matrix *matrix, const struct ti_view *view,
                         struct ti_matrix_view *made) {
    uint64_t rest = view->base;
    made->rank = 0;
    made->centre = matrix->centre;
    memset(made->start, 0, sizeof made->start);
    for (unsigned i = matrix->digits; i-- > 0;) {
        const struct ti_digit *digit = &matrix->digit[i];
        made->start[digit->side] += rest / digit->unit * digit->step;
        rest %= digit->unit;
    }
    for (unsigned i = 0; i < view->rank; i++)
        add_axis(made, matrix, view->shape[i], view->stride[i]);
    int64_t out = 1;
    for (unsigned i = made->rank; i-- > 0;) {
        made->axis[i].out = out;
        out *= (int64_t)made->axis[i].count;
    }
}

/* Rectangles ------------------------------------------------------------------------- */

/* Of each axis the indices from 'first' on. */
struct box {
    uint64_t first[TI_MAX_RANK], count[TI_MAX_RANK];
};

/* Adds what a box has of an axis, and keeps the axes in order of their steps. */
static void add_to_lines(struct ti_lines *lines, struct ti_matrix_axis axis,
                         uint64_t first, uint64_t count) {
    const int64_t to_first =
        axis.step < 0 ? (int64_t)(first + count - 1) : (int64_t)first;
    unsigned at = lines->rank;
    lines->first += (uint64_t)(to_first * axis.step);
    lines->out += (uint64_t)(to_first * axis.out);
    if (count == 1) return;
    lines->count *= count;
    axis.count = count;
    if (axis.step < 0) axis.step = -axis.step, axis.out = -axis.out;
    for (; at > 0 && lines->axis[at - 1].step < axis.step; at--)
        lines->axis[at] = lines->axis[at - 1];
    lines->axis[at] = axis;
    lines->rank++;
}

/* Where the places of a kernel are the centre; false if none is. A step is larger than all
   smaller ones together. */
static bool find_centre(const struct ti_lines *places, uint64_t centre, uint64_t *out) {
    if (places->first > centre) return false;
    uint64_t rest = centre - places->first;
    *out = places->out;
    for (unsigned i = 0; i < places->rank; i++) {
        const struct ti_matrix_axis *axis = &places->axis[i];
        const uint64_t index = rest / (uint64_t)axis->step;
        if (index >= axis->count) return false;
        rest -= index * (uint64_t)axis->step;
        *out += index * (uint64_t)axis->out;
    }
    return rest == 0;
}

static bool rectangle_of(const struct ti_matrix_view *view, const struct box *box,
                         struct ti_rectangle *rectangle) {
    struct ti_lines lines[TI_SIDE_COUNT];
    uint64_t out;
    for (unsigned i = 0; i < TI_SIDE_COUNT; i++) {
        lines[i].rank = 0;
        lines[i].first = view->start[i], lines[i].count = 1, lines[i].out = 0;
    }
    for (unsigned i = 0; i < view->rank; i++) {
        add_to_lines(&lines[view->axis[i].side], view->axis[i], box->first[i],
                     box->count[i]);
    }
    if (!find_centre(&lines[TI_SIDE_KERNEL], view->centre, &out)) return false;
    lines[TI_SIDE_ROWS].out += out;
    memcpy(rectangle->side, lines, sizeof rectangle->side);
    return true;
}

/* The rectangles of a range ------------------------------------------------------------ */

struct split {
    const struct ti_matrix_view *view;
    /* element of the view with which the output begins */
    uint64_t first;
    void (*add)(void *state, const struct ti_rectangle *rectangle);
    void *state;
};

/* The box with the indices 'at' before an axis, [from, end) of it, and all of the axes after. */
static void add_box(const struct split *split, const uint64_t *at, unsigned axis,
                    uint64_t from, uint64_t end) {
    const struct ti_matrix_view *view = split->view;
    struct ti_rectangle rectangle;
    struct box box;
    if (from >= end) return;
    for (unsigned i = 0; i < view->rank; i++) {
        box.first[i] = i < axis ? at[i] : i == axis ? from : 0;
        box.count[i] = i < axis ? 1 : i == axis ? end - from : view->axis[i].count;
    }
    if (!rectangle_of(view, &box, &rectangle)) return;
    rectangle.side[TI_SIDE_ROWS].out -= split->first;
    split->add(split->state, &rectangle);
}

/* The indices of an element; that of the first axis may be one too large. */
static void indices_of(const struct ti_matrix_view *view, uint64_t elem, uint64_t *at) {
    for (unsigned i = 0; i < view->rank; i++) {
        at[i] = elem / (uint64_t)view->axis[i].out;
        elem %= (uint64_t)view->axis[i].out;
    }
}

static bool is_of_matrix(enum ti_side side) {
    return side == TI_SIDE_ROWS || side == TI_SIDE_COLS;
}

/* Whether the last two axes are the rows and the columns, in any order. */
static bool ends_with_matrix(const struct ti_matrix_view *view) {
    const enum ti_side inner = view->axis[view->rank - 1].side,
                       outer = view->axis[view->rank - 2].side;
    return inner != outer && is_of_matrix(inner) && is_of_matrix(outer);
}

/* Of the last two axes: from line 'from', place 'from_at', to line 'end', before 'end_at'. */
static void add_lines(const struct split *split, const uint64_t *at, uint64_t from,
                      uint64_t from_at, uint64_t end, uint64_t end_at) {
    const unsigned inner = split->view->rank - 1, outer = inner - 1;
    const uint64_t size = split->view->axis[inner].count;
    uint64_t line[TI_MAX_RANK];
    memcpy(line, at, outer * sizeof *line);
    line[outer] = from;
    if (from == end) {
        add_box(split, line, inner, from_at, end_at);
    } else if (ends_with_matrix(split->view) && (end - from > 1 || from_at < end_at)) {
        add_box(split, line, outer, from, end + (end_at > 0));
    } else {
        if (from_at > 0) add_box(split, line, inner, from_at, size);
        add_box(split, line, outer, from + (from_at > 0), end);
        line[outer] = end;
        add_box(split, line, inner, 0, end_at);
    }
}

void ti_matrix_view_split(const struct ti_matrix_view *view, uint64_t first,
                          uint64_t count,
                          void (*add)(void *state, const struct ti_rectangle *rectangle),
                          void *state) {
    const struct split split = {view, first, add, state};
    uint64_t at[TI_MAX_RANK], end[TI_MAX_RANK];
    unsigned axis = 0;
    if (view->rank == 0) { /* one element */
        struct ti_rectangle rectangle;
        const struct box box = {{0}, {0}};
        if (rectangle_of(view, &box, &rectangle)) add(state, &rectangle);
        return;
    }
    indices_of(view, first, at);
    indices_of(view, first + count, end);
    if (view->rank == 1) {
        add_box(&split, at, 0, at[0], end[0]);
        return;
    }
    const unsigned inner = view->rank - 1, outer = inner - 1;
    while (axis < outer && at[axis] == end[axis]) axis++;
    if (axis == outer) {
        add_lines(&split, at, at[outer], at[inner], end[outer], end[inner]);
        return;
    }
    /* From the first element on, as axes end: */
    if (at[outer] > 0 || at[inner] > 0) {
        add_lines(&split, at, at[outer], at[inner], view->axis[outer].count, 0);
        at[outer] = 0, at[outer - 1]++;
    }
    for (unsigned i = outer - 1; i > axis; i--) {
        if (at[i] == 0) continue;
        add_box(&split, at, i, at[i], view->axis[i].count);
        at[i] = 0, at[i - 1]++;
    }
    add_box(&split, at, axis, at[axis], end[axis]);
    /* and down to the last one. */
    for (unsigned i = axis + 1; i < outer; i++) add_box(&split, end, i, 0, end[i]);
    add_lines(&split, end, 0, 0, end[outer], end[inner]);
}

uint64_t ti_lines_at(const struct ti_lines *lines, uint64_t line, uint64_t *out) {
    uint64_t number = lines->first;
    *out = lines->out;
    for (unsigned i = lines->rank; i-- > 0; line /= lines->axis[i].count) {
        const uint64_t at = line % lines->axis[i].count;
        number += at * (uint64_t)lines->axis[i].step;
        *out += at * (uint64_t)lines->axis[i].out;
    }
    return number;
}

void ti_lines_get(const struct ti_lines *lines, uint64_t from, size_t count,
                  uint32_t *number, uint64_t *out) {
    uint64_t at[TI_MAX_RANK], line = lines->first, place = lines->out;
    for (unsigned i = lines->rank; i-- > 0; from /= lines->axis[i].count) {
        at[i] = from % lines->axis[i].count;
        line += at[i] * (uint64_t)lines->axis[i].step;
        place += at[i] * (uint64_t)lines->axis[i].out;
    }
    for (size_t k = 0; k < count; k++) {
        number[k] = (uint32_t)line, out[k] = place;
        for (unsigned i = lines->rank; i-- > 0;) {
            const struct ti_matrix_axis *axis = &lines->axis[i];
            line += (uint64_t)axis->step, place += (uint64_t)axis->out;
            if (++at[i] < axis->count) break;
            line -= axis->count * (uint64_t)axis->step;
            place -= axis->count * (uint64_t)axis->out;
            at[i] = 0;
        }
    }
}
