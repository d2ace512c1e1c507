/* SPDX-License-Identifier: MIT */
/*
 * Checks the normal kernels on runs of words: error against the exact quantile, sign,
 * antisymmetry, order, bounds, and that every instruction set gives the same bits. Used
 * by tests/isa on selected runs and by tests/long/exhaustive on all words.
 */
#ifndef TEST_QUANTILE_H
#define TEST_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/values/sampler.h"

/* The bound in docs/SPEC.md, "Accuracy", times max(1, |z|). */
#define QUANTILE_ERROR_MAX 3e-7

/* Words of a run: one call of each kernel, and one Taylor series of the oracle. */
#define QUANTILE_RUN 1024

struct quantile {
    struct ti_sampler sampler; /* of mean 0 and std 1, so that the values are z */
    double cut;                /* +-cut sigmas, infinity for none */
    double outside,
        step;      /* exact mass beyond z of magnitude m: outside + step * (m + 1/2) */
    uint32_t next; /* magnitude after the last one checked, and its |z| */
    float last;
    /* results */
    uint64_t words;
    double worst, min, max; /* weighted error; |z| */
    uint32_t worst_at;
    uint64_t at_cut;
    char fault[160]; /* the first one, "" if there was none */
};

/* cut is infinite, or from 0.5 (below, no kernel is used). */
void quantile_init(struct quantile *q, double cut);

/*
 * Checks the words of magnitudes [first, first + QUANTILE_RUN), which are below 2^31, on
 * both sides of zero. False at the first fault.
 */
bool quantile_run(struct quantile *q, uint32_t first);

/* Adds the results of another part of the words. */
void quantile_merge(struct quantile *sum, const struct quantile *part);

#endif
