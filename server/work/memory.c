/* SPDX-License-Identifier: MIT */
/*
 * Counts memory against its limit: see memory.h.
 */
#include "server/work/memory.h"

/* The reserve is a quarter of the memory, and no more than the blocks of 1,024 streams. */
#define RESERVE_PART 4
#define RESERVE_MAX ((size_t)64 << 20)

/* A small factorization takes at most this part of the reserve: 1 MiB of 64. */
#define SMALL_PART 64

/* The default without and with a limit of the process. */
#define DEFAULT_BYTES ((size_t)1 << 30)
#define ALLOWED_PART 4

void tid_memory_init(struct tid_memory *memory, size_t limit_bytes) {
    const size_t part = limit_bytes / RESERVE_PART;
    *memory = (struct tid_memory){
        .limit_bytes = limit_bytes,
        .reserve_bytes = part < RESERVE_MAX ? part : RESERVE_MAX,
    };
    pthread_mutex_init(&memory->lock, NULL);
}

void tid_memory_clear(struct tid_memory *memory) { pthread_mutex_destroy(&memory->lock); }

size_t tid_memory_max(const struct tid_memory *memory, enum tid_memory_use use) {
    return use == TID_MEMORY_LARGE ? memory->limit_bytes - memory->reserve_bytes
                                   : memory->limit_bytes;
}

enum tid_memory_use tid_memory_use_of(const struct tid_memory *memory, size_t bytes) {
    return bytes <= memory->reserve_bytes / SMALL_PART ? TID_MEMORY_SMALL
                                                       : TID_MEMORY_LARGE;
}

/* The same with the lock held. */
static bool would_fit(const struct tid_memory *memory, enum tid_memory_use use,
                      size_t bytes, size_t small_bytes, size_t large_bytes) {
    const size_t large = memory->used_bytes[TID_MEMORY_LARGE] - large_bytes;
    const size_t all = large + memory->used_bytes[TID_MEMORY_SMALL] - small_bytes +
                       memory->used_bytes[TID_MEMORY_RESPONSE];
    if (bytes > memory->limit_bytes - all) return false;
    return use != TID_MEMORY_LARGE || bytes <= tid_memory_max(memory, use) - large;
}

bool tid_memory_would_fit(struct tid_memory *memory, enum tid_memory_use use,
                          size_t bytes, size_t small_bytes, size_t large_bytes) {
    pthread_mutex_lock(&memory->lock);
    const bool fits = would_fit(memory, use, bytes, small_bytes, large_bytes);
    pthread_mutex_unlock(&memory->lock);
    return fits;
}

static bool try_take(struct tid_memory *memory, enum tid_memory_use use, size_t bytes) {
    pthread_mutex_lock(&memory->lock);
    const bool fits = would_fit(memory, use, bytes, 0, 0);
    if (fits) memory->used_bytes[use] += bytes;
    pthread_mutex_unlock(&memory->lock);
    return fits;
}

bool tid_memory_take(struct tid_memory *memory, enum tid_memory_use use, size_t bytes) {
    if (try_take(memory, use, bytes)) return true;
    if (use != TID_MEMORY_RESPONSE || !memory->reclaim) return false;
    memory->reclaim(memory->argument, bytes);
    return try_take(memory, use, bytes);
}

void tid_memory_give(struct tid_memory *memory, enum tid_memory_use use, size_t bytes) {
    pthread_mutex_lock(&memory->lock);
    memory->used_bytes[use] -= bytes;
    pthread_mutex_unlock(&memory->lock);
}

size_t tid_memory_used(struct tid_memory *memory, enum tid_memory_use use) {
    pthread_mutex_lock(&memory->lock);
    const size_t bytes = memory->used_bytes[use];
    pthread_mutex_unlock(&memory->lock);
    return bytes;
}

size_t tid_memory_default(uint64_t allowed_bytes) {
    if (allowed_bytes == UINT64_MAX) return DEFAULT_BYTES;
    const uint64_t part = allowed_bytes / ALLOWED_PART;
    return part < TID_MEMORY_MIN ? TID_MEMORY_MIN : (size_t)part;
}
