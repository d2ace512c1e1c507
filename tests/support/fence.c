/* SPDX-License-Identifier: MIT */
/* Guard pages by mmap: see fence.h. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct fence fence_make(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = (bytes + page - 1) / page * page;
    struct fence fence = {0};
    fence.map_bytes = inner + 2 * page;
    fence.map =
        mmap(NULL, fence.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fence.map == MAP_FAILED || (inner > 0 && mprotect((char *)fence.map + page, inner,
                                                          PROT_READ | PROT_WRITE) != 0)) {
        perror("fence_make");
        abort();
    }
    fence.start = (unsigned char *)fence.map + page;
    fence.end = fence.start + inner;
    return fence;
}

void fence_free(struct fence *fence) { munmap(fence->map, fence->map_bytes); }
