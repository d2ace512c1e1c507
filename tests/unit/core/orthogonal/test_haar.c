/* SPDX-License-Identifier: MIT */
/*
 * Orthogonal matrices of many seeds are Haar-distributed. Expected are exact moments and
 * distributions (Weingarten calculus; a column is uniform on the sphere), and those of
 * traces of powers: Diaconis, Shahshahani, "On the eigenvalues of random matrices", J.
 * Appl. Prob. 31A, 1994. Seeds are fixed, so a result is always the same.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/statistics.h"
#include "support/test.h"

#define P_HAAR_MIN 1e-4
#define SIDE_MAX 72

static int tests_made;

static void check(const char *what, size_t rows, size_t cols, double p) {
    tests_made++;
    if (!(p > P_HAAR_MIN)) fail_msg("%s, %zu by %zu: p = %g", what, rows, cols, p);
}

/* 'seeds' matrices, one after another, in binary64. */
static double *sampler(size_t rows, size_t cols, const char *more, size_t seeds) {
    const size_t elems = rows * cols;
    double *out = malloc(seeds * elems * sizeof *out);
    float values[SIDE_MAX * SIDE_MAX];
    assert_true(elems <= COUNT_OF(values));
    assert_non_null(out);
    for (size_t seed = 0; seed < seeds; seed++) {
        char query[200];
        snprintf(query, sizeof query, "shape=%zu,%zu&scheme=orthogonal&seed=%zu%s", rows,
                 cols, seed, more);
        struct ti_plan *plan = test_plan(query);
        struct ti_factor *factor;
        assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
        ti_factor_run_all(factor);
        assert_int_equal(ti_plan_use(plan, factor), TI_OK);
        void *workspace;
        assert_int_equal(ti_workspace_make(plan, &workspace, NULL), TI_OK);
        assert_int_equal(ti_plan_fill(plan, 0, elems, values, workspace), TI_OK);
        for (size_t i = 0; i < elems; i++) out[seed * elems + i] = (double)values[i];
        ti_workspace_free(workspace);
        ti_plan_free(plan);
        ti_factor_free(factor);
    }
    return out;
}

/* Moments ---------------------------------------------------------------------------- */

struct mean {
    double sum, squares;
    size_t count;
};

static void add(struct mean *mean, double x) {
    mean->sum += x;
    mean->squares += x * x;
    mean->count++;
}

/* Compares a mean with the expected one, by its standard error. */
static double p_mean(const struct mean *mean, double expected) {
    const double n = (double)mean->count, m = mean->sum / n;
    const double variance = mean->squares / n - m * m;
    return p_normal((m - expected) / sqrt(variance / n));
}

static void moments_of(size_t n, size_t seeds) {
    const double m = (double)n, pair = 1 / (m * (m + 2));
    struct mean first[25] = {{0}}, second[25] = {{0}}, fourth[25] = {{0}};
    struct mean beside = {0}, below = {0}, across = {0}, square = {0}, trace2 = {0};
    struct mean trace4 = {0};
    double *all = sampler(n, n, "", seeds);
    for (size_t s = 0; s < seeds; s++) {
        const double *q = all + s * n * n;
        double trace = 0;
        for (size_t i = 0; i < n; i++) trace += q[i * n + i];
        for (size_t i = 0; i < n * n; i++) {
            add(&first[i], q[i]);
            add(&second[i], q[i] * q[i]);
            add(&fourth[i], q[i] * q[i] * q[i] * q[i]);
        }
        add(&beside, q[0] * q[0] * q[1] * q[1]);
        add(&below, q[1] * q[1] * q[n + 1] * q[n + 1]);
        add(&across, q[0] * q[0] * q[n + 1] * q[n + 1]);
        add(&square, q[0] * q[1] * q[n] * q[n + 1]);
        add(&trace2, trace * trace);
        add(&trace4, trace * trace * trace * trace);
    }
    for (size_t i = 0; i < n * n; i++) {
        check("E q", n, n, p_mean(&first[i], 0));
        check("E q^2", n, n, p_mean(&second[i], 1 / m));
        check("E q^4", n, n, p_mean(&fourth[i], 3 * pair));
    }
    check("E q11^2 q12^2", n, n, p_mean(&beside, pair));
    check("E q12^2 q22^2", n, n, p_mean(&below, pair));
    check("E q11^2 q22^2", n, n, p_mean(&across, (m + 1) / (m - 1) * pair));
    check("E q11 q12 q21 q22", n, n, p_mean(&square, -1 / (m - 1) * pair));
    check("E tr^2", n, n, p_mean(&trace2, 1));
    if (n >= 4) check("E tr^4", n, n, p_mean(&trace4, 3));
    free(all);
}

static void moments(void **state) {
    (void)state;
    moments_of(2, 2000);
    moments_of(3, 2000);
    moments_of(4, 2000);
    moments_of(5, 2000);
}

/* The determinant, by elimination with the largest pivot of a column. */
static double determinant(const double *q, size_t n) {
    double a[SIDE_MAX * SIDE_MAX], product = 1;
    memcpy(a, q, n * n * sizeof *a);
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t r = i + 1; r < n; r++)
            if (fabs(a[r * n + i]) > fabs(a[best * n + i])) best = r;
        if (best != i) product = -product;
        for (size_t c = 0; c < n; c++) {
            const double stored = a[i * n + c];
            a[i * n + c] = a[best * n + c];
            a[best * n + c] = stored;
        }
        product *= a[i * n + i];
        for (size_t r = i + 1; r < n; r++) {
            const double f = a[r * n + i] / a[i * n + i];
            for (size_t c = i; c < n; c++) a[r * n + c] -= f * a[i * n + c];
        }
    }
    return product;
}

static void determinants(void **state) {
    static const size_t sides[] = {1, 2, 3, 5, 20, 66};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        const size_t n = sides[i], seeds = n < 10 ? 2000 : 400;
        double *all = sampler(n, n, "", seeds);
        uint64_t count[2] = {0, 0};
        for (size_t s = 0; s < seeds; s++) {
            const double d = determinant(all + s * n * n, n);
            assert_true(fabs(fabs(d) - 1) < 1e-5);
            count[d > 0]++;
        }
        check("determinants", n, n, p_even(count, 2));
        free(all);
    }
}

/* Distributions ---------------------------------------------------------------------- */

/* Fraction of the unit sphere in n dimensions with a coordinate below x: the density is
   proportional to (1 - x^2)^((n - 3) / 2). */
static double below_on_sphere(size_t n, double x) {
    x = x < -1 ? -1 : x > 1 ? 1 : x;
    if (n == 2) return 0.5 + asin(x) / 3.14159265358979324;
    if (n == 3) return 0.5 + x / 2;
    if (n == 5) return 0.5 + 0.75 * (x - x * x * x / 3);
    if (n == 7) return 0.5 + 15.0 / 16 * (x - 2 * x * x * x / 3 + pow(x, 5) / 5);
    fail_msg("no distribution for %zu", n);
    return 0;
}

static double below_normal(size_t unused, double x) {
    (void)unused;
    return erfc(-x / sqrt(2)) / 2;
}

static double below_uniform(size_t unused, double x) {
    (void)unused;
    return x;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov test; sorts the values. */
static double p_below(double *values, size_t count, double (*below)(size_t n, double x),
                      size_t n) {
    double max = 0;
    qsort(values, count, sizeof *values, ascending);
    for (size_t i = 0; i < count; i++) {
        const double p = below(n, values[i]);
        max = fmax(max, p - (double)i / (double)count);
        max = fmax(max, (double)(i + 1) / (double)count - p);
    }
    return p_kolmogorov(max, count);
}

/* A reflection that moves every axis: O of O Q and Q O. */
static double reflection(size_t n, size_t i, size_t j) {
    double norm = 0;
    for (size_t k = 0; k < n; k++) norm += (double)((k + 1) * (k + 1));
    return (i == j ? 1 : 0) - 2 * (double)((i + 1) * (j + 1)) / norm;
}

/* Every element of Q, of O Q and of Q O is a coordinate of a point on the sphere, since
   rows or columns are points on it. */
static void entries_of(size_t rows, size_t cols, const char *more, size_t seeds) {
    const size_t n = rows > cols ? rows : cols;
    double *all = sampler(rows, cols, more, seeds),
           *values = malloc(seeds * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            for (int kind = 0; kind < 3; kind++) {
                static const char *const names[] = {"entry", "of O Q", "of Q O"};
                for (size_t s = 0; s < seeds; s++) {
                    const double *q = all + s * rows * cols;
                    double x = kind ? 0 : q[i * cols + j];
                    for (size_t k = 0; kind == 1 && k < rows; k++)
                        x += reflection(rows, i, k) * q[k * cols + j];
                    for (size_t k = 0; kind == 2 && k < cols; k++)
                        x += q[i * cols + k] * reflection(cols, k, j);
                    values[s] = x;
                }
                check(names[kind], rows, cols,
                      p_below(values, seeds, below_on_sphere, n));
            }
        }
    }
    free(values), free(all);
}

static void entries(void **state) {
    (void)state;
    entries_of(2, 2, "", 2000);
    entries_of(3, 3, "", 2000);
    entries_of(5, 5, "", 2000);
    entries_of(3, 5, "", 2000);
    entries_of(5, 3, "&name=other", 2000);
    entries_of(1, 3, "&name=a", 2000);
    entries_of(7, 1, "&layout=io", 2000);
    entries_of(2, 7, "&layout=io&name=b", 2000);
}

/* The angle of a plane's rotation or reflection is uniform, given the determinant. */
static void angles(void **state) {
    const size_t seeds = 4000;
    double *all = sampler(2, 2, "&name=angles", seeds), *turns[2];
    size_t count[2] = {0, 0};
    (void)state;
    for (int i = 0; i < 2; i++) turns[i] = malloc(seeds * sizeof *turns[i]);
    for (size_t s = 0; s < seeds; s++) {
        const double *q = all + 4 * s;
        const int proper = q[0] * q[3] - q[1] * q[2] > 0;
        const double turn = atan2(q[2], q[0]) / 6.28318530717958648;
        turns[proper][count[proper]++] = turn < 0 ? turn + 1 : turn;
    }
    for (int i = 0; i < 2; i++) {
        check("angle", 2, 2, p_below(turns[i], count[i], below_uniform, 0));
        free(turns[i]);
    }
    free(all);
}

static double trace(const double *a, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i * n + i];
    return sum;
}

static void multiply(const double *a, const double *b, size_t n, double *out) {
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            const double factor = a[i * n + k];
            for (size_t j = 0; j < n; j++) out[i * n + j] += factor * b[k * n + j];
        }
    }
}

#define POWERS 8

/*
 * tr Q^j, j = 1, 2, ..., are nearly independent normals of variance j (n, if eigenvalues
 * were independent), of mean 1 for even j.
 */
static void traces_of(size_t n, size_t seeds) {
    double *all = sampler(n, n, "&name=traces", seeds), *values[POWERS];
    static double power[SIDE_MAX * SIDE_MAX], next[SIDE_MAX * SIDE_MAX];
    struct mean product = {0};
    for (int j = 0; j < POWERS; j++) values[j] = malloc(seeds * sizeof *values[j]);
    for (size_t s = 0; s < seeds; s++) {
        const double *q = all + s * n * n;
        memcpy(power, q, n * n * sizeof *q);
        for (int j = 1; j <= POWERS; j++) {
            values[j - 1][s] = (trace(power, n) - (j % 2 == 0)) / sqrt(j);
            multiply(power, q, n, next);
            memcpy(power, next, n * n * sizeof *q);
        }
        add(&product, values[0][s] * values[1][s]);
    }
    check("tr Q tr Q^2", n, n, p_mean(&product, 0));
    for (int j = 0; j < POWERS; j++) {
        check("tr Q^j", n, n, p_below(values[j], seeds, below_normal, 0));
        free(values[j]);
    }
    free(all);
}

static void traces(void **state) {
    (void)state;
    traces_of(20, 2000);
    traces_of(50, 400);
    traces_of(70, 300); /* more than a block */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments), cmocka_unit_test(determinants),
        cmocka_unit_test(entries), cmocka_unit_test(angles),
        cmocka_unit_test(traces),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("%d tests\n", tests_made);
    return failed;
}
