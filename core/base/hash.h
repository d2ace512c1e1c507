/* SPDX-License-Identifier: MIT */
/* Hashes of texts: entity tags and the keys of factorizations. */
#ifndef TI_HASH_H
#define TI_HASH_H

#include <stddef.h>
#include <stdint.h>

struct sha256_ctx; /* of nettle */

/* The first 32 hexadecimal digits of the SHA-256 of a text, NUL-terminated. */
void ti_hash_text(const char *text, size_t n, char digits[33]);

/* The same of what was added to a hash, which has nothing then. */
void ti_hash_digits(struct sha256_ctx *hash, char digits[33]);

/* The first 8 bytes of the SHA-256 of a text, little-endian. */
uint64_t ti_hash_u64(const char *text, size_t n);

#endif
