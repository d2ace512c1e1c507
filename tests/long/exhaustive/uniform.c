/* SPDX-License-Identifier: MIT */
/*
 * Uniform: all 2^24 values of the 32-bit words over 1,000 intervals, on every instruction
 * set. None is outside [low, high); symmetric ones are strictly inside and never 0, in
 * pairs that differ only in sign. Then 2^16 words of f64 over the same intervals.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/dispatch.h"
#include "core/values/sampler.h"
#include "support/intervals.h"
#include "support/parallel.h"
#include "support/random.h"
#include "support/values.h"

#define INTERVALS 1000
#define RUN 4096

static int faults;

static void fault(uint64_t number, const struct ti_dist *dist, const char *isa,
                  const char *what, uint64_t word, double x) {
    parallel_lock();
    if (faults++ < 10) {
        printf("interval %llu, %a to %a, %s, word %llx: %a %s\n",
               (unsigned long long)number, dist->low, dist->high, isa,
               (unsigned long long)word, x, what);
    }
    parallel_unlock();
}

struct checker {
    uint64_t number;
    struct ti_dist dist;
    struct ti_sampler sampler;
    float low, high; /* no value is below low; none reaches high */
};

static void check_run(const struct checker *c, uint32_t first) {
    uint32_t words[2 * RUN];
    float expected[2 * RUN], x[2 * RUN];
    const struct ti_kernels *kernels;
    /* the eight unused bits are random; the other half are the complements */
    for (uint32_t i = 0; i < RUN; i++) {
        words[i] = (first + i) << 8 | ((first + i) * 37 & 0xff);
        words[RUN + i] = ~words[i];
    }
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        kernels->map[c->sampler.kernel](&c->sampler.transform, words, 2 * RUN,
                                        k ? x : expected);
        if (k > 0 && memcmp(x, expected, sizeof x) != 0) {
            fault(c->number, &c->dist, kernels->name, "in a run that differs", words[0],
                  0);
        }
    }
    for (uint32_t i = 0; i < 2 * RUN; i++) {
        const float y = expected[i];
        const bool inside = c->dist.symmetric ? y > c->low && y < c->high && y != 0
                                              : y >= c->low && y < c->high;
        if (!inside)
            fault(c->number, &c->dist, "portable", "is outside", words[i], (double)y);
    }
    if (!c->dist.symmetric) return;
    for (uint32_t i = 0; i < RUN; i++) {
        if (expected[i] != -expected[RUN + i]) {
            fault(c->number, &c->dist, "portable", "has no mirror image", words[i],
                  (double)expected[i]);
        }
    }
}

static void check_f64(uint64_t number, const struct ti_dist *dist) {
    uint64_t random = number;
    struct ti_sampler sampler;
    if (ti_sampler_make(dist, TI_DTYPE_F64, 0, 0, &sampler, NULL) != TI_OK) {
        fault(number, dist, "f64", "is refused", 0, 0);
        return;
    }
    for (int i = 0; i < 1 << 16; i++) {
        uint64_t word = random_u64(&random);
        if (i < 64) word = (uint64_t)i << 11;
        if (i >= 64 && i < 128) word = ~((uint64_t)(i - 64) << 11);
        const double x = values_f64(&sampler, word);
        if (!(x < dist->high) || !(dist->symmetric ? x > dist->low : x >= dist->low)) {
            fault(number, dist, "f64", "is outside", word, x);
        }
        if (dist->symmetric && values_f64(&sampler, ~word) != -x) {
            fault(number, dist, "f64", "has no mirror image", word, x);
        }
    }
}

static void check_interval(void *context, uint64_t number) {
    struct checker c = {.number = number, .dist = interval_dist(number)};
    (void)context;
    if (ti_sampler_make(&c.dist, TI_DTYPE_F32, 0, 0, &c.sampler, NULL) != TI_OK) {
        fault(number, &c.dist, "f32", "is refused", 0, 0);
        return;
    }
    c.low = (float)c.dist.low;
    c.high = (float)c.dist.high;
    /* half of the values; the complements of their words are the other half */
    for (uint32_t first = 0; first < 1 << 23; first += RUN) check_run(&c, first);
    check_f64(number, &c.dist);
}

int main(void) {
    parallel(INTERVALS, check_interval, NULL);
    printf("%d intervals of 2^24 values, %d faults\n", INTERVALS, faults);
    return faults > 0;
}
