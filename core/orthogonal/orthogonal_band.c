/* SPDX-License-Identifier: MIT */
/* Bands of an orthogonal tensor: see orthogonal_band.h. */
#include "core/orthogonal/orthogonal_band.h"

#include <math.h>
#include <string.h>

/* A workspace begins with it; then come the scratch memory and the elements. */
struct band {
    /* elements [first, first + count); none before the first one is begun */
    uint64_t first, count;
    struct ti_orthogonal_progress progress;
    bool complete;
    /* of the elements' memory, used before: then the system has provided it */
    size_t used_bytes;
};

/*
 * The system provides a page of memory when it is first used, which takes 0.3 us, and 30 on some
 * virtual machines: 10 ms for a workspace. So first uses take their time as sums do.
 */
#define PAGE_BYTES 4096
#define PAGE_NS 2e4

#define ALIGNMENT 64
#define BAND_BYTES ((sizeof(struct band) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static void *scratch_of(struct band *band) { return (char *)band + BAND_BYTES; }

static void *elems_of(struct band *band, enum ti_dtype dtype) {
    return (char *)scratch_of(band) + ti_orthogonal_scratch_bytes(dtype);
}

size_t ti_orthogonal_workspace_bytes(enum ti_dtype dtype,
                                     const struct ti_orthogonal_cost *cost) {
    return BAND_BYTES + ti_orthogonal_scratch_bytes(dtype) +
           (size_t)cost->band_elems * ti_dtype_bytes(dtype);
}

void ti_orthogonal_workspace_init(void *workspace) {
    struct band *band = workspace;
    *band = (struct band){0};
}

/* Elements from 'first' on; 0 if it is in no band. */
static uint64_t count_from(const struct band *band, uint64_t first) {
    if (first < band->first || first - band->first >= band->count) return 0;
    return band->count - (first - band->first);
}

/* A band ends with a line, so that the next one begins with one. */
static void begin(struct band *band, const struct ti_orthogonal_cost *cost,
                  uint64_t first, uint64_t end) {
    uint64_t count = cost->band_elems;
    if (count >= cost->line_elems) count -= first % cost->line_elems;
    band->first = first;
    band->count = count < end - first ? count : end - first;
    band->progress = (struct ti_orthogonal_progress){0};
    band->complete = false;
}

/* Uses so much of the elements' memory. Returns what is left of the time: 0 if it is up. */
static double use(struct band *band, char *elems, size_t bytes, double ns) {
    for (; band->used_bytes < bytes && ns > 0; band->used_bytes += PAGE_BYTES) {
        elems[band->used_bytes] = 0;
        ns -= PAGE_NS;
    }
    return band->used_bytes < bytes || ns < 0 ? 0 : ns;
}

uint64_t ti_orthogonal_prepare(const struct ti_orthogonal *orthogonal,
                               const struct ti_orthogonal_cost *cost, uint64_t first,
                               uint64_t end, double max_ns, void *workspace) {
    struct band *band = workspace;
    if (count_from(band, first) == 0) begin(band, cost, first, end);
    if (!band->complete) {
        const enum ti_dtype dtype = orthogonal->sampler->dtype;
        char *const elems = elems_of(band, dtype);
        const struct ti_orthogonal_range range = {band->first, band->count, elems};
        const size_t bytes = (size_t)band->count * ti_dtype_bytes(dtype);
        const double left_ns = use(band, elems, bytes, max_ns);
        if (left_ns <= 0) return 0;
        band->complete = ti_orthogonal_compute(orthogonal, &range, left_ns,
                                               &band->progress, scratch_of(band));
    }
    if (!band->complete) return 0;
    const uint64_t count = count_from(band, first);
    return count < end - first ? count : end - first;
}

void ti_orthogonal_fill(const struct ti_orthogonal *orthogonal,
                        struct ti_orthogonal_range range, void *workspace) {
    struct band *band = workspace;
    struct ti_orthogonal_progress progress = {0};
    const enum ti_dtype dtype = orthogonal->sampler->dtype;
    const size_t bytes = ti_dtype_bytes(dtype);
    uint64_t count = band->complete ? count_from(band, range.first) : 0;
    if (count > range.count) count = range.count;
    if (count > 0) {
        memcpy(range.out,
               (char *)elems_of(band, dtype) + (range.first - band->first) * bytes,
               count * bytes);
        range.first += count, range.count -= count;
        range.out = (char *)range.out + count * bytes;
    }
    if (range.count == 0) return;
    band->progress.blocks = 0; /* the scratch memory has a tile of it */
    ti_orthogonal_compute(orthogonal, &range, INFINITY, &progress, scratch_of(band));
}
