/* SPDX-License-Identifier: MIT */
/* Hashes of texts: see hash.h. */
#include "core/base/hash.h"

#include <nettle/sha2.h>

#include "core/base/hex.h"

static struct sha256_ctx hash_of(const char *text, size_t n) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, n, (const uint8_t *)text);
    return hash;
}

void ti_hash_digits(struct sha256_ctx *hash, char digits[33]) {
    uint8_t digest[16];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        digits[2 * i] = ti_hex_lower(digest[i] >> 4);
        digits[2 * i + 1] = ti_hex_lower(digest[i]);
    }
    digits[32] = '\0';
}

void ti_hash_text(const char *text, size_t n, char digits[33]) {
    struct sha256_ctx hash = hash_of(text, n);
    ti_hash_digits(&hash, digits);
}

uint64_t ti_hash_u64(const char *text, size_t n) {
    uint8_t digest[8];
    uint64_t value = 0;
    struct sha256_ctx hash = hash_of(text, n);
    sha256_digest(&hash, sizeof digest, digest);
    for (int i = 0; i < 8; i++) value |= (uint64_t)digest[i] << 8 * i;
    return value;
}
