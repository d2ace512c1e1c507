/* SPDX-License-Identifier: MIT */
/* The paths that the daemon serves, from routes.def. */
#ifndef TID_ROUTES_H
#define TID_ROUTES_H

#include "server/context.h"
#include "server/http/request.h"

enum tid_route_kind {
    TID_ROUTE_TENSOR,       /* the tensor of a query: formats, ranges, entity tags */
    TID_ROUTE_ABOUT_TENSOR, /* a JSON document about the tensor of a query */
    TID_ROUTE_STACK,        /* a JSON document about a stack of layers */
    TID_ROUTE_JSON,         /* a JSON document without parameters */
    TID_ROUTE_TEXT,         /* a text */
    TID_ROUTE_NAMED_TEXT,   /* a text for each name, or 404 */
    TID_ROUTE_PAGE,         /* a text, or HTML for a browser */
    TID_ROUTE_PAGE_FILE,    /* a file of the page for each name, or 404 */
    TID_ROUTE_READY,        /* a text, or 503 */
    TID_ROUTE_MEASURES,     /* a text for those who run the server */
    TID_ROUTE_MODELS,       /* all models, as JSON; POST takes a manifest */
    TID_ROUTE_MODEL,        /* a JSON document about a model */
    TID_ROUTE_MODEL_FILE,   /* a file of a model: ranges, entity tags */
    TID_ROUTE_HUB,          /* a JSON document as the Hugging Face Hub has it */
    TID_ROUTE_HUB_PATHS, /* the same of the parameter 'paths', which POST has in its body */
    TID_ROUTE_HUB_FILE, /* a file at the URL of the Hugging Face Hub */
};

/* Number of routes: one per row. */
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

/* Whether its responses are computed, from the parameters of the request. */
bool tid_route_kind_computes(enum tid_route_kind kind);

/* What the body of a POST request is there. */
enum tid_route_body {
    TID_ROUTE_NO_BODY,    /* POST is not allowed */
    TID_ROUTE_PARAMETERS, /* as the query of GET, whose response it gets */
    TID_ROUTE_MANIFEST,   /* of a model */
};
enum tid_route_body tid_route_body(unsigned index);

/* Whether it serves models, and how the Hugging Face Hub does. */
bool tid_route_kind_has_models(enum tid_route_kind kind);
bool tid_route_kind_is_hub(enum tid_route_kind kind);

/* Whether listeners of a scope serve it. */
bool tid_route_is_served(unsigned index, enum tid_scope scope);

/* Route 'index', in the order of routes.def; NULL beyond the last. */
const struct tid_route_info *tid_route_get(unsigned index);

/* The index of the route of a request, whatever its method; TID_ROUTE_COUNT if none. */
unsigned tid_route_find(const struct tid_request *request);

/* What stands in a request's path for a {name} of its route. */
struct tid_path_part {
    const char *text; /* NULL: the route has no such name */
    size_t bytes;
};
struct tid_path_part tid_route_part(const struct tid_request *request, const char *name);

#endif
