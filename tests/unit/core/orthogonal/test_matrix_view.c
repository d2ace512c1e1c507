/* SPDX-License-Identifier: MIT */
/*
 * core/orthogonal/matrix_view: a range of a view is few rectangles of the matrix, which have each
 * of its elements once. That these have the right values, test_orthogonal_parts.c shows.
 */
#include <stdlib.h>

#include "core/orthogonal/matrix_view.h"
#include "support/random.h"
#include "support/test.h"

struct counted {
    unsigned rectangles;
    uint64_t elems, first_rows, first_cols;
    /* how often each place of the output is written; NULL: not counted */
    unsigned char *places;
    const struct ti_view *view;
    const struct ti_matrix *matrix;
    uint64_t first, count;
};

/* The element of the tensor at a place of the view. */
static uint64_t elem_at(const struct ti_view *view, uint64_t place) {
    uint64_t elem = view->base;
    for (unsigned i = view->rank; i-- > 0; place /= view->shape[i])
        elem += place % view->shape[i] * (uint64_t)view->stride[i];
    return elem;
}

static void count_places(struct counted *counted, const struct ti_lines *rows,
                         const struct ti_lines *cols) {
    const struct ti_matrix *matrix = counted->matrix;
    for (uint64_t r = 0; r < rows->count; r++) {
        for (uint64_t c = 0; c < cols->count; c++) {
            uint32_t row, col;
            uint64_t of_row, of_col;
            ti_lines_get(rows, r, 1, &row, &of_row);
            ti_lines_get(cols, c, 1, &col, &of_col);
            const uint64_t place = of_row + of_col;
            if (place >= counted->count) continue; /* the rest of a row */
            const uint64_t number = row * matrix->cols + col;
            counted->places[place]++;
            assert_int_equal(elem_at(counted->view, counted->first + place),
                             matrix->base + number * matrix->step);
        }
    }
}

static void count_rectangle(void *state, const struct ti_rectangle *rectangle) {
    struct counted *counted = state;
    const struct ti_lines *rows = &rectangle->side[TI_SIDE_ROWS],
                          *cols = &rectangle->side[TI_SIDE_COLS];
    if (counted->rectangles++ == 0)
        counted->first_rows = rows->count, counted->first_cols = cols->count;
    counted->elems += rows->count * cols->count;
    if (counted->places) count_places(counted, rows, cols);
}

static struct counted count_range(const struct ti_matrix *matrix,
                                  const struct ti_view *view, uint64_t first,
                                  uint64_t count, unsigned char *places) {
    struct counted counted = {
        .places = places, .view = view, .matrix = matrix, .first = first, .count = count};
    struct ti_matrix_view split;
    ti_matrix_view_make(matrix, view, &split);
    ti_matrix_view_split(&split, first, count, count_rectangle, &counted);
    assert_in_range(counted.rectangles, 0, 2 * split.rank + 1);
    return counted;
}

/* [2, 2048, 4096] with layout=io and its axes reversed: one product, not 131,072 of 2 elements each. */
static void reversed_axes(void **state) {
    const struct ti_matrix matrix = {
        .rows = 4096, .cols = 4096, .step = 1, .covers_tensor = true};
    const struct ti_view view = {.rank = 3,
                                 .shape = {64, 2048, 2},
                                 .stride = {1, 4096, 2048 * 4096},
                                 .base = 3000,
                                 .elems = 64 * 4096};
    (void)state;
    struct counted counted = count_range(&matrix, &view, 0, view.elems, NULL);
    assert_int_equal(counted.rectangles, 1);
    assert_int_equal(counted.first_rows, 4096);
    assert_int_equal(counted.first_cols, 64);
    counted = count_range(&matrix, &view, 12345, 100001, NULL);
    assert_in_range(counted.elems, 100001, 100001 + 2 * 4096 * 2);
    assert_in_range(counted.rectangles, 1, 5);
}

/* All of a matrix is one run of elements, which begins and ends within rows. */
static void whole_matrix(void **state) {
    const struct ti_matrix matrix = {
        .rows = 100, .cols = 70, .step = 1, .covers_tensor = true};
    const struct ti_view view = {
        .rank = 1, .shape = {7000}, .stride = {1}, .elems = 7000};
    (void)state;
    struct counted counted = count_range(&matrix, &view, 0, 7000, NULL);
    assert_int_equal(counted.rectangles, 1);
    assert_int_equal(counted.first_rows, 100);
    counted = count_range(&matrix, &view, 75, 6000, NULL);
    /* Rows 1 to 86, the first and the last not wholly in the range; */
    assert_int_equal(counted.rectangles, 1);
    assert_int_equal(counted.elems, 86 * 70);
    /* but not two rows for an element of each. */
    counted = count_range(&matrix, &view, 139, 2, NULL);
    assert_int_equal(counted.rectangles, 2);
    assert_int_equal(counted.elems, 2);
}

/* Every second axis of a tensor backwards, axes in any order; matrices in the middle of a kernel
   at either end of the shape. */
static void each_element_once(void **state) {
    uint64_t random = 5;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        const bool kernel_last = round % 2;
        const uint64_t dims[2][4] = {{3, 2, 6, 5}, {6, 5, 3, 2}};
        const uint64_t *dim = dims[kernel_last];
        const struct ti_matrix matrix = {.rows = 6,
                                         .cols = 5,
                                         .base = kernel_last ? 3 : 3 * 30,
                                         .step = kernel_last ? 6 : 1};
        struct ti_view view = {.rank = 4, .elems = 1};
        unsigned order[4] = {0, 1, 2, 3};
        for (unsigned i = 4; i-- > 1;) {
            const size_t other = random_below(&random, i + 1);
            const unsigned stored = order[i];
            order[i] = order[other], order[other] = stored;
        }
        for (unsigned i = 0; i < 4; i++) {
            int64_t stride = 1;
            const uint64_t size = dim[order[i]];
            for (unsigned k = order[i] + 1; k < 4; k++) stride *= (int64_t)dim[k];
            const bool backwards = random_below(&random, 2);
            const uint64_t step = 1 + random_below(&random, 2);
            view.shape[i] = (size + step - 1) / step;
            view.stride[i] = (backwards ? -stride : stride) * (int64_t)step;
            if (backwards) view.base += (size - 1) * (uint64_t)stride;
            view.elems *= view.shape[i];
        }
        ti_view_simplify(&view);
        unsigned char places[180] = {0};
        const uint64_t first = random_below(&random, view.elems);
        const uint64_t count = random_below(&random, view.elems - first + 1);
        if (count == 0) continue;
        count_range(&matrix, &view, first, count, places);
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t elem = elem_at(&view, first + i);
            const bool within = kernel_last ? elem % 6 == 3 : elem / 30 == 3;
            assert_int_equal(places[i], within);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reversed_axes),
        cmocka_unit_test(whole_matrix),
        cmocka_unit_test(each_element_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
