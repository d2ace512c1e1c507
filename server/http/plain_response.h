/* SPDX-License-Identifier: MIT */
/*
 * Writes a small response to a socket, without libmicrohttpd: for requests that it cannot
 * answer (mhd/direct_response.c) and for connections that no worker has (refusal.c).
 */
#ifndef TID_PLAIN_RESPONSE_H
#define TID_PLAIN_RESPONSE_H

#include <stdbool.h>

#include "server/http/response.h"

/*
 * Sends a response that is complete and whose body, if it has one, is in memory; of HEAD
 * without it. The connection must be closed next, as the response says.
 */
void tid_plain_response_send(int fd, const struct tid_response *response, bool is_head);

#endif
