/* SPDX-License-Identifier: MIT */
/*
 * Finds the endpoint of a request, or says why there is none (RFC 9110 sections 9.1,
 * 9.3.7, 15.5.5, 15.5.6 and 15.6.2).
 */
#include "server/routes.h"

#include <string.h>

#include "server/endpoints/endpoints.h"
#include "server/documents/problem.h"

static const char allowed[] = "GET, HEAD, OPTIONS";

static const struct route {
    struct tid_route_info info;
    size_t path_bytes;
    tid_endpoint *endpoint;
} routes[TID_ROUTE_COUNT] = {
#define TID_ROUTE(path, endpoint, kind, summary)                                         \
    {{path, TID_ROUTE_##kind, summary}, sizeof path - 1, endpoint},
#include "server/routes.def"
#undef TID_ROUTE
};

const struct tid_route_info *tid_route_get(unsigned index) {
    return index < TID_ROUTE_COUNT ? &routes[index].info : NULL;
}

/*
 * Paths are compared as sent. None of ours needs percent-encoding, so an encoded one is
 * some other path; that way no two parties can differ about what "/v1%2Ftensor" means.
 */
unsigned tid_route_find(const struct tid_request *request) {
    unsigned i = 0;

    while (i < TID_ROUTE_COUNT &&
           (routes[i].path_bytes != request->path_bytes ||
            memcmp(routes[i].info.path, request->path, request->path_bytes) != 0))
        i++;
    return i;
}

static void answer_options(struct tid_response *response) {
    tid_response_init(response, 204);
    tid_response_static(response, "Allow", allowed);
}

void tid_route(const struct tid_context *context, const struct tid_request *request,
               struct tid_response *response) {
    if (request->method == TID_METHOD_UNKNOWN) {
        tid_problem(response, 501, "method not implemented",
                    "The method is not known to this server.", "");
        return;
    }
    /* 'OPTIONS *' asks about the server as a whole. */
    if (request->method == TID_METHOD_OPTIONS && request->path_bytes == 1 &&
        request->path[0] == '*') {
        answer_options(response);
        return;
    }

    const unsigned index = tid_route_find(request);
    if (index == TID_ROUTE_COUNT) {
        tid_problem(response, 404, "not found",
                    "There is nothing at this path. GET / names the paths that exist.",
                    "");
        return;
    }
    switch (request->method) {
    case TID_METHOD_GET:
    case TID_METHOD_HEAD:
        routes[index].endpoint(context, request, response);
        break;
    case TID_METHOD_OPTIONS:
        answer_options(response);
        break;
    default:
        tid_problem(response, 405, "method not allowed",
                    "This path answers GET, HEAD and OPTIONS.", "");
        tid_response_static(response, "Allow", allowed);
        break;
    }
}
