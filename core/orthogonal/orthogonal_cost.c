/* SPDX-License-Identifier: MIT */
/*
 * What an element of an orthogonal matrix costs: see orthogonal_cost.h. Measured as
 * values/cost.c says, on matrices of 4096 by 4096 and 6000 by 6000, beside other programs.
 */
#include "core/orthogonal/orthogonal_cost.h"

#include "core/orthogonal/matrix_view.h"
#include "core/orthogonal/orthogonal_fill.h"

/*
 * For a term of the sum:
 *
 *   TERM_NS  by the kernel, times the lanes
 *   LOAD_NS  to get a number of the line that the kernel runs along, which as many elements
 *            share as there are lines across, and
 *   COPY_NS  to collect it from lines that are not next to each other, and for as many
 *   COPY_ROW_NS  to go on to them, which are in another page of memory
 *   PACK_NS  the same for a line across, which the elements along share
 *   COLD_NS  to get to its numbers in V and in T of a matrix of a stack, where a block of
 *            elements has some of each: they are in no cache
 */
#define TERM_NS 0.4
#define LOAD_NS 0.3
#define COPY_NS 1.0
#define COPY_ROW_NS 150.0
#define PACK_NS 1.5
#define COLD_NS 50.0

/*
 * A band is as many elements as share enough: that bands cost at most DEARER as much as BAND_BYTES_MAX
 * computed at once. Those that take less than BAND_NS need not be smaller.
 */
#define BAND_NS 5e5
#define BAND_BYTES_MAX ((uint64_t)1 << 21)
#define DEARER 1.25

struct cost {
    const struct ti_kernels *kernels;
    bool f64;
    double ns;
};

/* Lines that are next to each other are read in place, others are copied first. */
#define IN_PLACE_TIMES 4

/* How much it is worth to run along these lines. */
static uint64_t worth(const struct ti_lines *lines) {
    return ti_lines_are_neighbours(lines) ? IN_PLACE_TIMES * lines->count : lines->count;
}

bool ti_orthogonal_along_rows(const struct ti_rectangle *rectangle) {
    return worth(&rectangle->side[TI_SIDE_ROWS]) > worth(&rectangle->side[TI_SIDE_COLS]);
}

static uint64_t min(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The largest of lines [from, from + max). */
static uint32_t last_line(const struct ti_lines *lines, uint64_t from, uint64_t max) {
    const uint64_t end = lines->count - from < max ? lines->count : from + max;
    uint64_t out;
    return (uint32_t)ti_lines_at(lines, end - 1, &out);
}

double ti_orthogonal_term_ns(const struct ti_kernels *kernels, bool f64, size_t across,
                             size_t along, bool copied, bool stacked) {
    const double a = (double)across, b = (double)along;
    const double load_ns = LOAD_NS + (copied ? COPY_NS : 0);
    const double ns = TERM_NS / kernels->lanes * a * b + load_ns * b + PACK_NS * a;
    return (f64 ? 2 : 1) * ns + (copied ? COPY_ROW_NS : 0) + (stacked ? COLD_NS : 0);
}

/* Tile by tile, as ti_orthogonal_compute() does. */
static void add_rectangle(void *state, const struct ti_rectangle *rectangle) {
    struct cost *cost = state;
    const bool along_rows = ti_orthogonal_along_rows(rectangle);
    const struct ti_lines *along =
                              &rectangle->side[along_rows ? TI_SIDE_ROWS : TI_SIDE_COLS],
                          *across =
                              &rectangle->side[along_rows ? TI_SIDE_COLS : TI_SIDE_ROWS];
    const bool copied = along->count > 1 && !ti_lines_are_neighbours(along);
    const bool stacked = rectangle->side[TI_SIDE_BATCH].count > 1;
    double ns = 0;
    for (uint64_t i = 0; i < across->count; i += TI_BLOCK) {
        const uint32_t last_across = last_line(across, i, TI_BLOCK);
        const size_t a = (size_t)min(across->count - i, TI_BLOCK);
        for (uint64_t j = 0; j < along->count; j += TI_TILE_COLS) {
            const size_t b = (size_t)min(along->count - j, TI_TILE_COLS);
            const uint64_t terms =
                1 + min(last_across, last_line(along, j, TI_TILE_COLS));
            ns += TI_ORTHOGONAL_TILE_NS +
                  (double)terms * ti_orthogonal_term_ns(cost->kernels, cost->f64, a, b,
                                                        copied, stacked);
        }
    }
    cost->ns += ns * (double)rectangle->side[TI_SIDE_BATCH].count;
}

static double range_ns(struct cost cost, const struct ti_matrix_view *split,
                       uint64_t first, uint64_t elems) {
    cost.ns = TI_ORTHOGONAL_ELEM_NS * (double)elems;
    ti_matrix_view_split(split, first, elems, add_rectangle, &cost);
    return cost.ns;
}

/* Where the dearest of some ranges of 'elems' elements begins. */
static uint64_t dearest(struct cost cost, const struct ti_matrix_view *split,
                        uint64_t all, uint64_t elems) {
    enum { PLACES = 4 };
    double max_ns = -1;
    uint64_t found = 0;
    for (uint64_t i = 0; i < PLACES; i++) {
        const uint64_t first =
            i == PLACES - 1 ? all - elems : (all - elems) / (PLACES - 1) * i;
        const double ns = range_ns(cost, split, first, elems);
        if (ns > max_ns) max_ns = ns, found = first;
    }
    return found;
}

/* A range in bands of 'elems' elements: nanoseconds of all, and of the dearest. */
static double bands_ns(struct cost cost, const struct ti_matrix_view *split,
                       uint64_t first, uint64_t end, uint64_t elems, double *max_ns) {
    double total = 0;
    *max_ns = 0;
    for (uint64_t count; first < end; first += count) {
        count = min(elems, end - first);
        const double ns = range_ns(cost, split, first, count);
        if (ns > *max_ns) *max_ns = ns;
        total += ns;
    }
    return total;
}

/* Bands of whole lines share most. */
static uint64_t whole_lines(uint64_t elems, uint64_t line) {
    return elems < line ? elems : elems - elems % line;
}

struct ti_orthogonal_cost ti_orthogonal_cost(const struct ti_sampler *sampler,
                                             const struct ti_kernels *kernels,
                                             const struct ti_view *view) {
    const struct ti_matrix *matrix = &sampler->matrix;
    const struct cost cost = {kernels, sampler->dtype == TI_DTYPE_F64, 0};
    const uint64_t all = view->elems,
                   max = BAND_BYTES_MAX / ti_dtype_bytes(sampler->dtype);
    struct ti_orthogonal_cost made = {TI_ORTHOGONAL_ELEM_NS, 0, 1};
    struct ti_matrix_view split;
    if (all == 0 || matrix->rows == 0 || matrix->cols == 0) return made;
    ti_matrix_view_make(matrix, view, &split);
    if (split.rank > 0) made.line_elems = split.axis[split.rank - 1].count;
    const uint64_t window = whole_lines(min(all, max), made.line_elems),
                   first = dearest(cost, &split, all, window);
    const double window_ns = range_ns(cost, &split, first, window);
    for (uint64_t elems = window; elems > 0; elems -= elems / 3 + (elems < 3)) {
        const uint64_t lines = whole_lines(elems, made.line_elems);
        double max_ns;
        if (bands_ns(cost, &split, first, first + window, lines, &max_ns) >
            DEARER * window_ns)
            break;
        made.band_elems = lines;
        made.ns_per_elem = max_ns / (double)lines;
        if (max_ns <= BAND_NS) break;
    }
    return made;
}
