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

enum tid_route_body tid_route_body(unsigned index) {
    if (index >= TID_ROUTE_COUNT) return TID_ROUTE_NO_BODY;
    switch (routes[index].info.kind) {
    case TID_ROUTE_TENSOR:
    case TID_ROUTE_ABOUT_TENSOR:
    case TID_ROUTE_HUB_PATHS:
        return TID_ROUTE_PARAMETERS;
    case TID_ROUTE_MODELS:
        return TID_ROUTE_MANIFEST;
    default:
        return TID_ROUTE_NO_BODY;
    }
}

bool tid_route_kind_is_hub(enum tid_route_kind kind) {
    return kind == TID_ROUTE_HUB || kind == TID_ROUTE_HUB_PATHS ||
           kind == TID_ROUTE_HUB_FILE;
}

bool tid_route_kind_has_models(enum tid_route_kind kind) {
    return kind == TID_ROUTE_MODELS || kind == TID_ROUTE_MODEL ||
           kind == TID_ROUTE_MODEL_FILE || tid_route_kind_is_hub(kind);
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

/* What a {name} of a path stands for: all of it for 'path'; else a segment, or two of 'repo'. */
static bool is_name(const char *brace, const char *name) {
    const size_t bytes = strlen(name);
    return strncmp(brace + 1, name, bytes) == 0 && brace[1 + bytes] == '}';
}

/* The end of the segment that begins at 'at'. */
static const char *segment_end(const char *at, const char *end) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    return slash ? slash : end;
}

/*
 * Whether the path [at, end) is of the form 'form'. Sets '*part' to what stands for {name}, if
 * 'name' is not NULL.
 */
static bool matches(const char *form, const char *at, const char *end, const char *name,
                    struct tid_path_part *part) {
    for (; *form != '{'; form++, at++) {
        if (*form == '\0') return at == end;
        if (at == end || *at != *form) return false;
    }
    const char *rest = strchr(form, '}') + 1;
    const char *ends[2] = {segment_end(at, end), NULL};
    if (is_name(form, "path")) ends[0] = end;
    if (is_name(form, "repo") && ends[0] != end) ends[1] = segment_end(ends[0] + 1, end);
    for (unsigned i = 0; i < 2 && ends[i]; i++) {
        if (ends[i] == at || !matches(rest, ends[i], end, name, part)) continue;
        if (name && is_name(form, name))
            *part = (struct tid_path_part){at, (size_t)(ends[i] - at)};
        return true;
    }
    return false;
}

/*
 * Compares paths as sent, without percent-decoding: no route needs it, and so no two
 * parties can disagree about what "/v1%2Ftensor" means.
 */
unsigned tid_route_find(const struct tid_request *request) {
    const char *path = request->path;
    unsigned i = 0;
    while (i < TID_ROUTE_COUNT &&
           !matches(routes[i].info.path, path, path + request->path_bytes, NULL, NULL))
        i++;
    return i;
}

struct tid_path_part tid_route_part(const struct tid_request *request, const char *name) {
    const struct tid_route_info *info = tid_route_get(tid_route_find(request));
    struct tid_path_part part = {NULL, 0};
    if (info)
        matches(info->path, request->path, request->path + request->path_bytes, name,
                &part);
    return part;
}
