/* SPDX-License-Identifier: MIT */
/* Intervals for uniform distributions: see intervals.h. */
#include "support/intervals.h"

#include <math.h>
#include <string.h>

#include "support/random.h"

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A finite binary32 number with an exponent of at most 'max'. */
static float any_float(uint64_t *random, uint32_t max) {
    const uint32_t exponent = (uint32_t)random_below(random, max + 1);
    return float_of((uint32_t)(random_u64(random) & 0x807fffff) | exponent << 23);
}

struct ti_dist interval_dist(uint64_t number) {
    uint64_t random = 1000 + number;
    struct ti_dist dist = {.distribution = TI_DISTRIBUTION_UNIFORM};
    float low = any_float(&random, 252), high = any_float(&random, 252);
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
        low = -fabsf(any_float(&random, 3)) - 0x1.fffffep126f, high = -low;
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
        dist.low = random_unit(&random) - 0.5;
        dist.high = dist.low + random_unit(&random) * 1e-3 + 1e-6;
        return dist;
    default:
        dist.symmetric = true;
        dist.high = fabs((double)any_float(&random, 254));
        if (dist.high < 0x1.000002p-126) dist.high = 0.1 + (double)number;
        dist.low = -dist.high;
        return dist;
    }
    if (!(low < high)) {
        const float other = low;
        low = high, high = other;
    }
    if (!(low < high)) high = nextafterf(low, INFINITY);
    dist.low = (double)low, dist.high = (double)high;
    return dist;
}
