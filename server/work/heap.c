/* SPDX-License-Identifier: MIT */
/* Settings and calls of glibc's malloc: see heap.h. */
#include "server/work/heap.h"

#include <stdlib.h> /* defines __GLIBC__ */
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

uint64_t tid_heap_address_space(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
               ? limit.rlim_cur
               : UINT64_MAX;
}

void tid_heap_init(void) {
#ifdef __GLIBC__
    /* Another arena reserves 64 MiB of it. */
    if (tid_heap_address_space() != UINT64_MAX) mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

void tid_heap_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
