/* SPDX-License-Identifier: MIT */
/*
 * Sizes the blocks of response bodies that are being sent. Large blocks save system calls
 * and passes of the event loop; the budget makes the blocks of later streams smaller, so
 * that many of them have space in the memory that --memory allows (memory.h).
 *
 * The files of mhd/ that send bodies call it twice a body, from any worker's thread.
 */
#ifndef TID_BLOCK_BUDGET_H
#define TID_BLOCK_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "server/work/memory.h"

/* What all blocks together aim at, if the reserve of memory.h has twice as much. */
#define TID_BLOCK_BUDGET_BYTES ((size_t)32 << 20)
#define TID_BLOCK_BYTES_MAX ((size_t)1 << 21)
#define TID_BLOCK_BYTES_MIN ((size_t)1 << 16)

struct tid_block_budget {
    struct tid_memory *memory;
    atomic_size_t used_bytes;
};

/*
 * Takes memory for 'block_count' blocks of a body of 'body_bytes', 1 or more, and returns
 * the size of one: the minimum at least, but never more than the body. 0 if there is not
 * enough memory now.
 */
size_t tid_block_budget_take(struct tid_block_budget *budget, uint64_t body_bytes,
                             unsigned block_count);

/* Returns what was taken: block_count times the size of a block. */
void tid_block_budget_give(struct tid_block_budget *budget, size_t bytes);

#endif
