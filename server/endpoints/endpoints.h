/* SPDX-License-Identifier: MIT */
/*
 * The endpoints: one function and one file in endpoints/ each, listed in routes.def.
 */
#ifndef TID_ENDPOINTS_H
#define TID_ENDPOINTS_H

#include "server/context.h"
#include "server/http/response.h"
#include "server/http/request.h"

/*
 * Answers a GET or HEAD request: makes '*reply', which comes uninitialized. For HEAD the
 * reply is the same, body and all; the adapter leaves the body out without making it.
 */
typedef void tid_endpoint(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response);

#define TID_ROUTE(path, endpoint, kind, summary) tid_endpoint endpoint;
#include "server/routes.def"
#undef TID_ROUTE

#endif
