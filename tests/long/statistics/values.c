/* SPDX-License-Identifier: MIT */
/*
 * 10^6 values of several distributions against the exact ones: four moments and the
 * Kolmogorov-Smirnov statistic, for two seeds, in f32 and f64: 5 tests each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#include "support/parallel.h"
#include "support/statistics.h"

#define COUNT 1000000

/* Distributions of z: normal or uniform on [low, high]. */
struct dist {
    const char *query;
    double low, high;
    int uniform;
};

static const struct dist dists[] = {
    {"scheme=normal", -INFINITY, INFINITY, 0},
    {"scheme=truncated_normal", -2, 2, 0},
    {"scheme=truncated_normal&truncation=0.5", -0.5, 0.5, 0},
    {"scheme=truncated_normal&truncation=3", -3, 3, 0},
    {"scheme=truncated_normal&truncation=-1,2.5", -1, 2.5, 0},
    {"scheme=truncated_normal&truncation=1,inf", 1, INFINITY, 0},
    {"scheme=uniform", 0, 1, 1},
    {"scheme=uniform&low=-3&high=5", -3, 5, 1},
};

#define CASES (4 * sizeof dists / sizeof *dists) /* two seeds, two types */

static double below(double x) { return erfc(-x / sqrt(2)) / 2; }
static double density(double x) {
    return isinf(x) ? 0 : exp(-x * x / 2) / sqrt(2 * acos(-1));
}

static double cdf(const struct dist *dist, double x) {
    if (dist->uniform) return (x - dist->low) / (dist->high - dist->low);
    return (below(x) - below(dist->low)) / (below(dist->high) - below(dist->low));
}

/* Raw moments 0 to 8, by the recursion m[k] = (k - 1) m[k - 2] - [x^(k-1) phi(x)] /
   mass. */
static void moments(const struct dist *dist, double m[9]) {
    const double a = dist->low, b = dist->high, mass = below(b) - below(a);
    m[0] = 1;
    for (int k = 1; k <= 8; k++) {
        if (dist->uniform) {
            m[k] = (pow(b, k + 1) - pow(a, k + 1)) / ((k + 1) * (b - a));
            continue;
        }
        const double at_a = isinf(a) ? 0 : pow(a, k - 1) * density(a);
        const double at_b = isinf(b) ? 0 : pow(b, k - 1) * density(b);
        m[k] = (k > 1 ? (k - 1) * m[k - 2] : 0) - (at_b - at_a) / mass;
    }
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *sampler(const struct dist *dist, const char *more) {
    double *x = malloc(COUNT * sizeof *x);
    float *narrow = malloc(COUNT * sizeof *narrow);
    char query[200];
    struct ti_spec *spec;
    struct ti_plan *plan;
    snprintf(query, sizeof query, "shape=%d&%s&%s", COUNT, dist->query, more);
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), NULL) != TI_OK ||
        ti_plan_make(spec, &plan, NULL) != TI_OK) {
        abort();
    }
    const int f64 = ti_plan_info(plan)->dtype == TI_DTYPE_F64;
    if (ti_plan_fill(plan, 0, COUNT, f64 ? (void *)x : (void *)narrow, NULL) != TI_OK)
        abort();
    for (size_t i = 0; i < COUNT && !f64; i++) x[i] = (double)narrow[i];
    ti_plan_free(plan);
    ti_spec_free(spec);
    free(narrow);
    return x;
}

static void check(void *context, uint64_t number) {
    const struct dist *dist = &dists[number / 4];
    double m[9], sum[5] = {0}, d = 0;
    char name[200], variant[100];
    (void)context;
    /* another seed for each: the same seed would give the same words */
    snprintf(variant, sizeof variant, "seed=%d%s%s", (int)number + 1,
             number % 4 / 2 ? "&name=layers.3.weight" : "",
             number % 2 ? "&dtype=f64" : "");
    snprintf(name, sizeof name, "%s&%s", dist->query, variant);
    double *x = sampler(dist, variant);
    moments(dist, m);
    for (size_t i = 0; i < COUNT; i++) {
        double power = 1;
        for (int k = 1; k <= 4; k++) sum[k] += power *= x[i];
    }
    qsort(x, COUNT, sizeof *x, ascending);
    for (size_t i = 0; i < COUNT; i++) {
        const double p = cdf(dist, x[i]);
        d = fmax(d, fmax((double)(i + 1) / COUNT - p, p - (double)i / COUNT));
    }
    parallel_lock();
    for (int k = 1; k <= 4; k++) {
        char test[20];
        snprintf(test, sizeof test, "moment %d", k);
        const double variance = (m[2 * k] - m[k] * m[k]) / COUNT;
        test_note(name, test, p_normal((sum[k] / COUNT - m[k]) / sqrt(variance)));
    }
    test_note(name, "Kolmogorov-Smirnov", p_kolmogorov(d, COUNT));
    parallel_unlock();
    free(x);
}

int main(void) {
    parallel(CASES, check, NULL);
    return test_sum();
}
