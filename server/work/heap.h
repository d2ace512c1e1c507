/* SPDX-License-Identifier: MIT */
/* How malloc() returns memory to the system. Only glibc wants help. */
#ifndef TID_HEAP_H
#define TID_HEAP_H

/*
 * Makes malloc() return large blocks to the system when they are freed. By default glibc
 * raises its threshold once such a block has been freed, and then keeps up to 64 MiB per
 * arena. Blocks of streams, up to 1 MiB, stay in the arenas: every request needs one.
 */
void tid_heap_init(void);

/* Returns free memory inside the arenas, too; takes about a millisecond. */
void tid_heap_trim(void);

#endif
