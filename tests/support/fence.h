/* SPDX-License-Identifier: MIT */
/*
 * Buffers between guard pages: code that reads or writes outside crashes, vector code and
 * builds without a sanitizer included.
 */
#ifndef TEST_FENCE_H
#define TEST_FENCE_H

#include <stddef.h>

struct fence {
    unsigned char *start, *end; /* the pages that may be touched; the guards lie beyond */
    void *map;
    size_t map_bytes;
};

/* Pages for at least 'bytes'. Aborts the program if there is no memory for them. */
struct fence fence_make(size_t bytes);
void fence_free(struct fence *fence);

/* The last 'bytes' of the pages: one byte more is in the guard. */
static inline unsigned char *fence_tail(const struct fence *fence, size_t bytes) {
    return fence->end - bytes;
}

#endif
