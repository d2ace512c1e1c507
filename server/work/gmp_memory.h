/* SPDX-License-Identifier: MIT */
/*
 * Memory for GMP, with which GnuTLS computes signatures and keys. GMP knows no errors: where
 * malloc() fails it ends the process, and all transfers with it. So it gets a reserve, which
 * lasts until GnuTLS, whose own allocations fail as well then, gives up the handshake.
 */
#ifndef TID_GMP_MEMORY_H
#define TID_GMP_MEMORY_H

/* For the whole process, before the first handshake. What GMP has by then is from malloc(). */
void tid_gmp_memory_init(void);

#endif
