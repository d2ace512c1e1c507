/* SPDX-License-Identifier: MIT */
/*
 * Expected elements of orthogonal matrices: docs/SPEC.md, section 7, step by step on full
 * square arrays with plain loops, one rounded operation after another. Uses only the
 * normal quantile of the core, which is tested elsewhere.
 */
#ifndef TEST_ORTHOGONAL_H
#define TEST_ORTHOGONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A matrix. 'f64': the compute type is binary64; 'io': layout=io. */
struct orthogonal {
    size_t rows, cols;
    bool f64, io;
    uint64_t seed, stream;
    double gain;
};

/*
 * All elements, row-major: values of the compute type in binary64. The caller's to
 * free(). Takes as long as rows * cols * the smaller of them.
 */
double *orthogonal_wanted(const struct orthogonal *of);

/*
 * The maximum of |Q'Q - I| (columns, if there are not more of them than rows; else of
 * |QQ' - I|), of a matrix whose gain is 'gain', divided by gain^2. In binary64.
 */
double orthogonal_error(const double *elems, size_t rows, size_t cols, double gain);

#endif
