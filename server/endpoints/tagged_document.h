/* SPDX-License-Identifier: MIT */
/*
 * A document that is complete before it is sent: it has a length, an entity tag of its bytes,
 * and ranges, as files have.
 */
#ifndef TID_TAGGED_DOCUMENT_H
#define TID_TAGGED_DOCUMENT_H

#include <stddef.h>

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"

/*
 * Responds to GET and HEAD: 200, 206, 304, 412 and 416; 503 if memory is in use.
 *
 *   text           from malloc(); it belongs to the response, also on failure
 *   cache_control  static
 */
void tid_tagged_document_respond(const struct tid_context *context,
                                 const struct tid_request *request, char *text,
                                 size_t bytes, const char *cache_control,
                                 struct tid_response *response);

#endif
