/* SPDX-License-Identifier: MIT */
/*
 * Sizes the blocks of streams: see block_budget.h.
 */
#include "server/work/block_budget.h"

/* Blocks are whole pages. */
#define PAGE_BYTES 4096

/* A stream gets this part of what is left, so that later ones find some as well. */
#define SHARE 8

/*
 * Workers may read 'used_bytes' at the same time and both take a share of it. That makes
 * blocks a little larger, which does no harm.
 */
size_t tid_block_budget_take(struct tid_block_budget *budget, uint64_t body_bytes,
                             unsigned block_count) {
    const size_t used = atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
    const size_t left = used < TID_BLOCK_BUDGET_BYTES ? TID_BLOCK_BUDGET_BYTES - used : 0;
    size_t block_bytes = left / SHARE / block_count / PAGE_BYTES * PAGE_BYTES;
    if (block_bytes > TID_BLOCK_BYTES_MAX) block_bytes = TID_BLOCK_BYTES_MAX;
    if (block_bytes < TID_BLOCK_BYTES_MIN) block_bytes = TID_BLOCK_BYTES_MIN;
    if (block_bytes > body_bytes) block_bytes = (size_t)body_bytes;
    atomic_fetch_add_explicit(&budget->used_bytes, block_count * block_bytes,
                              memory_order_relaxed);
    return block_bytes;
}

void tid_block_budget_give(struct tid_block_budget *budget, size_t bytes) {
    atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
}
