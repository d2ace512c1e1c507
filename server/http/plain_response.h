/* SPDX-License-Identifier: MIT */
/*
 * Writes a small response without libmicrohttpd: for requests that it cannot answer
 * (mhd/direct_response.c) and for connections that no worker has (refusal.c).
 */
#ifndef TID_PLAIN_RESPONSE_H
#define TID_PLAIN_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/http/response.h"

/* Of a problem document and its header. */
#define TID_PLAIN_RESPONSE_BYTES 12288

/*
 * Writes a response that is complete and whose body, if it has one, is in memory; of HEAD
 * without it. Returns its length. The connection must be closed next, as it says.
 */
size_t tid_plain_response_write(const struct tid_response *response, bool is_head,
                                char text[TID_PLAIN_RESPONSE_BYTES]);

/* Writes it to a socket. */
void tid_plain_response_send(int fd, const struct tid_response *response, bool is_head);

#endif
