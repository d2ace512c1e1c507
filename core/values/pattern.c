/* SPDX-License-Identifier: MIT */
/* Fixed patterns: see pattern.h. docs/SPEC.md defines the formulas. */
#include "core/values/pattern.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef void filler(const struct ti_pattern *pattern, uint64_t first, size_t count,
                    double *out);

static uint64_t divided_up(uint64_t first, uint64_t step) {
    return first / step + (first % step > 0);
}

static void diagonal(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out) {
    const uint64_t step = pattern->cols + 1;
    memset(out, 0, count * sizeof *out);
    for (uint64_t r = divided_up(first, step); r < pattern->hits; r++) {
        if (r * step - first >= count) break;
        out[r * step - first] = pattern->value;
    }
}

static void taps(const struct ti_pattern *pattern, uint64_t first, size_t count,
                 double *out) {
    memset(out, 0, count * sizeof *out);
    for (uint64_t row = first / pattern->cols; row < pattern->rows; row++) {
        const uint64_t d = row % pattern->period, start = row * pattern->cols;
        if (start >= first + count) break;
        if (d >= pattern->hits) continue;
        const uint64_t elem = start + d * pattern->step + pattern->offset;
        if (elem >= first && elem - first < count) out[elem - first] = pattern->value;
    }
}

static void block(const struct ti_pattern *pattern, uint64_t first, size_t count,
                  double *out) {
    for (size_t i = 0; i < count; i++) {
        const bool in =
            first + i >= pattern->offset && first + i - pattern->offset < pattern->hits;
        out[i] = in ? pattern->value : 0;
    }
}

/* Sylvester's matrix: element (i, j) is (-1)^(number of 1 bits of i & j). */
static void hadamard(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out) {
    uint64_t i = first / pattern->cols, j = first % pattern->cols;
    for (size_t k = 0; k < count; k++) {
        out[k] = __builtin_parityll(i & j) ? -pattern->value : pattern->value;
        if (++j == pattern->cols) j = 0, i++;
    }
}

static void bilinear(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out) {
    const uint64_t size = pattern->cols;
    const uint64_t half = size / 2 + size % 2;
    const double f = (double)half, c = (double)(size - 1) / (2 * f);
    uint64_t x = first % size, y = first / size % size;
    for (size_t k = 0; k < count; k++) {
        out[k] = (1 - fabs((double)x / f - c)) * (1 - fabs((double)y / f - c));
        if (++x == size) {
            x = 0;
            if (++y == size) y = 0;
        }
    }
}

void ti_pattern_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out) {
    static filler *const fillers[] = {
        [TI_PATTERN_DIAGONAL] = diagonal, [TI_PATTERN_TAPS] = taps,
        [TI_PATTERN_BLOCK] = block,       [TI_PATTERN_HADAMARD] = hadamard,
        [TI_PATTERN_BILINEAR] = bilinear,
    };
    fillers[pattern->kind](pattern, first, count, out);
}
