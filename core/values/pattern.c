/* SPDX-License-Identifier: MIT */
/* Fixed patterns: see pattern.h. docs/SPEC.md defines the formulas. */
#include "core/values/pattern.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/kernels/elementary.h"
#include "core/values/stft.h"

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
        const uint64_t d = row / pattern->repeat % pattern->period,
                       start = row * pattern->cols;
        if (start >= first + count) break;
        if (d >= pattern->hits) continue;
        const uint64_t elem = start + d * pattern->step + pattern->offset;
        uint64_t from = elem < first ? first : elem;
        for (; from < elem + pattern->width && from - first < count; from++)
            out[from - first] = pattern->value;
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
    uint64_t i = first / pattern->period % pattern->rows;
    uint64_t j = first / pattern->step % pattern->cols;
    uint64_t of_row = pattern->period - first % pattern->period,
             of_place = pattern->step - first % pattern->step;
    for (size_t k = 0; k < count;) {
        const double value = __builtin_parityll(i & j) ? -pattern->value : pattern->value;
        const size_t left = count - k, now = of_place < left ? (size_t)of_place : left;
        for (const size_t end = k + now; k < end; k++) out[k] = value;
        if ((of_place -= now) == 0) {
            of_place = pattern->step;
            if (++j == pattern->cols) j = 0;
        }
        if ((of_row -= now) == 0) {
            of_row = pattern->period;
            if (++i == pattern->rows) i = 0;
        }
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

/* Sequences: functions of the place on the last axis, and of the row. */

static double arange(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    (void)row;
    return pattern->number[0] + (double)i * pattern->number[1];
}

static double log_arange(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    return ti_log(arange(pattern, row, i));
}

static double linspace(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    const double start = pattern->number[0], stop = pattern->number[1];
    const double low = start < stop ? start : stop, high = start < stop ? stop : start;
    (void)row;
    if (i == 0) return start;
    if (i + 1 == pattern->cols) return stop;
    const double x = start + (double)i * ((stop - start) / (double)(pattern->cols - 1));
    const double raised = x > low ? x : low;
    return raised < high ? raised : high;
}

/* Press et al.: for other numbers of heads than powers of two, the power below, and then each
   second one of the power above. */
static double alibi(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    uint64_t heads = (uint64_t)1 << (63 - __builtin_clzll(pattern->cols));
    double place = (double)i + 1;
    (void)row;
    if (i >= heads) place = (double)(2 * (i - heads) + 1), heads *= 2;
    const double p = 8 * place / (double)heads, n = floor(p); /* 2^-p, p at most 8 */
    return ti_exp((n - p) * 0x1.62e42fefa39efp-1) * ti_two_to(-(int64_t)n);
}

static double rope(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    const double *number = pattern->number;
    const double x = ti_exp(0 - (double)i / (double)pattern->cols * number[0]);
    (void)row;
    if (number[1] == 0) return x;
    const double length = 0x1.921fb54442d18p+2 / x; /* of a wave: 2 pi / x */
    if (length < number[4] / number[3]) return x;
    if (length > number[4] / number[2]) return x / number[1];
    const double smooth = (number[4] / length - number[2]) / (number[3] - number[2]);
    return (1 - smooth) * x / number[1] + smooth * x;
}

/* sin or cos of position * base^(-exponent). */
static double wave(const struct ti_pattern *pattern, uint64_t position, double exponent,
                   uint64_t quarter) {
    const double frequency = ti_exp(0 - exponent * pattern->number[0]);
    return ti_sin_shifted((double)position * frequency, (int64_t)quarter);
}

static double halves(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    const uint64_t half = pattern->cols / 2, k = i % half;
    return wave(pattern, row % pattern->rows,
                half > 1 ? (double)k / (double)(half - 1) : 0, i / half);
}

static double interleaved(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    return wave(pattern, row % pattern->rows, (double)(i - i % 2) / (double)pattern->cols,
                i % 2);
}

static double grid(const struct ti_pattern *pattern, uint64_t row, uint64_t i) {
    const uint64_t quarter = pattern->cols / 4, part = i / quarter;
    const uint64_t position = row % pattern->rows;
    return wave(pattern,
                part < 2 ? position % pattern->period : position / pattern->period,
                (double)(i % quarter) / (double)quarter, part % 2);
}

typedef double sequence(const struct ti_pattern *pattern, uint64_t row, uint64_t i);

static void fill_sequence(const struct ti_pattern *pattern, sequence *get, uint64_t first,
                          size_t count, double *out) {
    uint64_t row = first / pattern->cols, i = first % pattern->cols;
    for (size_t k = 0; k < count; k++) {
        out[k] = get(pattern, row, i);
        if (++i == pattern->cols) i = 0, row++;
    }
}

void ti_pattern_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out) {
    static filler *const fillers[] = {
        [TI_PATTERN_DIAGONAL] = diagonal, [TI_PATTERN_TAPS] = taps,
        [TI_PATTERN_BLOCK] = block,       [TI_PATTERN_HADAMARD] = hadamard,
        [TI_PATTERN_BILINEAR] = bilinear, [TI_PATTERN_STFT] = ti_stft_fill,
    };
    static sequence *const sequences[] = {
        [TI_PATTERN_ARANGE] = arange,
        [TI_PATTERN_LINSPACE] = linspace,
        [TI_PATTERN_LOG_ARANGE] = log_arange,
        [TI_PATTERN_ALIBI] = alibi,
        [TI_PATTERN_ROPE] = rope,
        [TI_PATTERN_HALVES] = halves,
        [TI_PATTERN_INTERLEAVED] = interleaved,
        [TI_PATTERN_GRID] = grid,
    };
    if (fillers[pattern->kind])
        fillers[pattern->kind](pattern, first, count, out);
    else
        fill_sequence(pattern, sequences[pattern->kind], first, count, out);
}
