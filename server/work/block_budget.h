/* SPDX-License-Identifier: MIT */
/*
 * A limit on the memory of all response bodies that are being sent. Large blocks save
 * system calls and passes of the event loop; the budget makes the blocks of later streams
 * smaller, so that the total stays limited however many clients there are. No stream ever
 * waits: each gets at least the minimum block, even if that exceeds the budget.
 *
 * The files of mhd/ that send streams call it twice a stream, from any worker's thread.
 */
#ifndef TID_BLOCK_BUDGET_H
#define TID_BLOCK_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TID_BLOCK_BUDGET_BYTES ((size_t)32 << 20)
#define TID_BLOCK_BYTES_MAX ((size_t)1 << 21)
#define TID_BLOCK_BYTES_MIN ((size_t)1 << 16)

/* Start from zeroes. */
struct tid_block_budget {
    atomic_size_t used_bytes;
};

/*
 * Reserves 'block_count' blocks for a body of 'body_bytes' and returns the size of one. A
 * block is never larger than the body, so 0 bytes reserve nothing.
 */
size_t tid_block_budget_take(struct tid_block_budget *budget, uint64_t body_bytes,
                             unsigned block_count);

/* Returns what was reserved: block_count times the size of a block. */
void tid_block_budget_give(struct tid_block_budget *budget, size_t bytes);

#endif
