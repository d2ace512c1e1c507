/* SPDX-License-Identifier: MIT */
/* The endpoints: one function and one file get_*.c each, listed in routes.def. */
#ifndef TID_ENDPOINTS_H
#define TID_ENDPOINTS_H

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"

/*
 * Responds to a GET, HEAD or, where the route allows it, POST request, whose parameters are
 * in the query in any case; '*response' comes uninitialized. The response to
 * HEAD is that to GET, body included: the adapter does not send the body, nor let it be
 * made.
 */
typedef void tid_endpoint(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response);

#define TID_ROUTE(path, endpoint, kind, summary) tid_endpoint endpoint;
#include "server/routes.def"
#undef TID_ROUTE

#endif
