/* SPDX-License-Identifier: MIT */
/*
 * Calls the endpoint of a request, or says why there is none (RFC 9110 sections 9.1,
 * 9.3.7, 13.1.1, 15.5.5, 15.5.6 and 15.6.2).
 */
#include "server/router.h"

#include "server/access/access.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/http/conditional.h"
#include "server/http/cors.h"
#include "server/routes.h"

/* Methods of a route, for Allow (RFC 9110 section 10.2.1). */
static const char *allowed(unsigned route) {
    return tid_route_body(route) != TID_ROUTE_NO_BODY ? "GET, HEAD, POST, OPTIONS"
                                                      : "GET, HEAD, OPTIONS";
}

static tid_endpoint *const endpoints[TID_ROUTE_COUNT] = {
#define TID_ROUTE(path, endpoint, kind, summary) endpoint,
#include "server/routes.def"
#undef TID_ROUTE
};

static void respond_to_options(const struct tid_context *context,
                               const struct tid_request *request, const char *methods,
                               struct tid_response *response) {
    tid_response_init(response, 204);
    tid_response_static(response, "Allow", methods);
    tid_cors_preflight(context->cors, request, methods, response);
}

/*
 * The conditions count only where the response would be successful without them (section
 * 13.2.1).
 */
static void check_untagged(const struct tid_request *request,
                           struct tid_response *response) {
    if (response->status >= 300 || tid_response_field(response, "ETag")) return;
    const enum tid_condition condition = tid_condition_evaluate(request, NULL);
    if (condition == TID_CONDITION_NONE) return;
    if (condition == TID_CONDITION_NOT_MODIFIED && request->method != TID_METHOD_POST) {
        response->status = 304;
        return;
    }
    tid_response_clear(response);
    tid_problem(
        response, 412, "precondition failed",
        condition == TID_CONDITION_FAILED
            ? "This representation has no entity tag, so none of If-Match is its tag."
            : "If-None-Match is '*', and there is a representation.",
        "");
}

/* 'OPTIONS *' asks about the server itself. */
static bool is_about_server(const struct tid_request *request) {
    return request->method == TID_METHOD_OPTIONS && request->path_bytes == 1 &&
           request->path[0] == '*';
}

static void respond(const struct tid_context *context, const struct tid_request *request,
                    unsigned route, struct tid_response *response) {
    if (request->method == TID_METHOD_UNKNOWN) {
        tid_problem(response, 501, "method not implemented",
                    "This server does not know the method.", "");
        return;
    }
    if (is_about_server(request)) {
        respond_to_options(context, request, "GET, HEAD, POST, OPTIONS", response);
        return;
    }

    switch (request->method) {
    case TID_METHOD_GET:
    case TID_METHOD_HEAD:
        endpoints[route](context, request, response);
        check_untagged(request, response);
        break;
    case TID_METHOD_OPTIONS:
        respond_to_options(context, request, allowed(route), response);
        break;
    case TID_METHOD_POST:
        if (tid_route_body(route) != TID_ROUTE_NO_BODY) {
            endpoints[route](context, request, response);
            check_untagged(request, response);
            break;
        }
        /* fall through */
    default:
        tid_problem(response, 405, "method not allowed",
                    "The Allow field lists the methods of this path.", "");
        tid_response_static(response, "Allow", allowed(route));
        break;
    }
}

static const char *not_found_detail(const struct tid_context *context, bool exists) {
    if (context->scope == TID_SCOPE_ADMIN)
        return "Here are /healthz, /readyz and /metrics only.";
    return exists ? "This path is served at the address of --admin-listen."
                  : "There is nothing at this path; GET / lists the paths.";
}

void tid_route(const struct tid_context *context, unsigned route,
               struct tid_request *request, struct tid_response *response) {
    const bool exists = route != TID_ROUTE_COUNT;
    const bool is_served =
        exists ? tid_route_is_served(route, context->scope)
               : is_about_server(request) || request->method == TID_METHOD_UNKNOWN;
    if (!is_served) {
        tid_problem(response, 404, "not found", not_found_detail(context, exists), "");
    } else if (request->deferred || /* it has been checked before */
               tid_access_check(context->access, route, request, response)) {
        respond(context, request, route, response);
        if (request->is_private) tid_access_make_private(response);
    }
    tid_problem_render(response, request);
}
