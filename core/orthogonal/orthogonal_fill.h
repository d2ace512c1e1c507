/* SPDX-License-Identifier: MIT */
/*
 * Elements of orthogonal matrices from their factorization (docs/SPEC.md, "Orthogonal").
 * Element r of the longer and i of the shorter side is
 *
 *     (sign[i] if r == i, else 0) - sum over l of V[l][r] * T[l][i]
 *
 * V and T are upper triangular, so the sum ends at l = min(r, i).
 */
#ifndef TI_ORTHOGONAL_FILL_H
#define TI_ORTHOGONAL_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/values/sampler.h"
#include "core/base/view.h"

/* Lines that a tile of the product has along the kernel; across it are TI_BLOCK. */
#define TI_TILE_COLS ((size_t)512)

struct ti_orthogonal_factor;

/* What elements are computed from. */
struct ti_orthogonal {
    const struct ti_sampler *sampler;
    /* complete, and of the matrices that are read */
    const struct ti_orthogonal_factor *factor;
    const struct ti_kernels *kernels;
    /* of the tensor, simplified */
    const struct ti_view *view;
};

/* Elements [first, first + count) of the view, and where they go, at any alignment. */
struct ti_orthogonal_range {
    uint64_t first, count;
    void *out;
};

/* What of a range is computed: tiles, and blocks of the sums of the next one. Zeros: nothing. */
struct ti_orthogonal_progress {
    uint64_t tiles;
    size_t blocks;
};

/*
 * Computes for about 'max_ns', which may be infinite, but a block at least: less than 0.3 ms.
 * True if the range is complete. Else another call with the same arguments goes on, as long as
 * no one else writes to 'scratch', ti_orthogonal_scratch_bytes() aligned to 64.
 */
bool ti_orthogonal_compute(const struct ti_orthogonal *orthogonal,
                           const struct ti_orthogonal_range *range, double max_ns,
                           struct ti_orthogonal_progress *progress, void *scratch);

size_t ti_orthogonal_scratch_bytes(enum ti_dtype dtype);

#endif
