/* SPDX-License-Identifier: MIT */
/*
 * Streams of 32-bit words from the core, in the orders in which users consume them:
 *
 *   order     the words of one tensor
 *   seeds     the first four words of seeds 0, 1, 2, ...
 *   names     the first four words of names "0", "1", "2", ...
 *   lanes     the blocks of one tensor, each from all four lanes in turn
 *   normals   f64 normals mapped back to the upper 32 bits of the distribution function
 *   normals16 two f32 normals mapped back to the upper 16 bits each
 *   cut       f64 normals cut at +-2, mapped back likewise
 */
#ifndef TEST_STREAMS_H
#define TEST_STREAMS_H

#include <stddef.h>
#include <stdint.h>

struct stream {
    const char *name;
    /* Words [4 * first, 4 * (first + quads)) of the stream. */
    void (*words)(uint64_t first, size_t quads, uint32_t *out);
};

/* A name of NULL ends the list. */
extern const struct stream streams[];

#endif
