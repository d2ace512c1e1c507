/* SPDX-License-Identifier: MIT */
/*
 * Who may request tensors: holders of a bearer token (RFC 6750), and of a URL that one of
 * the signing keys has signed. Documents about the server, and probes, are for everyone.
 *
 * Both are files of lines NAME = VALUE, which may be read again while requests run.
 */
#ifndef TID_ACCESS_H
#define TID_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/http/request.h"
#include "server/http/response.h"

struct tid_access;

/*
 * Reads the files. An empty path: none. NULL on failure; 'why' then names the place. The
 * paths must outlive it.
 */
struct tid_access *tid_access_make(const char *token_path, const char *key_path,
                                   char *why, size_t why_bytes);

/* Reads the files again; if that fails, what was read before stays. Any thread may. */
bool tid_access_reload(struct tid_access *access, char *why, size_t why_bytes);

/* NULL is allowed. */
void tid_access_free(struct tid_access *access);

/*
 * Whether the request, whose route is that of tid_route_find(), may be served. If so, sets
 * 'is_private' of one that others might not send, and takes a signature out of its query;
 * else the response says what is missing: 401 or 403, or 503 if memory has run out.
 * 'access' may be NULL: then everyone may do everything.
 */
bool tid_access_check(struct tid_access *access, unsigned route,
                      struct tid_request *request, struct tid_response *response);

/* Keeps shared caches from giving the response to others (RFC 9111 section 5.2.2.7). */
void tid_access_make_private(struct tid_response *response);

#endif
