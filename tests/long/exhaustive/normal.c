/* SPDX-License-Identifier: MIT */
/*
 * All 2^32 words through the normal kernels, untruncated and cut at +-2: error against
 * the exact quantile, sign, antisymmetry, order, bounds, and every instruction set bit
 * for bit; for other cuts one run of words in 64. Arguments: cuts ("inf", "2", "0.5") to
 * do in full instead.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/parallel.h"
#include "support/quantile.h"

#define MAGNITUDES ((uint64_t)1 << 31)
#define CHUNK ((uint64_t)1 << 22)

struct job {
    double cut;
    uint64_t every; /* checks every n-th run */
    struct quantile sum;
};

static void check_chunk(void *context, uint64_t chunk) {
    struct job *job = context;
    struct quantile q;
    const uint64_t first = chunk * CHUNK, stride = job->every * QUANTILE_RUN;
    quantile_init(&q, job->cut);
    /* Also the last run of the chunk before, to check the order across the border. */
    if (chunk > 0 && job->every == 1) quantile_run(&q, (uint32_t)(first - QUANTILE_RUN));
    q.words = 0;
    for (uint64_t at = first; at < first + CHUNK; at += stride) {
        if (!quantile_run(&q, (uint32_t)at)) break;
    }
    parallel_lock();
    quantile_merge(&job->sum, &q);
    parallel_unlock();
}

static int check(double cut, uint64_t every) {
    struct job job = {.cut = cut, .every = every};
    job.sum.min = INFINITY;
    parallel(MAGNITUDES / CHUNK, check_chunk, &job);
    printf("cut %g: %llu words, worst error %.4g at magnitude %lu, |z| %.4g to %.9g, "
           "%llu at the cut%s%s\n",
           cut, (unsigned long long)job.sum.words, job.sum.worst,
           (unsigned long)job.sum.worst_at, job.sum.min, job.sum.max,
           (unsigned long long)job.sum.at_cut, *job.sum.fault ? "; FAULT: " : "",
           job.sum.fault);
    fflush(stdout);
    if (*job.sum.fault) return 1;
    return every == 1 && job.sum.words != 2 * MAGNITUDES;
}

int main(int argc, char **argv) {
    static const double others[] = {0.5, 0.7, 1, 1.5, 2.5, 3, 4, 5, 6, 6.4, 8};
    int faults = 0;
    for (int i = 1; i < argc; i++) faults += check(strtod(argv[i], NULL), 1);
    if (argc > 1) return faults > 0;
    faults += check(INFINITY, 1);
    faults += check(2, 1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        faults += check(others[i], 64);
    }
    return faults > 0;
}
