/* SPDX-License-Identifier: MIT */
/*
 * Planning a model of 100,000 tensors: names and rules, then kinds, files and headers.
 * tests/long/bench/run prints the table.
 */
#include <stdio.h>
#include <stdlib.h>

#include <tensorinit/tensorinit.h>

#include "tests/long/bench/bench_clock.h"

#define ROUNDS 5

struct plan_case {
    const char *what;
    /* 'count' keys: these with a number between */
    const char *before, *after;
    unsigned count;
    const char *pattern, *query;
};

static const struct plan_case cases[] = {
    {"experts, one key", "model.layers.{0..99}.mlp.experts.{0..332}.{gate,up,down}_proj.",
     ".w", 1, "*.up_proj.*", "scheme=normal&std=0.02"},
    {"a key each", "model.layers.", ".self_attn.q_proj.weight", 100000, "*.q_proj.*",
     "scheme=normal&std=0.02"},
    {"a key and query each", "model.layers.", ".self_attn.q_proj.weight", 100000,
     "model.layers.{l}.*", "scheme=depth_scaled&std=0.02&layer={l}"},
};

static void stop(const char *what) {
    fprintf(stderr, "planning: %s\n", what);
    exit(1);
}

static struct ti_manifest *manifest_of(const struct plan_case *row) {
    static const uint64_t shape[] = {4096, 4096};
    struct ti_manifest *manifest;
    struct ti_error error;
    char key[128];
    if (ti_manifest_make(TI_MANIFEST_TENSORS_MAX, &manifest, &error) != TI_OK)
        stop("memory");
    for (unsigned i = 0; i < row->count; i++) {
        const struct ti_manifest_tensor tensor = {
            .struct_bytes = sizeof tensor, .key = key, .rank = 2, .shape = shape};
        snprintf(key, sizeof key, "%s%u%s", row->before, i, row->after);
        if (ti_manifest_add_tensor(manifest, &tensor, &error) != TI_OK) stop(error.text);
    }
    if (ti_manifest_add_rule(manifest, row->pattern, row->query, &error) != TI_OK) {
        stop(error.text);
    }
    if (row->count == 1 &&
        ti_manifest_add_rule(manifest, "*", "scheme=normal&std=0.01", &error) != TI_OK) {
        stop(error.text);
    }
    if (ti_manifest_finish(manifest, NULL, &error) != TI_OK) stop(error.text);
    return manifest;
}

static void measure(const struct plan_case *row) {
    double best_read = 1e9, best_make = 1e9;
    size_t tensors = 0, bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct ti_model *model;
        struct ti_error error;
        const double start = seconds();
        struct ti_manifest *manifest = manifest_of(row);
        const double read = seconds();
        if (ti_model_make(manifest, ti_manifest_options(manifest), &model, NULL,
                          &error) != TI_OK) {
            stop(error.text);
        }
        const double made = seconds();
        if (read - start < best_read) best_read = read - start;
        if (made - read < best_make) best_make = made - read;
        tensors = ti_model_tensor_count(model);
        bytes = ti_model_memory_bytes(model);
        ti_manifest_free(manifest);
        ti_model_free(model);
    }
    printf("%s\t%zu\t%.0f\t%.0f\t%.1f\n", row->what, tensors, best_read * 1e3,
           best_make * 1e3, (double)bytes / 1048576);
}

int main(void) {
    puts("keys\ttensors\tnames, rules ms\tplan ms\tMiB");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) measure(&cases[i]);
    return 0;
}
