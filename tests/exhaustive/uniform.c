/* SPDX-License-Identifier: MIT */
/*
 * Uniform: all 2^24 values of the 32-bit words over 1,000 intervals, on every instruction set.
 * None leaves [low, high); symmetric ones stay strictly inside, never 0, in pairs that differ
 * in the sign alone. Then 2^16 words of f64 over the same intervals.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dispatch.h"
#include "core/draw.h"
#include "core/wide.h"
#include "support/parallel.h"
#include "support/random.h"

#define INTERVALS 1000
#define RUN 4096

static int faults;

static void fault(uint64_t number, const struct ti_law *law, const char *isa,
                  const char *what, uint64_t word, double x) {
    parallel_lock();
    if (faults++ < 10) {
        printf("interval %llu, %a to %a, %s, word %llx: %a %s\n",
               (unsigned long long)number, law->low, law->high, isa,
               (unsigned long long)word, x, what);
    }
    parallel_unlock();
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A finite binary32 number with an exponent of at most 'most'. */
static float any_float(uint64_t *random, uint32_t most) {
    const uint32_t exponent = (uint32_t)random_below(random, most + 1);
    return float_of((uint32_t)(random_u64(random) & 0x807fffff) | exponent << 23);
}

/* Wide and narrow, huge and subnormal, on both sides of 0, around it, neighbours, symmetric. */
static struct ti_law interval(uint64_t number) {
    uint64_t random = 1000 + number;
    struct ti_law law = {.distribution = TI_DISTRIBUTION_UNIFORM};
    float low = any_float(&random, 254), high = any_float(&random, 254);
    switch (number % 10) {
    case 0: /* neighbours */
        high = nextafterf(low, INFINITY);
        break;
    case 1: /* a few places apart */
        for (int i = 0; i < 5; i++) high = nextafterf(i ? high : low, INFINITY);
        break;
    case 2: /* subnormal and tiny */
        low = any_float(&random, 2), high = any_float(&random, 2);
        break;
    case 3: /* huge */
        low = -fabsf(any_float(&random, 3)) - 0x1p127f, high = -low;
        break;
    case 4: /* of ordinary size */
        low = (float)random_unit(&random) - 0.5f,
        high = low + (float)random_unit(&random);
        break;
    case 5: /* one end at 0 */
        if (number % 20 == 5) low = 0;
        if (number % 20 == 15) high = 0;
        break;
    case 6: /* narrow beside its distance from 0 */
        high = low + fabsf(low) * 0x1p-20f;
        break;
    case 7: /* bounds that are not binary32 numbers */
        law.low = random_unit(&random) - 0.5;
        law.high = law.low + random_unit(&random) * 1e-3 + 1e-6;
        return law;
    default:
        law.symmetric = true;
        law.high = fabs((double)any_float(&random, 254));
        if (law.high < 0x1.000002p-126) law.high = 0.1 + (double)number;
        law.low = -law.high;
        return law;
    }
    if (!(low < high)) {
        const float other = low;
        low = high, high = other;
    }
    if (!(low < high)) high = nextafterf(low, INFINITY);
    law.low = (double)low, law.high = (double)high;
    return law;
}

struct checker {
    uint64_t number;
    struct ti_law law;
    struct ti_draw draw;
    float low, high; /* no value is below low; none reaches high */
};

static void check_run(const struct checker *c, uint32_t first) {
    uint32_t words[2 * RUN];
    float expected[2 * RUN], x[2 * RUN];
    const struct ti_kernels *kernels;
    /* the eight bits that do not count are drawn; the other half are the words turned round */
    for (uint32_t i = 0; i < RUN; i++) {
        words[i] = (first + i) << 8 | ((first + i) * 37 & 0xff);
        words[RUN + i] = ~words[i];
    }
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        kernels->map[TI_KERNEL_uniform](&c->draw.transform, words, 2 * RUN,
                                        k ? x : expected);
        if (k > 0 && memcmp(x, expected, sizeof x) != 0) {
            fault(c->number, &c->law, kernels->name, "in a run that differs", words[0],
                  0);
        }
    }
    for (uint32_t i = 0; i < 2 * RUN; i++) {
        const float y = expected[i];
        const bool inside = c->law.symmetric ? y > c->low && y < c->high && y != 0
                                             : y >= c->low && y < c->high;
        if (!inside)
            fault(c->number, &c->law, "portable", "is outside", words[i], (double)y);
    }
    if (!c->law.symmetric) return;
    for (uint32_t i = 0; i < RUN; i++) {
        if (expected[i] != -expected[RUN + i]) {
            fault(c->number, &c->law, "portable", "has no mirror image", words[i],
                  (double)expected[i]);
        }
    }
}

static void check_wide(uint64_t number, const struct ti_law *law) {
    uint64_t random = number;
    struct ti_draw draw;
    if (ti_draw_make(law, TI_DTYPE_F64, 0, 0, &draw, NULL) != TI_OK) {
        fault(number, law, "f64", "is refused", 0, 0);
        return;
    }
    for (int i = 0; i < 1 << 16; i++) {
        uint64_t word = random_u64(&random);
        if (i < 64) word = (uint64_t)i << 11;
        if (i >= 64 && i < 128) word = ~((uint64_t)(i - 64) << 11);
        const double x = ti_wide_f64(&draw, word);
        if (!(x < law->high) || !(law->symmetric ? x > law->low : x >= law->low)) {
            fault(number, law, "f64", "is outside", word, x);
        }
        if (law->symmetric && ti_wide_f64(&draw, ~word) != -x) {
            fault(number, law, "f64", "has no mirror image", word, x);
        }
    }
}

static void check_interval(void *context, uint64_t number) {
    struct checker c = {.number = number, .law = interval(number)};
    (void)context;
    if (ti_draw_make(&c.law, TI_DTYPE_F32, 0, 0, &c.draw, NULL) != TI_OK) {
        fault(number, &c.law, "f32", "is refused", 0, 0);
        return;
    }
    c.low = (float)c.law.low;
    c.high = (float)c.law.high;
    /* half of the values; their words turned round are the other half */
    for (uint32_t first = 0; first < 1 << 23; first += RUN) check_run(&c, first);
    check_wide(number, &c.law);
}

int main(void) {
    parallel(INTERVALS, check_interval, NULL);
    printf("%d intervals of 2^24 values, %d faults\n", INTERVALS, faults);
    return faults > 0;
}
