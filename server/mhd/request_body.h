/* SPDX-License-Identifier: MIT */
/*
 * Reads the body of a POST request and makes its parameters the query of the request, so
 * that endpoints need not know; a manifest becomes the request's body. Called by
 * mhd_request.c. The body has as long as the header (http/deadlines.h).
 */
#ifndef TID_REQUEST_BODY_H
#define TID_REQUEST_BODY_H

#include "server/http/post_body.h"
#include "server/http/response.h"
#include "server/mhd/worker_state.h"

/*
 * Prepares to read a body that tid_post_check() has accepted. False, with the problem in
 * '*response', if there is no memory: the connection must be closed.
 */
bool tid_request_body_begin(struct tid_connection *connection, enum tid_post_type type,
                            uint64_t bytes, struct tid_response *response);

/* Adds the next bytes. False if there are more than announced. */
bool tid_request_body_add(struct tid_connection *connection, const char *bytes,
                          size_t byte_count);

/* Whether all of the body has arrived, or there is none. */
bool tid_request_body_is_complete(const struct tid_connection *connection);

/*
 * The body is complete, or there is none: sets the query, or the body. False, with the problem in
 * '*response', if the body is malformed.
 */
bool tid_request_body_end(struct tid_connection *connection,
                          struct tid_response *response);

/* Frees the body; the query that it was made of is then invalid. */
void tid_request_body_clear(struct tid_connection *connection);

#endif
