/* SPDX-License-Identifier: MIT */
/*
 * The scalar sampler: the normal quantile of 10^6 words of 64 bits and of those around
 * every octave's edge, and cuts of all kinds for words of 64 and of 32 bits, against erfc
 * in long double.
 *
 * 'scalar --print N' prints N words of 64 bits with their z, untruncated and cut at 2,
 * instead: tests/long/exhaustive/run checks them with mpmath.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/values/sampler.h"
#include "support/oracle.h"
#include "support/parallel.h"
#include "support/random.h"
#include "support/values.h"

#define ERROR_MAX 1e-15
#define WORDS 1000000
#define CHUNK 10000

/* A cut, with the masses below, above and between for the oracle. */
struct cut {
    double low, high;
    int bits;
    long double below, above, mass;
    struct ti_sampler sampler;
    double worst;
    uint64_t worst_word;
    int faults;
};

static long double tail(long double x) { return erfcl(x / sqrtl(2)) / 2; }

static struct cut cut_make(double low, double high, int bits) {
    struct ti_dist dist = {.sigma = 1, .z_low = low, .z_high = high};
    struct cut cut = {.low = low, .high = high, .bits = bits};
    dist.distribution = isinf(low) && isinf(high) ? TI_DISTRIBUTION_NORMAL
                                                  : TI_DISTRIBUTION_TRUNCATED_NORMAL;
    const enum ti_dtype dtype = bits == 64 ? TI_DTYPE_F64 : TI_DTYPE_F32;
    if (ti_sampler_make(&dist, dtype, 0, 0, &cut.sampler, NULL) != TI_OK) abort();
    if (cut.sampler.kernel != TI_KERNEL_mirrored && cut.sampler.kernel != TI_KERNEL_sided)
        abort(); /* not a tail in binary64 */
    cut.below = tail(-(long double)low);
    cut.above = tail(high);
    cut.mass = low > 0    ? tail(low) - cut.above
               : high < 0 ? tail(-(long double)high) - cut.below
                          : 1 - cut.below - cut.above;
    return cut;
}

static double value(const struct cut *cut, uint64_t word) {
    return cut->bits == 64 ? values_f64(&cut->sampler, word)
                           : (double)values_f32(&cut->sampler, (uint32_t)word);
}

static void check_word(struct cut *cut, uint64_t word) {
    const uint64_t from_high = cut->bits == 64 ? ~word : (uint32_t)~word;
    const double z = value(cut, word);
    long double beyond =
        z < 0 ? cut->below + cut->mass * ldexpl(word + 0.5L, -cut->bits)
              : cut->above + cut->mass * ldexpl(from_high + 0.5L, -cut->bits);
    /* tails are cut off at the least one of the table */
    if (beyond < 0x1p-65L) beyond = 0x1p-65L;
    /* of 32 bits: one more rounding, to binary32; and bounds that are rounded as well */
    const double rounding = cut->bits == 64 ? 0 : 0x1p-24 * fabs(z);
    double error = fabs(oracle_error(fabs(z), beyond)) - rounding;
    error /= fabs(z) > 1 ? fabs(z) : 1;
    const bool inside = cut->bits == 64
                            ? z >= cut->low && z <= cut->high
                            : (float)z >= (float)cut->low && (float)z <= (float)cut->high;
    if (!(error <= ERROR_MAX) || !inside) {
        if (cut->faults++ < 5) {
            printf("cut %g to %g, word %" PRIx64 ": z = %.17g, error %g%s\n", cut->low,
                   cut->high, word, z, error, inside ? "" : ", outside");
        }
    }
    if (error > cut->worst) cut->worst = error, cut->worst_word = word;
}

/* Mostly random; every fourth near an end, where the rare octaves are. */
static uint64_t word_at(uint64_t index, int bits) {
    uint64_t random = index;
    uint64_t word = random_u64(&random);
    if (index % 4 == 0) word >>= index / 8 % 64;
    if (index % 8 == 0) word = ~word;
    return bits == 64 ? word : (uint32_t)(index % 8 ? word : ~(~word >> 32));
}

struct job {
    struct cut cut;
};

static void check_chunk(void *context, uint64_t chunk) {
    struct job *job = context;
    struct cut cut = job->cut;
    for (uint64_t i = chunk * CHUNK; i < (chunk + 1) * CHUNK; i++) {
        check_word(&cut, word_at(i, cut.bits));
    }
    parallel_lock();
    job->cut.faults += cut.faults;
    if (cut.worst > job->cut.worst) {
        job->cut.worst = cut.worst, job->cut.worst_word = cut.worst_word;
    }
    parallel_unlock();
}

static int check_cut(double low, double high, int bits, uint64_t words) {
    struct job job = {cut_make(low, high, bits)};
    for (int k = 0; k < bits; k++) { /* around powers of two, from both ends */
        for (uint64_t near = 0; near < 8; near++) {
            const uint64_t word = ((uint64_t)1 << k) - 4 + near;
            const uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX;
            check_word(&job.cut, word & mask);
            check_word(&job.cut, ~word & mask);
        }
    }
    parallel(words / CHUNK, check_chunk, &job);
    printf("cut %g to %g, %d bits: worst error %.3g at word %" PRIx64 ", %d faults\n",
           low, high, bits, job.cut.worst, job.cut.worst_word, job.cut.faults);
    return job.cut.faults;
}

/* The normal: antisymmetric, and rising across the edges of the octaves. */
static int check_normal_edges(void) {
    const struct cut cut = cut_make(-INFINITY, INFINITY, 64);
    int faults = 0;
    for (int k = 1; k < 63; k++) {
        double last = -INFINITY;
        for (uint64_t near = 0; near < 64; near++) {
            const uint64_t word = ((uint64_t)1 << k) - (k > 5 ? 32 : 0) + near;
            const double z = value(&cut, word);
            if (!(z < 0) || value(&cut, ~word) != -z || z < last) {
                printf("edge 2^%d, word %" PRIx64 ": %.17g after %.17g\n", k, word, z,
                       last);
                faults++;
            }
            last = z;
        }
    }
    return faults;
}

static int print_words(uint64_t words) {
    const struct cut normal = cut_make(-INFINITY, INFINITY, 64),
                     two = cut_make(-2, 2, 64);
    for (uint64_t i = 0; i < words; i++) {
        const uint64_t word = word_at(i, 64);
        printf("%" PRIu64 " %a %a\n", word, value(&normal, word), value(&two, word));
    }
    return ferror(stdout) != 0;
}

int main(int argc, char **argv) {
    static const double cuts[][2] = {
        {-2, 2},       {-1, 1},        {-0.3, 0.3},      {-5e-7, 5e-7}, {-6, 6},
        {-12, 12},     {-1, 2},        {-2, 1},          {0, 1},        {-1, 0},
        {0, INFINITY}, {-INFINITY, 0}, {1, 2},           {-2, -1},      {3, 3.5},
        {5, INFINITY}, {6, INFINITY},  {-INFINITY, -6},  {-7, -6},      {6, 6.0001},
        {-3, 40},      {-40, 3},       {-0.1, 9},        {1, 1.00001},  {-1e-9, 2e-6},
        {-6, 0.5},     {2.5, 6},       {0.6744, 0.6745},
    };
    if (argc == 3 && strcmp(argv[1], "--print") == 0) {
        return print_words(strtoull(argv[2], NULL, 10));
    }
    if (!ORACLE_IS_F64) {
        puts("long double is no wider than double here");
        return 77;
    }
    int faults = check_cut(-INFINITY, INFINITY, 64, WORDS) + check_normal_edges();
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        faults += check_cut(cuts[i][0], cuts[i][1], 64, WORDS / 5);
        if (cuts[i][0] == -cuts[i][1] && cuts[i][1] >= 0.5) continue;
        faults += check_cut(cuts[i][0], cuts[i][1], 32, WORDS / 5);
    }
    return faults > 0;
}
