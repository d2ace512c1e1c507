/* SPDX-License-Identifier: MIT */
/*
 * Orthogonality of large matrices: the maximum of |Q'Q - I| (of |QQ' - I| if there are
 * more columns than rows) is at most 2e-6 in f32, 1e-12 in f64. All products in binary64,
 * on all processors.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#include "support/parallel.h"

static const struct size {
    size_t rows, cols;
    bool f64;
} sizes[] = {
    {4096, 4096, false},
    {16384, 512, false},
    {300, 30000, false},
    {2048, 2048, true},
};

/* Vectors of a block; two blocks fit the cache. */
#define LOT 32

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* The elements of a tensor. */
struct tensor {
    struct ti_plan *plan;
    struct ti_factor *factor;
    unsigned phase;
    unsigned char *elems;
};

static void run_task(void *context, uint64_t task) {
    const struct tensor *tensor = context;
    ti_factor_run(tensor->factor, tensor->phase, (size_t)task);
}

static struct tensor sampler(const struct size *size) {
    struct tensor tensor = {NULL, NULL, 0, NULL};
    struct ti_spec *spec;
    struct ti_error error;
    char query[100];
    snprintf(query, sizeof query, "shape=%zu,%zu&scheme=orthogonal&dtype=%s", size->rows,
             size->cols, size->f64 ? "f64" : "f32");
    if (ti_spec_make(&spec) != TI_OK) fail("no memory");
    if (ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &tensor.plan, &error) != TI_OK ||
        ti_factor_make(tensor.plan, &tensor.factor, &error) != TI_OK) {
        fail(error.text);
    }
    ti_spec_free(spec);
    for (; tensor.phase < ti_factor_phases(tensor.factor); tensor.phase++) {
        parallel(ti_factor_tasks(tensor.factor, tensor.phase), run_task, &tensor);
    }
    if (ti_plan_use(tensor.plan, tensor.factor) != TI_OK) fail("not its factorization");
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    void *workspace = NULL;
    tensor.elems = malloc(info->body_bytes);
    if (ti_workspace_make(tensor.plan, &workspace, NULL) != TI_OK || !tensor.elems ||
        ti_plan_fill(tensor.plan, 0, info->elems, tensor.elems, workspace) != TI_OK) {
        fail("no memory");
    }
    ti_workspace_free(workspace);
    return tensor;
}

/* The orthonormal vectors, one after another, in binary64. */
struct check {
    size_t n, k, lots;
    double *line;
    double worst;
};

static double *lines_of(const struct size *size, const unsigned char *elems,
                        const struct check *check) {
    double *line = malloc(check->n * check->k * sizeof *line);
    const bool transposed = size->rows >= size->cols;
    if (!line) fail("no memory");
    for (size_t r = 0; r < size->rows; r++) {
        for (size_t c = 0; c < size->cols; c++) {
            const size_t from = r * size->cols + c;
            double *to = line + (transposed ? c * check->n + r : from);
            float narrow;
            if (size->f64) {
                memcpy(to, elems + 8 * from, 8);
            } else {
                memcpy(&narrow, elems + 4 * from, 4);
                *to = (double)narrow;
            }
        }
    }
    return line;
}

static double dot(const double *a, const double *b, size_t count) {
    double sum[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        for (size_t j = 0; j < 8; j++) sum[j] += a[i + j] * b[i + j];
    }
    for (; i < count; i++) sum[0] += a[i] * b[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) +
           ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/* The products of a block of vectors with all up to it. */
static void check_lot(void *context, uint64_t lot) {
    struct check *check = context;
    const size_t first = (check->lots - 1 - (size_t)lot) * LOT; /* the longest first */
    const size_t end = first + LOT < check->k ? first + LOT : check->k;
    double worst = 0;
    for (size_t other = 0; other < end; other += LOT) {
        for (size_t i = first; i < end; i++) {
            for (size_t j = other; j < other + LOT && j <= i; j++) {
                const double product =
                    dot(check->line + i * check->n, check->line + j * check->n, check->n);
                worst = fmax(worst, fabs(product - (i == j)));
            }
        }
    }
    parallel_lock();
    check->worst = fmax(check->worst, worst);
    parallel_unlock();
}

int main(void) {
    int faults = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct size *size = &sizes[i];
        const double max = size->f64 ? 1e-12 : 2e-6;
        struct tensor tensor = sampler(size);
        struct check check = {.n = size->rows > size->cols ? size->rows : size->cols,
                              .k = size->rows > size->cols ? size->cols : size->rows};
        check.lots = (check.k + LOT - 1) / LOT;
        check.line = lines_of(size, tensor.elems, &check);
        parallel(check.lots, check_lot, &check);
        printf("%zu by %zu %s: off by at most %.2g of %.2g\n", size->rows, size->cols,
               size->f64 ? "f64" : "f32", check.worst, max);
        faults += !(check.worst <= max);
        free(check.line), free(tensor.elems);
        ti_plan_free(tensor.plan);
        ti_factor_free(tensor.factor);
    }
    return faults > 0;
}
