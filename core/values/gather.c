/* SPDX-License-Identifier: MIT */
/*
 * Strided views: lists the Philox blocks that hold the elements, generates them in one
 * batch at the full speed of the kernels and copies the elements out. So the cost is
 * proportional to the number of elements, and short runs cost little more than long ones.
 */
#include <string.h>

#include "core/values/fill.h"
#include "core/values/tiles.h"

/* Blocks of a batch, a multiple of a tile's. */
#define BATCH_BLOCKS 512

/* Min elements of a contiguous run that is filled directly, without a batch. */
#define LONG_RUN ((uint64_t)4 * BATCH_BLOCKS)

/* Elements [at, at + count) of the batch are wanted. */
struct pick {
    uint32_t at, count;
};

struct batch {
    const struct ti_sampler *sampler;
    const struct ti_kernels *kernels;
    /* where the next pick goes */
    unsigned char *out;
    size_t blocks, picks;
    uint64_t block[BATCH_BLOCKS];
    struct pick pick[4 * BATCH_BLOCKS];
};

static void pick_all(const struct batch *batch, const unsigned char *values, size_t bytes,
                     unsigned char *out) {
    for (size_t i = 0; i < batch->picks; i++) {
        const struct pick pick = batch->pick[i];
        memcpy(out, values + pick.at * bytes, pick.count * bytes);
        out += pick.count * bytes;
    }
}

/* Single elements, as of a stride: copies of a constant size are faster. */
static void pick_singles(const struct batch *batch, const unsigned char *values,
                         size_t bytes, unsigned char *out) {
#define PICK(type)                                                                       \
    for (size_t i = 0; i < batch->picks; i++) {                                          \
        memcpy(out + sizeof(type) * i, values + sizeof(type) * batch->pick[i].at,        \
               sizeof(type));                                                            \
    }
    switch (bytes) {
    case 1:
        PICK(uint8_t) break;
    case 2:
        PICK(uint16_t) break;
    case 4:
        PICK(uint32_t) break;
    default:
        PICK(uint64_t) break;
    }
#undef PICK
}

static void flush(struct batch *batch, bool singles) {
    _Alignas(64) unsigned char values[4 * BATCH_BLOCKS * 8];
    const size_t bytes = ti_dtype_bytes(batch->sampler->dtype);
    const struct ti_blocks blocks = {0, batch->block};
    size_t rounded =
        (batch->blocks + TI_TILE_BLOCKS - 1) / TI_TILE_BLOCKS * TI_TILE_BLOCKS;
    if (batch->blocks == 0) return;
    memset(batch->block + batch->blocks, 0,
           (rounded - batch->blocks) * sizeof *batch->block);
    ti_tiles(batch->sampler, batch->kernels, blocks, 4 * rounded, values);
    size_t elems = 0;
    if (singles) {
        pick_singles(batch, values, bytes, batch->out);
        elems = batch->picks;
    } else {
        pick_all(batch, values, bytes, batch->out);
        for (size_t i = 0; i < batch->picks; i++) elems += batch->pick[i].count;
    }
    batch->out += elems * bytes;
    batch->blocks = batch->picks = 0;
}

/* A contiguous run: a long one is filled directly, a short one joins the batch. */
static void add_run(struct batch *batch, uint64_t first, uint64_t count) {
    if (count >= LONG_RUN) {
        flush(batch, false);
        ti_fill(batch->sampler, batch->kernels, first, count, batch->out);
        batch->out += count * ti_dtype_bytes(batch->sampler->dtype);
        return;
    }
    while (count > 0) {
        if (batch->blocks == BATCH_BLOCKS) flush(batch, false);
        const uint64_t capacity = 4 * (BATCH_BLOCKS - batch->blocks) - first % 4;
        const uint64_t now = count < capacity ? count : capacity;
        const uint64_t blocks = (first % 4 + now + 3) / 4;
        const struct pick pick = {(uint32_t)(4 * batch->blocks + first % 4),
                                  (uint32_t)now};
        batch->pick[batch->picks++] = pick;
        for (uint64_t i = 0; i < blocks; i++) {
            batch->block[batch->blocks++] = first / 4 + i;
        }
        first += now, count -= now;
    }
}

/* Elements a stride apart; neighbours in the same block share it. */
static void add_strided(struct batch *batch, uint64_t first, int64_t stride,
                        uint64_t count) {
    for (uint64_t elem = first; count > 0; count--, elem += (uint64_t)stride) {
        const bool same =
            batch->blocks > 0 && batch->block[batch->blocks - 1] == elem / 4;
        if (!same && batch->blocks == BATCH_BLOCKS) flush(batch, true);
        if (!same || batch->blocks == 0) batch->block[batch->blocks++] = elem / 4;
        const struct pick pick = {(uint32_t)(4 * (batch->blocks - 1) + elem % 4), 1};
        batch->pick[batch->picks++] = pick;
    }
}

/* The same where outputs are copies: other elements have their values. */
static void add_copies(struct batch *batch, uint64_t first, int64_t stride,
                       uint64_t count) {
    const struct ti_copies *copies = &batch->sampler->copies;
    for (uint64_t elem = first, now; count > 0; count -= now) {
        const uint64_t source = ti_copies_source(copies, elem, &now);
        if (stride != 1) {
            now = 1;
            add_strided(batch, source, 1, 1);
        } else {
            if (now > count) now = count;
            add_run(batch, source, now);
        }
        elem += now * (uint64_t)stride;
    }
}

static void add(void *state, uint64_t elem, int64_t stride, uint64_t count) {
    if (((const struct batch *)state)->sampler->copies.count > 0) {
        add_copies(state, elem, stride, count);
    } else if (stride == 1) {
        add_run(state, elem, count);
    } else {
        add_strided(state, elem, stride, count);
    }
}

void ti_sampler_fill(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                     const struct ti_view *view, uint64_t first, uint64_t count,
                     void *out) {
    struct batch batch;
    if (count == 0) return;
    const bool as_stored = ti_view_is_run(view) && sampler->copies.count == 0;
    if (as_stored || sampler->class == &ti_sampler_constant) {
        ti_fill(sampler, kernels, view->base + first, count, out);
        return;
    }
    batch.sampler = sampler, batch.kernels = kernels, batch.out = out;
    batch.blocks = batch.picks = 0;
    ti_view_runs(view, first, count, add, &batch);
    flush(&batch, view->rank > 0 && view->stride[view->rank - 1] != 1);
}
