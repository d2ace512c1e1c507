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

/* Matrices in a tensor, with the side that each of its axes is of. */
static struct ti_matrix matrix_of(unsigned rank, const uint64_t *dim,
                                  const enum ti_side *side) {
    struct ti_matrix matrix = {.rows = 1, .cols = 1, .digits = rank};
    uint64_t unit = 1, step[TI_SIDE_COUNT] = {1, 1, 1, 1};
    for (unsigned i = rank; i-- > 0;) {
        struct ti_digit *digit = &matrix.digit[rank - 1 - i];
        *digit =
            (struct ti_digit){side[i], unit, i > 0 ? unit * dim[i] : 0, step[side[i]]};
        unit *= dim[i], step[side[i]] *= dim[i];
    }
    matrix.rows = step[TI_SIDE_ROWS], matrix.cols = step[TI_SIDE_COLS];
    return matrix;
}

/* The number of an element of the tensor on a side. */
static uint64_t number_on(const struct ti_matrix *matrix, uint64_t elem,
                          enum ti_side side) {
    uint64_t number = 0;
    for (unsigned i = 0; i < matrix->digits; i++) {
        const struct ti_digit *digit = &matrix->digit[i];
        const uint64_t rest = digit->end > 0 ? elem % digit->end : elem;
        if (digit->side == side) number += rest / digit->unit * digit->step;
    }
    return number;
}

/* The element of the tensor at a place of the view. */
static uint64_t elem_at(const struct ti_view *view, uint64_t place) {
    uint64_t elem = view->base;
    for (unsigned i = view->rank; i-- > 0; place /= view->shape[i])
        elem += place % view->shape[i] * (uint64_t)view->stride[i];
    return elem;
}

/* Of one row of all matrices. */
static void count_row(struct counted *counted, const struct ti_rectangle *rectangle,
                      uint64_t r) {
    const struct ti_lines *cols = &rectangle->side[TI_SIDE_COLS],
                          *matrices = &rectangle->side[TI_SIDE_BATCH];
    uint32_t row, col;
    uint64_t of_row, of_col, of_matrix;
    ti_lines_get(&rectangle->side[TI_SIDE_ROWS], r, 1, &row, &of_row);
    for (uint64_t i = 0; i < matrices->count * cols->count; i++) {
        const uint64_t batch = ti_lines_at(matrices, i / cols->count, &of_matrix);
        ti_lines_get(cols, i % cols->count, 1, &col, &of_col);
        const uint64_t place = of_row + of_col + of_matrix;
        if (place >= counted->count) continue; /* the rest of a row */
        const uint64_t elem = elem_at(counted->view, counted->first + place);
        counted->places[place]++;
        assert_int_equal(number_on(counted->matrix, elem, TI_SIDE_ROWS), row);
        assert_int_equal(number_on(counted->matrix, elem, TI_SIDE_COLS), col);
        assert_int_equal(number_on(counted->matrix, elem, TI_SIDE_BATCH), batch);
        assert_int_equal(number_on(counted->matrix, elem, TI_SIDE_KERNEL),
                         counted->matrix->centre);
    }
}

static void count_rectangle(void *state, const struct ti_rectangle *rectangle) {
    struct counted *counted = state;
    const struct ti_lines *rows = &rectangle->side[TI_SIDE_ROWS],
                          *cols = &rectangle->side[TI_SIDE_COLS];
    if (counted->rectangles++ == 0)
        counted->first_rows = rows->count, counted->first_cols = cols->count;
    counted->elems += rows->count * cols->count * rectangle->side[TI_SIDE_BATCH].count;
    for (uint64_t r = 0; counted->places && r < rows->count; r++)
        count_row(counted, rectangle, r);
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

static const enum ti_side rows_cols[] = {TI_SIDE_ROWS, TI_SIDE_COLS};

/* [2, 2048, 4096] with layout=io and its axes reversed: one product, not 131,072 of 2 elements each. */
static void reversed_axes(void **state) {
    const struct ti_matrix matrix =
        matrix_of(2, (const uint64_t[]){4096, 4096}, rows_cols);
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
    const struct ti_matrix matrix = matrix_of(2, (const uint64_t[]){100, 70}, rows_cols);
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

/* Whole matrices of a stack are one rectangle, however many; so are all of those whose rows are
   read backwards. */
static void stack(void **state) {
    static const enum ti_side sides[] = {TI_SIDE_BATCH, TI_SIDE_ROWS, TI_SIDE_COLS};
    const struct ti_matrix matrix = matrix_of(3, (const uint64_t[]){1000, 30, 7}, sides);
    const struct ti_view whole = {
        .rank = 1, .shape = {210000}, .stride = {1}, .elems = 210000};
    const struct ti_view last = {/* permute=1,2,0 */
                                 .rank = 2,
                                 .shape = {210, 1000},
                                 .stride = {1, 210},
                                 .elems = 210000};
    (void)state;
    struct counted counted = count_range(&matrix, &whole, 210 * 3, 210 * 500, NULL);
    assert_int_equal(counted.rectangles, 1);
    assert_int_equal(counted.elems, 210 * 500);
    counted = count_range(&matrix, &last, 0, 210000, NULL);
    assert_int_equal(counted.rectangles, 1);
    counted = count_range(&matrix, &last, 5000, 70000, NULL);
    assert_int_equal(counted.elems, 70000);
    assert_in_range(counted.rectangles, 1, 5);
}

static struct ti_view random_view(uint64_t *random, unsigned rank, const uint64_t *dim) {
    struct ti_view view = {.rank = rank, .elems = 1};
    unsigned order[TI_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) order[i] = i;
    for (unsigned i = rank; i-- > 1;) {
        const size_t other = random_below(random, i + 1);
        const unsigned stored = order[i];
        order[i] = order[other], order[other] = stored;
    }
    for (unsigned i = 0; i < rank; i++) {
        int64_t stride = 1;
        const uint64_t size = dim[order[i]];
        for (unsigned k = order[i] + 1; k < rank; k++) stride *= (int64_t)dim[k];
        const bool backwards = random_below(random, 2);
        const uint64_t step = 1 + random_below(random, 2);
        view.shape[i] = (size + step - 1) / step;
        view.stride[i] = (backwards ? -stride : stride) * (int64_t)step;
        if (backwards) view.base += (size - 1) * (uint64_t)stride;
        view.elems *= view.shape[i];
    }
    ti_view_simplify(&view);
    return view;
}

/* Every second place of an axis backwards, axes in any order; rows, columns, stack and kernel each
   of any axes. */
static void each_element_once(void **state) {
    uint64_t random = 5;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        const unsigned rank = 1 + (unsigned)random_below(&random, 6);
        uint64_t dim[6], places_of_kernel = 1;
        enum ti_side side[6];
        for (unsigned i = 0; i < rank; i++) {
            dim[i] = 1 + random_below(&random, 4);
            side[i] = (enum ti_side)random_below(&random, TI_SIDE_COUNT);
            if (side[i] == TI_SIDE_KERNEL) places_of_kernel *= dim[i];
        }
        struct ti_matrix matrix = matrix_of(rank, dim, side);
        matrix.centre = random_below(&random, places_of_kernel);
        const struct ti_view view = random_view(&random, rank, dim);
        const uint64_t first = random_below(&random, view.elems);
        const uint64_t count = 1 + random_below(&random, view.elems - first);
        unsigned char places[4096] = {0};
        count_range(&matrix, &view, first, count, places);
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t elem = elem_at(&view, first + i);
            assert_int_equal(places[i],
                             number_on(&matrix, elem, TI_SIDE_KERNEL) == matrix.centre);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reversed_axes),
        cmocka_unit_test(whole_matrix),
        cmocka_unit_test(stack),
        cmocka_unit_test(each_element_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
