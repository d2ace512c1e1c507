/* SPDX-License-Identifier: MIT */
/* Settings and calls of glibc's malloc: see heap.h. */
#include "server/work/heap.h"

#include <stdlib.h> /* defines __GLIBC__ */
#ifdef __GLIBC__
#include <malloc.h>
#endif

void tid_heap_init(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

void tid_heap_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
