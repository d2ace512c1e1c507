/* SPDX-License-Identifier: MIT */
/*
 * What access.c compares with: tokens, of which only the hashes stay in memory, and keys.
 */
#ifndef TID_SECRETS_H
#define TID_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <nettle/sha2.h>

#include "server/http/request.h"

#define TID_SECRET_NAME_BYTES TID_TOKEN_NAME_BYTES
#define TID_KEY_MAX_BYTES 64

struct tid_secret {
    char name[TID_SECRET_NAME_BYTES];
    size_t bytes;
    unsigned char data[TID_KEY_MAX_BYTES]; /* the hash of a token, or a key */
};

struct tid_secrets {
    size_t count;
    struct tid_secret *list;
};

/*
 * Read a file of tokens or keys into '*secrets', which is uninitialized; an empty path
 * gives none. On failure false, and 'why' names the place.
 *
 *   tokens  NAME = TOKEN, at least 16 characters, or NAME = sha256:HEX, its hash
 *   keys    NAME = HEX, of 16 to 64 bytes
 */
bool tid_tokens_read(struct tid_secrets *secrets, const char *path, char *why,
                     size_t why_bytes);
bool tid_keys_read(struct tid_secrets *secrets, const char *path, char *why,
                   size_t why_bytes);

/* Frees and erases them. */
void tid_secrets_clear(struct tid_secrets *secrets);

/*
 * The name of the token that the text is, NULL if it is none; takes the same time for each
 * wrong one.
 */
const char *tid_tokens_find(const struct tid_secrets *tokens, const char *text,
                            size_t bytes);

/*
 * HMAC-SHA256 of "QUERY\nEXPIRES" by the key of that name, as hexadecimal digits. False
 * if there is no such key.
 */
#define TID_SIGNATURE_DIGITS (2 * SHA256_DIGEST_SIZE)
bool tid_keys_sign(const struct tid_secrets *keys, const char *name, size_t name_bytes,
                   const char *query, const char *expires, size_t expires_bytes,
                   char signature[TID_SIGNATURE_DIGITS + 1]);

#endif
