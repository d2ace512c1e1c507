/* SPDX-License-Identifier: MIT */
/*
 * How fast JSON bodies are made, elements and text, on one thread: tab-separated rows of
 * request, million elements a second and bytes an element. The requests take turns, and the
 * best of several rounds counts: on a shared machine the others measure the neighbours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/tensorinit.h>

#include "long/bench/bench_clock.h"

#define ELEMS 131072
#define ROUNDS 25

static const char *const queries[] = {
    "shape=128,1024&scheme=he_normal",
    "shape=128,1024&scheme=he_normal&json=flat",
    "shape=32768,4&scheme=he_normal",
    "shape=128,1024&scheme=normal",
    "shape=128,1024&scheme=uniform&low=-100&high=100",
    "shape=128,1024&scheme=he_normal&dtype=f64",
    "shape=128,1024&scheme=he_normal&dtype=bf16",
    "shape=128,1024&scheme=he_normal&dtype=f16",
    "shape=128,1024&scheme=zeros",
    "shape=128,1024&scheme=ones&dtype=i32",
    "shape=128,1024&scheme=ones&dtype=i64",
};

#define COUNT (sizeof queries / sizeof *queries)

static struct ti_plan *plan_of(const char *query) {
    static const char rest[] = "format=json&name=bench";
    struct ti_error error;
    struct ti_spec *spec;
    struct ti_plan *plan;
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, rest, strlen(rest), &error) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        exit(1);
    }
    ti_spec_free(spec);
    return plan;
}

/* Bytes of the body, which is made by as much as the daemon asks for at a time. */
static size_t make_once(const struct ti_body *body) {
    static char out[TI_BODY_CAPACITY_MIN];
    struct ti_body_cursor cursor = {0};
    size_t total = 0, written;
    do {
        if (ti_body_next(body, &cursor, sizeof out, out, &written, NULL) != TI_OK)
            exit(1);
        total += written;
    } while (written > 0);
    return total;
}

int main(void) {
    struct ti_plan *plans[COUNT];
    struct ti_body *bodies[COUNT];
    double best[COUNT] = {0};
    size_t bytes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        plans[i] = plan_of(queries[i]);
        if (ti_body_make(plans[i], &bodies[i], NULL) != TI_OK) return 1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            double start = seconds();
            bytes[i] = make_once(bodies[i]);
            double speed = ELEMS / (seconds() - start) / 1e6;
            if (speed > best[i]) best[i] = speed;
        }
    }
    printf("request\tmillion/s\tbytes\n");
    for (size_t i = 0; i < COUNT; i++) {
        printf("%s\t%.1f\t%.1f\n", queries[i], best[i], (double)bytes[i] / ELEMS);
        ti_body_free(bodies[i]);
        ti_plan_free(plans[i]);
    }
    return 0;
}
