/* SPDX-License-Identifier: MIT */
/*
 * Sizes the blocks of streams: see block_budget.h.
 */
#include "server/work/block_budget.h"

/* Blocks are whole pages. */
#define PAGE_BYTES 4096

/* A stream gets this part of what is left, so that later ones find some as well. */
#define SHARE 8

static size_t lower(uint64_t a, uint64_t b) { return (size_t)(a < b ? a : b); }

/*
 * Workers may read 'used_bytes' at the same time and both size their blocks by it. That
 * makes blocks a little larger, which does no harm.
 */
static size_t block_size(const struct tid_block_budget *budget, unsigned block_count) {
    const size_t aim = lower(TID_BLOCK_BUDGET_BYTES, budget->memory->reserve_bytes / 2);
    const size_t used = atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
    const size_t left = used < aim ? aim - used : 0;
    const size_t bytes = left / SHARE / block_count / PAGE_BYTES * PAGE_BYTES;
    if (bytes < TID_BLOCK_BYTES_MIN) return TID_BLOCK_BYTES_MIN;
    return lower(bytes, TID_BLOCK_BYTES_MAX);
}

static bool take(struct tid_block_budget *budget, size_t bytes) {
    if (!tid_memory_take(budget->memory, TID_MEMORY_RESPONSE, bytes)) return false;
    atomic_fetch_add_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
    return true;
}

size_t tid_block_budget_take(struct tid_block_budget *budget, uint64_t body_bytes,
                             unsigned block_count) {
    const size_t sizes[] = {lower(block_size(budget, block_count), body_bytes),
                            lower(TID_BLOCK_BYTES_MIN, body_bytes)};
    for (unsigned i = 0; i < 2; i++) {
        if (take(budget, block_count * sizes[i])) return sizes[i];
    }
    return 0;
}

void tid_block_budget_give(struct tid_block_budget *budget, size_t bytes) {
    tid_memory_give(budget->memory, TID_MEMORY_RESPONSE, bytes);
    atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
}
