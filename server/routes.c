/* SPDX-License-Identifier: MIT */
/* The table of paths: see routes.h. */
#include "server/routes.h"

#include <string.h>

#include "server/http/probe.h"

static const struct route {
    struct tid_route_info info;
    size_t path_bytes;
} routes[TID_ROUTE_COUNT] = {
#define TID_ROUTE(path, endpoint, kind, summary)                                         \
    {{path, TID_ROUTE_##kind, summary}, sizeof path - 1},
#include "server/routes.def"
#undef TID_ROUTE
};

const struct tid_route_info *tid_route_get(unsigned index) {
    return index < TID_ROUTE_COUNT ? &routes[index].info : NULL;
}

bool tid_route_kind_computes(enum tid_route_kind kind) {
    return kind == TID_ROUTE_TENSOR || kind == TID_ROUTE_ABOUT_TENSOR ||
           kind == TID_ROUTE_STACK;
}

bool tid_route_takes_body(unsigned index) {
    return index < TID_ROUTE_COUNT && (routes[index].info.kind == TID_ROUTE_TENSOR ||
                                       routes[index].info.kind == TID_ROUTE_ABOUT_TENSOR);
}

bool tid_route_is_served(unsigned index, enum tid_scope scope) {
    if (index >= TID_ROUTE_COUNT) return false;
    const struct route *route = &routes[index];
    switch (scope) {
    case TID_SCOPE_PUBLIC:
        return route->info.kind != TID_ROUTE_MEASURES;
    case TID_SCOPE_ADMIN:
        return tid_probe_is_path(route->info.path, route->path_bytes);
    case TID_SCOPE_ALL:
        break;
    }
    return true;
}

/* Whether a path has the route's segments, of which the last may be {name}. */
static bool matches(const struct route *route, const char *path, size_t path_bytes) {
    const size_t fixed = strcspn(route->info.path, "{");
    if (fixed == route->path_bytes)
        return path_bytes == fixed && memcmp(path, route->info.path, fixed) == 0;
    return path_bytes > fixed && memcmp(path, route->info.path, fixed) == 0 &&
           !memchr(path + fixed, '/', path_bytes - fixed);
}

/*
 * Compares paths as sent, without percent-decoding: no route needs it, and so no two
 * parties can disagree about what "/v1%2Ftensor" means.
 */
unsigned tid_route_find(const struct tid_request *request) {
    unsigned i = 0;
    while (i < TID_ROUTE_COUNT &&
           !matches(&routes[i], request->path, request->path_bytes))
        i++;
    return i;
}
