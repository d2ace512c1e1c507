/* SPDX-License-Identifier: MIT */
/*
 * What the elements of an orthogonal matrix ought to be: docs/SPEC.md, section 7, step by step
 * on full square arrays with plain loops, one rounded operation after another. Of the core only
 * the normal quantile is used, which has tests of its own.
 */
#ifndef TEST_ORTHOGONAL_H
#define TEST_ORTHOGONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which matrix: 'wide' has binary64 for its compute type, 'io' that layout. */
struct orthogonal {
    size_t rows, cols;
    bool wide, io;
    uint64_t seed, stream;
    double gain;
};

/*
 * All elements, row-major, in the compute type but kept in binary64. The caller's to free().
 * Takes as long as rows * cols * the smaller of them.
 */
double *orthogonal_wanted(const struct orthogonal *of);

/*
 * The largest number of |Q'Q - I| (columns, if there are not more of them than rows; else of
 * |QQ' - I|), of a matrix whose gain is 'gain', divided by gain^2. In binary64.
 */
double orthogonal_error(const double *elems, size_t rows, size_t cols, double gain);

#endif
