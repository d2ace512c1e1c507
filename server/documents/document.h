/* SPDX-License-Identifier: MIT */
/* The header fields that every document of the server has: JSON, text and problems. */
#ifndef TID_DOCUMENT_H
#define TID_DOCUMENT_H

#include "server/http/response.h"

/* Values of Cache-Control (RFC 9111 section 5.2.2). */
#define TID_CACHE_HOUR "public, max-age=3600"
#define TID_CACHE_NEVER "no-store"

/*
 * Initializes '*response' with status and type, and forbids clients to guess another
 * type. 'type' and 'cache_control' are static strings. The caller adds the body.
 */
void tid_document_init(struct tid_response *response, unsigned status, const char *type,
                       const char *cache_control);

#endif
