/* SPDX-License-Identifier: MIT */
/*
 * How fast each instruction set fills a buffer that stays in the L2 cache, on one thread:
 * tab-separated rows of ISA, what, GB/s. The measurements of an ISA take turns, and the best
 * of several rounds counts: on a shared machine the others measure the neighbours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/tensorinit.h>

#include "core/kernels/dispatch.h"
#include "core/values/fill.h"
#include "core/request/plan.h"
#include "long/bench/bench_clock.h"

#define BUFFER_BYTES ((size_t)256 << 10)
#define ROUNDS 7

struct measurement {
    const char *what, *query; /* no query: 'words' or memset */
};

static const struct measurement measurements[] = {
    {"memset", NULL},
    {"philox words", NULL},
    {"uniform f32", "scheme=uniform"},
    {"normal f32", "scheme=normal"},
    {"he_normal f32", "scheme=he_normal&fan_in=784"},
    {"kaiming_normal f32", "scheme=kaiming_normal&fan_in=784"},
    {"he_normal bf16", "scheme=he_normal&fan_in=784&dtype=bf16"},
    {"he_normal f16", "scheme=he_normal&fan_in=784&dtype=f16"},
    {"he_normal f64", "scheme=he_normal&fan_in=784&dtype=f64"},
    {"uniform f64", "scheme=uniform&dtype=f64"},
    {"normal f64", "scheme=normal&dtype=f64"},
    {"normal bf16", "scheme=normal&dtype=bf16"},
    {"uniform bf16", "scheme=uniform&dtype=bf16"},
    {"asymmetric cut f64", "scheme=truncated_normal&truncation=-1,2&dtype=f64"},
    {"asymmetric cut f32", "scheme=truncated_normal&truncation=-1,2"},
    {"narrow cut f32", "scheme=truncated_normal&truncation=0.3"},
    {"he_normal, runs of 64", "scheme=he_normal&fan_in=784&slice=:,3:67"},
    {"he_normal, every 3rd", "scheme=he_normal&fan_in=784&slice=:,::3"},
};

#define COUNT (sizeof measurements / sizeof *measurements)

static struct ti_plan *plan_of(const char *query) {
    struct ti_error error;
    struct ti_spec *spec;
    struct ti_plan *plan;
    static const char shape[] = "shape=1000000000000000,1000&name=bench";
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, shape, strlen(shape), &error) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        exit(1);
    }
    ti_spec_free(spec);
    return plan;
}

static void fill_once(const struct ti_kernels *kernels, size_t which,
                      const struct ti_plan *plan, uint64_t turn, void *buffer) {
    if (plan) {
        uint64_t count = BUFFER_BYTES / ti_dtype_bytes(plan->info.dtype);
        ti_sampler_fill(&plan->sampler, kernels, &plan->part.view, turn * count, count,
                        buffer);
    } else if (which == 0) {
        memset(buffer, (int)turn, BUFFER_BYTES);
    } else {
        static const struct ti_philox philox;
        const struct ti_blocks blocks = {turn * (BUFFER_BYTES / 16), NULL};
        kernels->words(&philox, blocks, BUFFER_BYTES / 4, buffer);
    }
    __asm__ volatile("" : : "r"(buffer) : "memory");
}

/* GB/s of fills that take about 20 ms together. */
static double measure(const struct ti_kernels *kernels, size_t which,
                      const struct ti_plan *plan, void *buffer) {
    for (uint64_t turns = 8;; turns *= 2) {
        double start = seconds(), took;
        for (uint64_t i = 0; i < turns; i++) fill_once(kernels, which, plan, i, buffer);
        took = seconds() - start;
        if (took > 0.02) return (double)(turns * BUFFER_BYTES) / took / 1e9;
    }
}

int main(void) {
    void *buffer = aligned_alloc(64, BUFFER_BYTES);
    const struct ti_kernels *kernels;
    if (!buffer) return 1;
    for (size_t isa = 0; (kernels = ti_dispatch_at(isa)); isa++) {
        double best[COUNT] = {0};
        for (int round = 0; round < ROUNDS; round++) {
            for (size_t i = 0; i < COUNT; i++) {
                struct ti_plan *plan =
                    measurements[i].query ? plan_of(measurements[i].query) : NULL;
                double speed = measure(kernels, i, plan, buffer);
                if (speed > best[i]) best[i] = speed;
                ti_plan_free(plan);
            }
        }
        for (size_t i = 0; i < COUNT; i++) {
            printf("%s\t%s\t%.3f\n", kernels->name, measurements[i].what, best[i]);
        }
    }
    free(buffer);
    return 0;
}
