/* SPDX-License-Identifier: MIT */
/* A long job in chunks on all processors. */
#ifndef TEST_PARALLEL_H
#define TEST_PARALLEL_H

#include <stdint.h>

/*
 * Calls work(context, chunk) for every chunk in [0, chunks), several at once, in any
 * order. Returns when all are done.
 */
void parallel(uint64_t chunks, void (*work)(void *context, uint64_t chunk),
              void *context);

/* One at a time: around what the chunks share. */
void parallel_lock(void);
void parallel_unlock(void);

#endif
