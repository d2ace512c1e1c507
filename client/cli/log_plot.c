/* SPDX-License-Identifier: MIT */
/* See log_plot.h. */
#include "client/cli/log_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

/* Lines of the axis between its ends, about; columns of its labels. */
#define LINES 12
#define TICKS_MAX 6
#define LEFT 9
#define LABEL_BYTES 16

/* Lines are counted from the top. 0 and infinity have lines of their own, if they occur. */
struct axis {
    int low, high; /* powers of ten; their difference is a multiple of 'step' */
    int step, lines_per_step;
    bool has_zero, has_infinite;
    int lines;
};

/* Columns: each point its own, 'stride' apart, or several points in one. */
struct grid {
    struct axis axis;
    size_t points, stride, columns;
    char *cells; /* axis.lines rows */
};

static void widen(struct axis *axis, double value, double *min, double *max) {
    axis->has_zero |= value == 0;
    axis->has_infinite |= isinf(value);
    if (value == 0 || isinf(value)) return;
    *min = fmin(*min, value);
    *max = fmax(*max, value);
}

static struct axis axis_of(const struct cli_curve *curves, size_t curve_count,
                           size_t count) {
    struct axis axis = {.low = -1, .high = 1};
    double min = INFINITY, max = 0;
    for (size_t i = 0; i < curve_count; i++) {
        for (size_t k = 0; k < count; k++) {
            widen(&axis, curves[i].low[k], &min, &max);
            widen(&axis, curves[i].high[k], &min, &max);
            widen(&axis, curves[i].middle[k], &min, &max);
        }
    }
    if (max > 0) {
        axis.low = (int)floor(log10(min));
        axis.high = (int)ceil(log10(max));
        /* A single decade would make much of little. */
        if (axis.high - axis.low < 2) axis.low--;
        if (axis.high - axis.low < 2) axis.high++;
    }
    const int decades = axis.high - axis.low;
    axis.step = (decades + TICKS_MAX - 1) / TICKS_MAX;
    const int steps = (decades + axis.step - 1) / axis.step;
    axis.high = axis.low + steps * axis.step;
    axis.lines_per_step = LINES / steps;
    axis.lines = steps * axis.lines_per_step + 1 + axis.has_zero + axis.has_infinite;
    return axis;
}

static int line_of(const struct axis *axis, double value) {
    if (isinf(value)) return 0;
    if (value == 0) return axis->lines - 1;
    const double steps = (axis->high - log10(value)) / axis->step;
    return (int)lround(steps * axis->lines_per_step) + axis->has_infinite;
}

static char *cell_of(const struct grid *grid, int line, size_t point) {
    const size_t column =
        grid->stride > 0 ? point * grid->stride : point * grid->columns / grid->points;
    return &grid->cells[(size_t)line * grid->columns + column];
}

static void put_range(const struct grid *grid, const struct cli_curve *curve,
                      size_t point) {
    const int last = line_of(&grid->axis, curve->low[point]);
    int line = line_of(&grid->axis, curve->high[point]);
    for (; curve->low[point] < curve->high[point] && line <= last; line++) {
        *cell_of(grid, line, point) = '.';
    }
}

static void put_mark(const struct grid *grid, const struct cli_curve *curve,
                     size_t point) {
    char *cell = cell_of(grid, line_of(&grid->axis, curve->middle[point]), point);
    const bool is_free = *cell == ' ' || *cell == '.' || *cell == curve->mark;
    *cell = is_free ? curve->mark : '*';
}

/* "1e-3" where a step begins, else nothing. */
static void label_of(const struct axis *axis, int line, char text[LABEL_BYTES]) {
    const int below = line - axis->has_infinite;
    const int power = axis->high - below / axis->lines_per_step * axis->step;
    text[0] = '\0';
    if (below < 0) {
        snprintf(text, LABEL_BYTES, "inf");
    } else if (axis->has_zero && line == axis->lines - 1) {
        snprintf(text, LABEL_BYTES, "0");
    } else if (below % axis->lines_per_step == 0) {
        snprintf(text, LABEL_BYTES, "1e%d", power);
    }
}

static void print_line(const struct grid *grid, int line) {
    const char *cells = grid->cells + (size_t)line * grid->columns;
    size_t used = grid->columns;
    char label[LABEL_BYTES];
    label_of(&grid->axis, line, label);
    while (used > 0 && cells[used - 1] == ' ') used--;
    printf("%*s %c%.*s\n", LEFT - 2, label, *label ? '+' : '|', (int)used, cells);
}

static void print_points(const struct grid *grid, const char *point) {
    const int first = (int)strlen(point) + 2;
    printf("%*s%s 1", LEFT, "", point);
    if (grid->points > 1) printf("%*zu", (int)grid->columns - first, grid->points);
    putchar('\n');
}

int cli_log_plot(const struct cli_curve *curves, size_t curve_count, size_t count,
                 const char *point) {
    const size_t columns = (size_t)cli_columns() - LEFT;
    struct grid grid = {.axis = axis_of(curves, curve_count, count),
                        .points = count,
                        .stride = columns / count};
    grid.columns = grid.stride > 0 ? grid.stride * (count - 1) + 1 : columns;
    grid.cells = malloc((size_t)grid.axis.lines * grid.columns);
    if (!grid.cells) return cli_fail_memory();
    memset(grid.cells, ' ', (size_t)grid.axis.lines * grid.columns);
    for (size_t i = 0; i < curve_count; i++) {
        for (size_t k = 0; k < count; k++) put_range(&grid, &curves[i], k);
    }
    for (size_t i = 0; i < curve_count; i++) {
        for (size_t k = 0; k < count; k++) put_mark(&grid, &curves[i], k);
    }
    for (int line = 0; line < grid.axis.lines; line++) print_line(&grid, line);
    print_points(&grid, point);
    free(grid.cells);
    return 0;
}
