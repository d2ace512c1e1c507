/* SPDX-License-Identifier: MIT */
/*
 * Digests of representations (RFC 9530): what Want-Repr-Digest requests, and the value of
 * Repr-Digest. SHA-256 is the only algorithm here.
 */
#ifndef TID_REPR_DIGEST_H
#define TID_REPR_DIGEST_H

#include <stdbool.h>

#define TID_SHA256_BYTES 32

/* Length of "sha-256=:", the digest in base64 and ":", with its NUL. */
#define TID_REPR_DIGEST_BYTES 55

/*
 * A digest is known only when the body has been generated, and must be sent before it. So
 * longer bodies have none; /v1/digest computes those.
 */
#define TID_REPR_DIGEST_BODY_MAX 65536

/*
 * Whether the value of a Want-Repr-Digest field, NULL if absent, prefers SHA-256 by 1 to
 * 10 (section 4). Other members, and a field that is not a dictionary, are ignored.
 */
bool tid_wants_sha256(const char *value);

/* Writes the value of Repr-Digest (section 3). */
void tid_repr_digest(const unsigned char digest[TID_SHA256_BYTES],
                     char text[TID_REPR_DIGEST_BYTES]);

#endif
