/* SPDX-License-Identifier: MIT */
/*
 * Mean and variance of numbers that come in rows, without cancellation: two passes over a
 * row, which then joins the others (Chan, Golub and LeVeque, "Updating formulae and a
 * pairwise algorithm for computing sample variances", 1979).
 */
#ifndef TI_MOMENTS_H
#define TI_MOMENTS_H

#include <math.h>
#include <stddef.h>

#include <tensorinit/propagation.h>

/* Starts from zeros. */
struct ti_moments_sum {
    double count, mean, squares; /* of the differences from the mean */
};

static inline void ti_moments_add(struct ti_moments_sum *sum, const double *row,
                                  size_t count) {
    const double n = (double)count, all = sum->count + n;
    double total = 0, squares = 0;
    for (size_t i = 0; i < count; i++) total += row[i];
    const double mean = total / n, difference = mean - sum->mean;
    for (size_t i = 0; i < count; i++) squares += (row[i] - mean) * (row[i] - mean);
    sum->mean += difference * (n / all);
    sum->squares += squares + difference * difference * (sum->count * (n / all));
    sum->count = all;
}

static inline struct ti_moments ti_moments_of(const struct ti_moments_sum *sum) {
    const double variance = sum->squares / sum->count;
    return (struct ti_moments){sum->mean, sqrt(variance),
                               variance + sum->mean * sum->mean};
}

#endif
