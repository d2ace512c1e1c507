/* SPDX-License-Identifier: MIT */
/*
 * All 2^32 binary32 numbers to each narrower type, on every instruction set, against rounding
 * by real arithmetic: those that plans allow, the finite ones that round to a finite number.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/kernels/dispatch.h"
#include "support/oracle.h"
#include "support/parallel.h"

#define RUN 4096
#define CHUNK ((uint64_t)1 << 22)

static int faults;
static uint64_t checked[TI_DTYPE_COUNT];

static void fault(const char *isa, const struct oracle_type *type, float x, unsigned got,
                  unsigned expected) {
    parallel_lock();
    if (faults++ < 10) {
        printf("%s: %s(%a) has a byte %x, not %x\n", isa, type->name, (double)x, got,
               expected);
    }
    parallel_unlock();
}

/* The expected bytes of the numbers, then of their negatives. */
static void expect(enum ti_dtype dtype, const float *x, unsigned char *out) {
    const struct oracle_type *type = oracle_type_of(ti_dtype_name(dtype));
    if (ti_dtype_bytes(dtype) == 1) {
        for (size_t i = 0; i < RUN; i++) {
            out[i] = (unsigned char)oracle_narrow(type, x[i]);
            out[RUN + i] = out[i] | 0x80;
        }
        return;
    }
    for (size_t i = 0; i < RUN; i++) {
        const uint16_t code = oracle_narrow(type, x[i]);
        const uint16_t negative = code | 0x8000;
        memcpy(out + 2 * i, &code, 2);
        memcpy(out + 2 * (RUN + i), &negative, 2);
    }
}

/* A run has positive numbers, then their negatives; 1 in place of numbers out of range. */
static uint64_t check_run(const float *all, enum ti_dtype dtype) {
    const struct oracle_type *type = oracle_type_of(ti_dtype_name(dtype));
    const size_t bytes = ti_dtype_bytes(dtype);
    const struct ti_kernels *kernels;
    float x[2 * RUN];
    unsigned char expected[4 * RUN], out[4 * RUN];
    uint64_t used = 0;
    for (size_t i = 0; i < RUN; i++) {
        const bool fits = (double)all[i] < type->limit; /* a NaN does not */
        x[i] = fits ? all[i] : 1;
        x[RUN + i] = -x[i];
        used += 2 * fits;
    }
    if (used == 0) return 0;
    expect(dtype, x, expected);
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        kernels->narrow[dtype](x, 2 * RUN, out);
        if (memcmp(out, expected, 2 * RUN * bytes) == 0) continue;
        size_t at = 0;
        while (out[at] == expected[at]) at++;
        fault(kernels->name, type, x[at / bytes], out[at], expected[at]);
    }
    return used;
}

static void check_chunk(void *context, uint64_t chunk) {
    uint64_t used[TI_DTYPE_COUNT] = {0};
    (void)context;
    for (uint64_t first = chunk * CHUNK; first < (chunk + 1) * CHUNK; first += RUN) {
        float all[RUN];
        for (uint32_t i = 0; i < RUN; i++) {
            const uint32_t bits = (uint32_t)first + i;
            memcpy(&all[i], &bits, sizeof bits);
        }
        for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++)
            if (ti_kernels_portable.narrow[dtype]) used[dtype] += check_run(all, dtype);
    }
    parallel_lock();
    for (int i = 0; i < TI_DTYPE_COUNT; i++) checked[i] += used[i];
    parallel_unlock();
}

int main(void) {
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (ti_kernels_portable.narrow[dtype] && !oracle_type_of(ti_dtype_name(dtype))) {
            printf("no oracle for %s\n", ti_dtype_name(dtype));
            return 1;
        }
    }
    parallel(((uint64_t)1 << 31) / CHUNK, check_chunk, NULL);
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (!ti_kernels_portable.narrow[dtype]) continue;
        printf("%s: %llu numbers\n", ti_dtype_name(dtype),
               (unsigned long long)checked[dtype]);
    }
    printf("%d faults\n", faults);
    return faults > 0;
}
