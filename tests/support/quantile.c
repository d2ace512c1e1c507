/* SPDX-License-Identifier: MIT */
/* The normal kernels against the oracle and each other: see quantile.h. */
#include "support/quantile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/kernels/dispatch.h"
#include "support/oracle.h"

/* Below this magnitude a run of the oracle is too long for its series. */
#define SERIES_MIN ((uint32_t)QUANTILE_RUN * 1024)

void quantile_init(struct quantile *q, double cut) {
    struct ti_dist dist = {.sigma = 1, .z_low = -cut, .z_high = cut};
    struct ti_error error = {0};
    memset(q, 0, sizeof *q);
    dist.distribution =
        isinf(cut) ? TI_DISTRIBUTION_NORMAL : TI_DISTRIBUTION_TRUNCATED_NORMAL;
    if (ti_sampler_make(&dist, TI_DTYPE_F32, 0, 0, &q->sampler, &error) != TI_OK ||
        q->sampler.class != &ti_sampler_kernel) {
        snprintf(q->fault, sizeof q->fault, "no kernel for a cut at %g: %.80s", cut,
                 error.text);
    }
    q->cut = cut;
    q->outside = isinf(cut) ? 0 : (double)(0.5L * erfcl(cut / sqrtl(2)));
    q->step = (1 - 2 * q->outside) * 0x1p-32;
    q->min = INFINITY;
}

static bool fault(struct quantile *q, uint32_t m, const char *what, const char *isa) {
    snprintf(q->fault, sizeof q->fault, "cut %g, magnitude %lu, %s: %s", q->cut,
             (unsigned long)m, isa, what);
    return false;
}

/* The first place where two arrays of values differ in a bit. */
static uint32_t first_difference(const float *a, const float *b) {
    uint32_t i = 0;
    while (i < QUANTILE_RUN - 1 && memcmp(&a[i], &b[i], sizeof *a) == 0) i++;
    return i;
}

static bool same_everywhere(struct quantile *q, uint32_t first, const uint32_t *words,
                            const float *expected) {
    const struct ti_kernels *kernels;
    for (size_t i = 1; (kernels = ti_dispatch_at(i)); i++) {
        float z[QUANTILE_RUN];
        kernels->map[q->sampler.kernel](&q->sampler.transform, words, QUANTILE_RUN, z);
        if (memcmp(z, expected, sizeof z) != 0) {
            return fault(q, first + first_difference(z, expected),
                         "differs from portable", kernels->name);
        }
    }
    return true;
}

static void exact_run(const struct quantile *q, uint32_t first, double *exact) {
    const double start = q->outside + q->step * ((double)first + 0.5);
    if (first >= SERIES_MIN) {
        oracle_run(start, q->step, QUANTILE_RUN, exact);
        return;
    }
    for (uint32_t i = 0; i < QUANTILE_RUN; i++) {
        oracle_run(start + q->step * i, 0, 1, exact + i);
    }
}

static bool check_values(struct quantile *q, uint32_t first, const float *below,
                         const float *above) {
    double exact[QUANTILE_RUN];
    exact_run(q, first, exact);
    for (uint32_t i = 0; i < QUANTILE_RUN; i++) {
        const uint32_t m = first + i;
        const float z = above[i];
        const double error = fabs((double)z - exact[i]) / (exact[i] > 1 ? exact[i] : 1);
        if (!(z > 0)) return fault(q, m, "sign of the upper half", "portable");
        if (below[i] != -z) return fault(q, m, "not antisymmetric", "portable");
        if ((double)z > q->cut) return fault(q, m, "outside the cut", "portable");
        if (m > 0 && m == q->next && z > q->last) {
            return fault(q, m, "not monotone", "portable");
        }
        if (!(error <= QUANTILE_ERROR_MAX)) return fault(q, m, "inaccurate", "portable");
        if (error > q->worst) {
            q->worst = error;
            q->worst_at = m;
        }
        if ((double)z < q->min) q->min = (double)z;
        if ((double)z > q->max) q->max = (double)z;
        q->at_cut += (double)z == q->cut;
        q->last = z;
        q->next = m + 1;
    }
    return true;
}

bool quantile_run(struct quantile *q, uint32_t first) {
    uint32_t words[2][QUANTILE_RUN];
    float z[2][QUANTILE_RUN];
    if (*q->fault) return false;
    for (uint32_t i = 0; i < QUANTILE_RUN; i++) {
        words[0][i] = first + i;
        words[1][i] = ~(first + i);
    }
    for (int side = 0; side < 2; side++) {
        ti_kernels_portable.map[q->sampler.kernel](&q->sampler.transform, words[side],
                                                   QUANTILE_RUN, z[side]);
        if (!same_everywhere(q, first, words[side], z[side])) return false;
    }
    q->words += 2 * QUANTILE_RUN;
    return check_values(q, first, z[0], z[1]);
}

void quantile_merge(struct quantile *sum, const struct quantile *part) {
    sum->words += part->words;
    sum->at_cut += part->at_cut;
    if (part->worst > sum->worst) {
        sum->worst = part->worst;
        sum->worst_at = part->worst_at;
    }
    if (part->min < sum->min) sum->min = part->min;
    if (part->max > sum->max) sum->max = part->max;
    if (*part->fault && !*sum->fault) memcpy(sum->fault, part->fault, sizeof sum->fault);
}
