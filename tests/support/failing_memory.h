/* SPDX-License-Identifier: MIT */
/*
 * Memory for tests/fault: counts allocations, and lets one of them fail.
 *
 * A test includes this header, then the sources that allocate, and undefines the names below.
 * The sources are so compiled into the test, and the linker does not take them from the
 * library: it works with any sanitizer. What they allocate only they may free.
 */
#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What has not been freed; allocations so far; the number of the one that fails. */
static size_t live_count, live_bytes, allocation_count, failing = SIZE_MAX;

/* Before each allocation stands its size. */
#define FAILING_MEMORY_HEAD 16

/* Members that stay unset are visible by 'fill'. */
static inline void *counted_memory(size_t bytes, int fill) {
    if (allocation_count++ == failing) return NULL;
    unsigned char *memory = malloc(bytes + FAILING_MEMORY_HEAD);
    if (!memory) return NULL;
    memcpy(memory, &bytes, sizeof bytes);
    live_count++, live_bytes += bytes;
    return memset(memory + FAILING_MEMORY_HEAD, fill, bytes);
}

static inline void *counted_malloc(size_t bytes) { return counted_memory(bytes, 0xa5); }

static inline void *counted_calloc(size_t count, size_t bytes) {
    return counted_memory(count * bytes, 0); /* small in tests */
}

static inline void counted_free(void *memory) {
    size_t bytes;
    if (!memory) return;
    unsigned char *head = (unsigned char *)memory - FAILING_MEMORY_HEAD;
    memcpy(&bytes, head, sizeof bytes);
    live_count--, live_bytes -= bytes;
    free(head);
}

static inline void *counted_realloc(void *memory, size_t bytes) {
    size_t old_bytes = 0;
    if (memory) {
        memcpy(&old_bytes, (unsigned char *)memory - FAILING_MEMORY_HEAD,
               sizeof old_bytes);
    }
    void *moved = counted_memory(bytes, 0xa5);
    if (!moved) return NULL;
    if (memory) memcpy(moved, memory, old_bytes < bytes ? old_bytes : bytes);
    counted_free(memory);
    return moved;
}

#define malloc counted_malloc
#define calloc counted_calloc
#define realloc counted_realloc
#define free counted_free

#endif
