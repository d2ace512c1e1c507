/* SPDX-License-Identifier: MIT */
/*
 * What an element of an orthogonal matrix costs: see orthogonal_fill.h. Measured as
 * values/cost.c says, on matrices of 4096 by 4096 and 6000 by 6000, beside other programs.
 */
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

/* Whatever the sum; and whatever the size of a tile. */
#define ELEM_NS 2.0
#define TILE_NS 300.0

/*
 * The fewer elements are computed at a time, the fewer share what they need: 16 rows of 4096 by
 * 4096 take hardly longer than 2. So the cost is that of as many as take up to this long where
 * the sums are longest. Callers that compute for 2 ms at a time take fewer, which then cost
 * more each, but no more together.
 *
 * Rows of 6000 columns and more take longer than that, as all of T must be read for even one
 * (72 MB for 6000, some 6 ms). Callers then compute parts of rows, at a cost in proportion, but
 * T is read for each row: 6000 by 6000 take 20 to 40 s of a core in all, 2.5 s in bands of 64
 * rows.
 */
#define BLOCK_NS 5e6
#define BLOCK_ELEMS_MAX (UINT64_C(1) << 20)

/* The nanoseconds of rectangles; and of a term, and as how many numbers in binary32 one counts. */
struct cost {
    double term_ns, times, ns;
};

static double min(double a, double b) { return a < b ? a : b; }

/* The largest of lines [from, from + max). */
static uint32_t last_line(const struct ti_lines *lines, uint64_t from, uint64_t max) {
    const uint64_t end = lines->count - from < max ? lines->count : from + max;
    uint32_t number;
    uint64_t out;
    ti_lines_get(lines, end - 1, 1, &number, &out);
    return number;
}

/* Tile by tile, as ti_orthogonal_fill() does. */
static void add_rectangle(void *state, const struct ti_rectangle *rectangle) {
    struct cost *cost = state;
    const bool along_rows = ti_orthogonal_along_rows(rectangle);
    const struct ti_lines *along =
                              &rectangle->side[along_rows ? TI_SIDE_ROWS : TI_SIDE_COLS],
                          *across =
                              &rectangle->side[along_rows ? TI_SIDE_COLS : TI_SIDE_ROWS];
    const bool copied = along->count > 1 && !ti_lines_are_neighbours(along);
    const double load_ns = cost->times * (LOAD_NS + (copied ? COPY_NS : 0));
    const uint64_t matrices = rectangle->side[TI_SIDE_BATCH].count;
    const double row_ns = (copied ? COPY_ROW_NS : 0) + (matrices > 1 ? COLD_NS : 0);
    double ns = 0;
    for (uint64_t i = 0; i < across->count; i += TI_BLOCK) {
        const uint32_t last_across = last_line(across, i, TI_BLOCK);
        const double a = min((double)(across->count - i), TI_BLOCK);
        for (uint64_t j = 0; j < along->count; j += TI_TILE_COLS) {
            const double b = min((double)(along->count - j), TI_TILE_COLS);
            const double terms = 1 + min(last_across, last_line(along, j, TI_TILE_COLS));
            ns += TILE_NS + terms * (cost->term_ns * a * b + load_ns * b + row_ns +
                                     cost->times * PACK_NS * a);
        }
    }
    cost->ns += ns * (double)matrices;
}

/* Of the dearest of some blocks of "elems" elements. */
static double block_ns(struct cost cost, const struct ti_matrix_view *split, uint64_t all,
                       uint64_t elems) {
    enum { PLACES = 4 };
    double max_ns = 0;
    for (uint64_t i = 0; i < PLACES; i++) {
        const uint64_t first = (all - elems) / (PLACES - 1) * i;
        cost.ns = ELEM_NS * (double)elems;
        ti_matrix_view_split(split, i == PLACES - 1 ? all - elems : first, elems,
                             add_rectangle, &cost);
        if (cost.ns > max_ns) max_ns = cost.ns;
        if (elems == all) break;
    }
    return max_ns;
}

double ti_orthogonal_ns_per_elem(const struct ti_sampler *sampler,
                                 const struct ti_kernels *kernels,
                                 const struct ti_view *view) {
    const struct ti_matrix *matrix = &sampler->matrix;
    const double times = sampler->dtype == TI_DTYPE_F64 ? 2 : 1;
    const struct cost cost = {.term_ns = times * TERM_NS / kernels->lanes,
                              .times = times};
    struct ti_matrix_view split;
    if (view->elems == 0 || matrix->rows == 0 || matrix->cols == 0) return ELEM_NS;
    uint64_t elems = view->elems < BLOCK_ELEMS_MAX ? view->elems : BLOCK_ELEMS_MAX;
    ti_matrix_view_make(matrix, view, &split);
    for (;; elems -= elems / 3) {
        const double ns = block_ns(cost, &split, view->elems, elems);
        if (elems < 3 || ns <= BLOCK_NS) return ns / (double)elems;
    }
}
