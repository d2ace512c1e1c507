/* SPDX-License-Identifier: MIT */
/* The response to a connection beyond a limit. */
#ifndef TID_REFUSAL_H
#define TID_REFUSAL_H

#include <stddef.h>
#include <sys/socket.h>

#include "server/context.h"
#include "server/http/response.h"
#include "server/http/take.h"

/*
 * Initializes '*response' with status 503 (RFC 9110 section 15.6.4), for TID_TAKE_FULL, or
 * 429 (RFC 6585 section 4), for TID_TAKE_CLIENT_FULL.
 */
void tid_refusal_make(const struct tid_context *context, enum tid_take why,
                      struct tid_response *response);

/*
 * Sends it on a connection that no worker has: refused_connections.c does.
 *
 *   address     of the client
 *   why         as above
 *   head        what has been received of its request, maybe nothing; it is changed. Its
 *               lines that are complete say the request's id and origin
 */
void tid_refusal_send(const struct tid_context *context, int fd,
                      const struct sockaddr *address, enum tid_take why, char *head,
                      size_t head_bytes);

#endif
