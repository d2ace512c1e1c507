/* SPDX-License-Identifier: MIT */
/* Elements of whole Philox blocks: called by fill.c and gather.c. */
#ifndef TI_TILES_H
#define TI_TILES_H

#include "core/values/sampler.h"

/* Max bytes of a tile's elements. */
#define TI_TILE_BYTES (TI_TILE_WORDS * 8)

/*
 * Writes the elements of the blocks, four for each block, in the sampler's dtype. 'count'
 * is a multiple of TI_TILE_WORDS; 'out' has any alignment. Not for constants and
 * orthogonal samplers.
 */
void ti_tiles(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
              struct ti_blocks blocks, size_t count, void *out);

#endif
