/* SPDX-License-Identifier: MIT */
/* How malloc() takes memory of the system, and returns it. Only glibc wants help. */
#ifndef TID_HEAP_H
#define TID_HEAP_H

#include <stdint.h>

/* The limit of this process' address space (RLIMIT_AS), in bytes; UINT64_MAX: none. */
uint64_t tid_heap_address_space(void);

/*
 * Makes malloc() return large blocks to the system when they are freed. By default glibc
 * raises its threshold once such a block has been freed, and then keeps up to 64 MiB per
 * arena. Blocks of streams, up to 1 MiB, stay in the arenas: every request needs one.
 * Where address space is limited, all threads share one arena.
 */
void tid_heap_init(void);

/* Returns free memory inside the arenas, too; takes about a millisecond. */
void tid_heap_trim(void);

#endif
