/* SPDX-License-Identifier: MIT */
/*
 * Fixed patterns: values that follow from an element's place alone. Schemes make them, tiles.c
 * fills from them.
 */
#ifndef TI_PATTERN_H
#define TI_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/*
 * 'value' here and 0 there, but for:
 *
 *   hadamard  value or -value: rows and columns of a Hadamard matrix
 *   bilinear  the weights of a bilinear interpolation
 */
enum ti_pattern_kind {
    TI_PATTERN_DIAGONAL,
    TI_PATTERN_TAPS,
    TI_PATTERN_BLOCK,
    TI_PATTERN_HADAMARD,
    TI_PATTERN_BILINEAR,
};

/*
 *   diagonal  elements r * (cols + 1), r < hits
 *   taps      element row * cols + d * step + offset of each row, d = row modulo 'period', if
 *             d < hits and the row is below 'rows'
 *   block     elements [offset, offset + hits)
 *   hadamard  'cols' columns
 *   bilinear  square kernels of cols * cols elements
 */
struct ti_pattern {
    enum ti_pattern_kind kind;
    double value;
    uint64_t rows, cols, hits;
    uint64_t offset, step, period;
};

/* Elements [first, first + count), which lie within 2^63, in binary64. */
void ti_pattern_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out);

#endif
