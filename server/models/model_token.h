/* SPDX-License-Identifier: MIT */
/*
 * Manifests as part of a URL: compressed by zlib (RFC 1950), in base64url without padding (RFC
 * 4648 section 5). The URL has all of it, so the server stores none.
 */
#ifndef TID_MODEL_TOKEN_H
#define TID_MODEL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* Max characters of a token: a request's header has 8192 bytes. */
#define TID_TOKEN_CHARS_MAX 5120

/* Max bytes of the manifest that it stands for: a token may be a bomb. */
#define TID_MANIFEST_BYTES_MAX 131072

enum tid_token_result {
    TID_TOKEN_OK,
    TID_TOKEN_INVALID,   /* not base64url, or not what zlib has written */
    TID_TOKEN_TOO_LARGE, /* the token, or what it stands for */
    TID_TOKEN_NO_MEMORY,
};

/*
 * Writes the token of a manifest, NUL-terminated, to '*token', which the caller frees. The
 * same bytes always have the same token, with the same zlib.
 */
enum tid_token_result tid_token_write(const char *json, size_t bytes, char **token);

/*
 * Writes the token of a manifest that has been read without an error, and '*shorter', its text
 * without what has no meaning: blanks, $schema, description and sources. The caller frees both;
 * on failure they are untouched.
 */
enum tid_token_result tid_token_of(const char *json, size_t bytes, char **shorter,
                                   char **token);

/* The reverse: '*json' is NUL-terminated besides, and freed by the caller. */
enum tid_token_result tid_token_read(const char *token, size_t chars, char **json,
                                     size_t *bytes);

#endif
