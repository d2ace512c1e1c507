/* SPDX-License-Identifier: MIT */
/*
 * From a request to its endpoint, and the list of what there is: routes.def.
 */
#ifndef TID_ROUTES_H
#define TID_ROUTES_H

#include "server/context.h"
#include "server/http/response.h"
#include "server/http/request.h"

/*
 *   TENSOR        the tensor of a query, in one of several formats, with ranges and tags
 *   ABOUT_TENSOR  a JSON document about the tensor of a query
 *   JSON          a JSON document that is always the same
 *   TEXT          a text
 *   READY         a text, or 503
 */
enum tid_route_kind {
    TID_ROUTE_TENSOR,
    TID_ROUTE_ABOUT_TENSOR,
    TID_ROUTE_JSON,
    TID_ROUTE_TEXT,
    TID_ROUTE_READY,
};

/* Number of routes: one for each row. */
enum {
    TID_ROUTE_COUNT = 0
#define TID_ROUTE(path, endpoint, kind, summary) +1
#include "server/routes.def"
#undef TID_ROUTE
};

struct tid_route_info {
    const char *path;
    enum tid_route_kind kind;
    const char *summary;
};

/* Route 'index', in the order of routes.def; NULL beyond. */
const struct tid_route_info *tid_route_get(unsigned index);

/* The index of the route of a request, whatever its method; TID_ROUTE_COUNT if none. */
unsigned tid_route_find(const struct tid_request *request);

/*
 * Answers the request, whatever it is; '*reply' comes uninitialized and is to be ended
 * with tid_response_clear(). May be called by several threads at once.
 */
void tid_route(const struct tid_context *context, const struct tid_request *request,
               struct tid_response *response);

#endif
