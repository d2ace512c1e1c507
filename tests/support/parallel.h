/* SPDX-License-Identifier: MIT */
/* A long job in pieces on all processors. */
#ifndef TEST_PARALLEL_H
#define TEST_PARALLEL_H

#include <stdint.h>

/*
 * Calls work(context, piece) for every piece in [0, pieces), several at once, in any order.
 * Returns when all are done.
 */
void parallel(uint64_t pieces, void (*work)(void *context, uint64_t piece),
              void *context);

/* One at a time: around what the pieces share. */
void parallel_lock(void);
void parallel_unlock(void);

#endif
