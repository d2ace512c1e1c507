/* SPDX-License-Identifier: MIT */
/*
 * Finds the endpoint of a request, or says why there is none (RFC 9110 sections 9.1,
 * 9.3.7, 15.5.5, 15.5.6 and 15.6.2).
 */
#include "routes.h"

#include <string.h>

#include "endpoints.h"
#include "problem.h"

static const char allowed[] = "GET, HEAD, OPTIONS";

static const struct route {
    const char *path;
    size_t path_bytes;
    tid_endpoint *endpoint;
} routes[] = {
#define TID_ROUTE(path, endpoint) {path, sizeof path - 1, endpoint},
#include "routes.def"
#undef TID_ROUTE
};

/*
 * Paths are compared as sent. None of ours needs percent-encoding, so an encoded one is
 * some other path; that way no two parties can differ about what "/v1%2Ftensor" means.
 */
static const struct route *route_find(const struct tid_request *request) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (routes[i].path_bytes == request->path_bytes &&
            memcmp(routes[i].path, request->path, request->path_bytes) == 0)
            return &routes[i];
    }
    return NULL;
}

static void answer_options(struct tid_reply *reply) {
    tid_reply_init(reply, 204);
    tid_reply_static(reply, "Allow", allowed);
}

void tid_route(const struct tid_context *context, const struct tid_request *request,
               struct tid_reply *reply) {
    if (request->method == TID_METHOD_UNKNOWN) {
        tid_problem(reply, 501, "method not implemented",
                    "The method is not known to this server.", "");
        return;
    }
    /* 'OPTIONS *' asks about the server as a whole. */
    if (request->method == TID_METHOD_OPTIONS && request->path_bytes == 1 &&
        request->path[0] == '*') {
        answer_options(reply);
        return;
    }

    const struct route *route = route_find(request);
    if (route == NULL) {
        tid_problem(reply, 404, "not found",
                    "There is nothing at this path. GET / names the paths that exist.",
                    "");
        return;
    }
    switch (request->method) {
    case TID_METHOD_GET:
    case TID_METHOD_HEAD:
        route->endpoint(context, request, reply);
        break;
    case TID_METHOD_OPTIONS:
        answer_options(reply);
        break;
    default:
        tid_problem(reply, 405, "method not allowed",
                    "This path answers GET, HEAD and OPTIONS.", "");
        tid_reply_static(reply, "Allow", allowed);
        break;
    }
}
