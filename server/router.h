/* SPDX-License-Identifier: MIT */
/* From a request to its response. */
#ifndef TID_ROUTER_H
#define TID_ROUTER_H

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"

/*
 * Responds to any request, whose route is that of tid_route_find(). '*response' comes
 * uninitialized; the caller ends it with tid_response_clear(). May be called by several
 * threads at once. What signs a URL is taken out of the request's query.
 */
void tid_route(const struct tid_context *context, unsigned route,
               struct tid_request *request, struct tid_response *response);

#endif
