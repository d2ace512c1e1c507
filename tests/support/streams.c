/* SPDX-License-Identifier: MIT */
/* Streams of words for statistics: see streams.h. */
#include "support/streams.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#include "core/kernels/dispatch.h"
#include "core/request/plan.h"

static struct ti_plan *plan_of(const char *query) {
    struct ti_spec *spec;
    struct ti_plan *plan;
    struct ti_error error = {0};
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK) {
        fprintf(stderr, "%s: %s\n", query, error.text);
        abort();
    }
    ti_spec_free(spec);
    return plan;
}

/* Words of a plan's lane 0 from a block of four on. */
static void words_of(const struct ti_plan *plan, uint64_t block, size_t quads,
                     uint32_t *out) {
    uint32_t tile[TI_TILE_WORDS];
    for (size_t done = 0; done < quads; done += TI_TILE_BLOCKS) {
        const size_t now = quads - done < TI_TILE_BLOCKS ? quads - done : TI_TILE_BLOCKS;
        const struct ti_blocks blocks = {block + done, NULL};
        plan->kernels->words(&plan->sampler.philox, blocks, TI_TILE_WORDS, tile);
        memcpy(out + 4 * done, tile, 16 * now);
    }
}

static void in_order(uint64_t first, size_t quads, uint32_t *out) {
    struct ti_plan *plan = plan_of("shape=9&scheme=normal&seed=20");
    words_of(plan, first, quads, out);
    ti_plan_free(plan);
}

static void of_each(const char *param, uint64_t first, size_t quads, uint32_t *out) {
    for (size_t i = 0; i < quads; i++) {
        char query[100];
        snprintf(query, sizeof query, "shape=9&scheme=normal&%s=%llu", param,
                 (unsigned long long)(first + i));
        struct ti_plan *plan = plan_of(query);
        words_of(plan, 0, 1, out + 4 * i);
        ti_plan_free(plan);
    }
}

static void of_seeds(uint64_t first, size_t quads, uint32_t *out) {
    of_each("seed", first, quads, out);
}

static void of_names(uint64_t first, size_t quads, uint32_t *out) {
    of_each("name", first, quads, out);
}

static void of_lanes(uint64_t first, size_t quads, uint32_t *out) {
    struct ti_plan *plan = plan_of("shape=9&scheme=normal&seed=20");
    uint64_t list[TI_TILE_BLOCKS];
    for (size_t done = 0; done < quads; done += TI_TILE_BLOCKS) {
        uint32_t tile[TI_TILE_WORDS];
        const struct ti_blocks blocks = {0, list};
        const size_t now = quads - done < TI_TILE_BLOCKS ? quads - done : TI_TILE_BLOCKS;
        for (size_t i = 0; i < TI_TILE_BLOCKS; i++) {
            const uint64_t at = first + done + i;
            list[i] = at / 4 + (at % 4 << 62);
        }
        plan->kernels->words(&plan->sampler.philox, blocks, TI_TILE_WORDS, tile);
        memcpy(out + 4 * done, tile, 16 * now);
    }
    ti_plan_free(plan);
}

/* Elements [first, first + count) of a tensor. */
static void fill(const char *query, uint64_t first, size_t count, void *out) {
    struct ti_plan *plan = plan_of(query);
    if (ti_plan_fill(plan, first, count, out, NULL) != TI_OK) abort();
    ti_plan_free(plan);
}

/* p = (F(z) - F(-cut)) / (F(cut) - F(-cut)) as a fraction of 2^bits. */
static uint32_t map_back(double z, double outside, double bits) {
    const double below = erfc(-z / sqrt(2)) / 2;
    double scaled = ldexp((below - outside) / (1 - 2 * outside), (int)bits);
    const double top = ldexp(1, (int)bits) - 1;
    if (scaled < 0) scaled = 0;
    return (uint32_t)(scaled < top ? scaled : top);
}

#define BATCH 256 /* quads at a time */

static void of_normals64(const char *query, double outside, uint64_t first, size_t quads,
                         uint32_t *out) {
    for (size_t done = 0; done < quads; done += BATCH) {
        double z[4 * BATCH];
        const size_t now = quads - done < BATCH ? quads - done : BATCH;
        fill(query, 4 * (first + done), 4 * now, z);
        for (size_t i = 0; i < 4 * now; i++) {
            out[4 * done + i] = map_back(z[i], outside, 32);
        }
    }
}

static void of_normals(uint64_t first, size_t quads, uint32_t *out) {
    of_normals64("shape=1152921504606846975&scheme=normal&dtype=f64&seed=21", 0, first,
                 quads, out);
}

static void of_cut(uint64_t first, size_t quads, uint32_t *out) {
    of_normals64("shape=1152921504606846975&scheme=truncated_normal&dtype=f64&seed=22",
                 erfc(sqrt(2)) / 2, first, quads, out);
}

static void of_normals16(uint64_t first, size_t quads, uint32_t *out) {
    for (size_t done = 0; done < quads; done += BATCH) {
        float z[8 * BATCH];
        const size_t now = quads - done < BATCH ? quads - done : BATCH;
        fill("shape=2305843009213693951&scheme=normal&seed=23", 8 * (first + done),
             8 * now, z);
        for (size_t i = 0; i < 4 * now; i++) {
            out[4 * done + i] = map_back((double)z[2 * i], 0, 16) << 16 |
                                map_back((double)z[2 * i + 1], 0, 16);
        }
    }
}

const struct stream streams[] = {
    {"order", in_order},     {"seeds", of_seeds},
    {"names", of_names},     {"lanes", of_lanes},
    {"normals", of_normals}, {"normals16", of_normals16},
    {"cut", of_cut},         {NULL, NULL},
};
