/* SPDX-License-Identifier: MIT */
/* Orthogonal matrices from their definition: see orthogonal.h. */
#include "support/orthogonal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/values/sampler.h"
#include "support/oracle.h"
#include "support/values.h"

#define BLOCK 64

static double *numbers(size_t count) {
    double *made = calloc(count > 0 ? count : 1, sizeof *made);
    if (!made) {
        perror("orthogonal");
        abort();
    }
    return made;
}

/* R of the compute type, without "adds +0": docs/SPEC.md, section 1. Of an operation on
   binary32 numbers in binary64 it is what the binary32 operation gives. */
static double rounded(bool f64, double x) { return f64 ? x : (double)(float)x; }

/*
 * A sum as section 7 defines it: the terms of indices first, first + 1, ... are added one
 * by one; total() returns the result.
 */
struct sum {
    bool f64, subtract;
    double total, part;
    size_t block;
};

static void close_block(struct sum *sum) {
    const double signed_part = sum->subtract ? -sum->part : sum->part;
    sum->total = rounded(sum->f64, sum->total + signed_part);
    sum->part = 0;
}

static void add(struct sum *sum, size_t index, double a, double b) {
    if (index / BLOCK != sum->block) close_block(sum);
    sum->block = index / BLOCK;
    const double product = rounded(sum->f64, a * b);
    sum->part = rounded(sum->f64, sum->part + product);
}

static double total(struct sum *sum) {
    close_block(sum);
    return sum->total;
}

/* Standard normals for 'count' elements, from lane 2, or lanes 2 and 3 if 'f64'. */
static void sample_normals(const struct orthogonal *of, size_t count, double *z) {
    const struct ti_dist dist = {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1};
    struct ti_sampler sampler;
    if (ti_sampler_make(&dist, of->f64 ? TI_DTYPE_F64 : TI_DTYPE_F32, 0, 0, &sampler,
                        NULL) != TI_OK) {
        abort();
    }
    for (size_t from = 0; from < count; from += TI_TILE_WORDS) {
        uint32_t words[TI_TILE_WORDS];
        float values[TI_TILE_WORDS];
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            words[i] = oracle_word(of->seed, of->stream, 2, from + i);
        }
        ti_kernels_portable.map[TI_KERNEL_normal](&sampler.transform, words,
                                                  TI_TILE_WORDS, values);
        for (size_t i = 0; i < TI_TILE_WORDS && from + i < count; i++) {
            const uint32_t low = oracle_word(of->seed, of->stream, 3, from + i);
            const uint64_t word = (uint64_t)words[i] << 32 | low;
            z[from + i] = of->f64 ? values_scalar_f64(&sampler, word) : (double)values[i];
        }
    }
}

/* V, k by n, in place of the normals z; and the signs. */
static void make_v(const struct orthogonal *of, size_t n, size_t k, double *v,
                   double *sign) {
    sample_normals(of, k * n, v);
    for (size_t l = 0; l < k; l++) {
        struct sum squares = {.f64 = true};
        double *row = v + l * n;
        for (size_t r = l; r < n; r++) add(&squares, r, row[r], row[r]);
        const double norm = sqrt(total(&squares));
        sign[l] = row[l] > 0 ? -1 : 1;
        row[l] = rounded(of->f64, row[l] - sign[l] * norm);
        for (size_t r = 0; r < l; r++) row[r] = 0;
    }
}

/* U, k by k. */
static void make_u(size_t n, size_t k, const double *v, double *u) {
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i; j < k; j++) {
            struct sum sum = {.f64 = true};
            for (size_t r = j; r < n; r++) add(&sum, r, v[i * n + r], v[j * n + r]);
            u[i * k + j] = total(&sum);
        }
        u[i * k + i] = u[i * k + i] / 2;
    }
}

/* X[l][i], of column i below l already known. */
static double solve(size_t k, size_t l, size_t i, double start, const double *u,
                    const double *x) {
    const size_t last_of_block = l / BLOCK * BLOCK + BLOCK - 1;
    struct sum above = {.f64 = true, .subtract = true, .total = start};
    for (size_t j = last_of_block + 1; j <= i; j++) {
        add(&above, j, u[l * k + j], x[j * k + i]);
    }
    double rest = total(&above);
    for (size_t j = i < last_of_block ? i : last_of_block; j > l; j--) {
        const double product = u[l * k + j] * x[j * k + i];
        rest = rest - product;
    }
    return rest / u[l * k + l];
}

double *orthogonal_wanted(const struct orthogonal *of) {
    const size_t n = of->rows > of->cols ? of->rows : of->cols;
    const size_t k = of->rows > of->cols ? of->cols : of->rows;
    const bool tall = of->rows > of->cols || (of->rows == of->cols && !of->io);
    double *v = numbers(k * n), *u = numbers(k * k), *x = numbers(k * k);
    double *sign = numbers(k), *elems = numbers(n * k);
    const double gain = rounded(of->f64, of->gain) + 0;
    make_v(of, n, k, v, sign);
    make_u(n, k, v, u);
    for (size_t i = 0; i < k; i++) {
        for (size_t l = i + 1; l-- > 0;) {
            x[l * k + i] = solve(k, l, i, v[l * n + i] * sign[i], u, x);
        }
    }
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < k; i++) {
            struct sum sum = {of->f64, true, r == i ? sign[i] : 0, 0, 0};
            for (size_t l = 0; l <= (r < i ? r : i); l++) {
                add(&sum, l, v[l * n + r], rounded(of->f64, x[l * k + i]));
            }
            const double q = total(&sum);
            const double elem = 0 + rounded(of->f64, gain * q);
            elems[tall ? r * k + i : i * n + r] = elem;
        }
    }
    free(v), free(u), free(x), free(sign);
    return elems;
}

double orthogonal_error(const double *elems, size_t rows, size_t cols, double gain) {
    const size_t n = rows > cols ? rows : cols, k = rows > cols ? cols : rows;
    const size_t along = rows >= cols ? cols : 1, across = rows >= cols ? 1 : cols;
    double worst = 0, *line = numbers(k * n);
    for (size_t i = 0; i < k; i++) {
        for (size_t r = 0; r < n; r++)
            line[i * n + r] = elems[r * along + i * across] / gain;
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j <= i; j++) {
            double four[4] = {0};
            for (size_t r = 0; r < n; r++)
                four[r % 4] += line[i * n + r] * line[j * n + r];
            const double dot = four[0] + four[1] + (four[2] + four[3]);
            worst = fmax(worst, fabs(dot - (i == j)));
        }
    }
    free(line);
    return worst;
}
