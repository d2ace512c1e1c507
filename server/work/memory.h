/* SPDX-License-Identifier: MIT */
/*
 * The limit of --memory on what requests make the server hold: blocks of bodies, buffers
 * of statistics and factorizations. All of it is taken here before it is allocated.
 *
 * Factorizations are large and stay long, so large ones leave a part of the memory, the
 * reserve, to everything else. Small factorizations may use it: a request for a small
 * matrix need not wait because a large one takes all that it may.
 *
 * All functions but the first two may be called from any thread.
 */
#ifndef TID_MEMORY_H
#define TID_MEMORY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tid_memory_use {
    TID_MEMORY_RESPONSE, /* blocks of bodies, buffers of statistics */
    TID_MEMORY_SMALL,    /* factorizations of at most tid_memory_small() bytes */
    TID_MEMORY_LARGE,    /* other factorizations */
    TID_MEMORY_USES,
};

/* The least limit. */
#define TID_MEMORY_MIN ((size_t)1 << 20)

struct tid_memory {
    pthread_mutex_t lock;
    size_t limit_bytes, reserve_bytes;
    size_t used_bytes[TID_MEMORY_USES];
    /* Gives back some of what is only cached, because 'bytes' are wanted; or NULL. */
    void (*reclaim)(void *argument, size_t bytes);
    void *argument;
};

/* 'limit_bytes' is at least TID_MEMORY_MIN. The memory must outlive all that take of it. */
void tid_memory_init(struct tid_memory *memory, size_t limit_bytes);
void tid_memory_clear(struct tid_memory *memory);

/* The maximum that a use can ever have. */
size_t tid_memory_max(const struct tid_memory *memory, enum tid_memory_use use);

/* What a factorization of this size is: TID_MEMORY_SMALL or TID_MEMORY_LARGE. */
enum tid_memory_use tid_memory_use_of(const struct tid_memory *memory, size_t bytes);

/*
 * Takes memory; false if not so much is free now. A response that does not find enough
 * has 'reclaim' called first, without a lock.
 */
bool tid_memory_take(struct tid_memory *memory, enum tid_memory_use use, size_t bytes);
void tid_memory_give(struct tid_memory *memory, enum tid_memory_use use, size_t bytes);

/*
 * Whether 'bytes' could be taken if 'small_bytes' and 'large_bytes' of factorizations
 * were given back.
 */
bool tid_memory_would_fit(struct tid_memory *memory, enum tid_memory_use use,
                          size_t bytes, size_t small_bytes, size_t large_bytes);

/* What is taken now. */
size_t tid_memory_used(struct tid_memory *memory, enum tid_memory_use use);

/*
 * The limit if none is configured: a quarter of what the process may have in all, else 1
 * GiB. 'allowed_bytes' is UINT64_MAX for no limit.
 */
size_t tid_memory_default(uint64_t allowed_bytes);

#endif
