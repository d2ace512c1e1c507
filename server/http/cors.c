/* SPDX-License-Identifier: MIT */
/* See cors.h. Sections: the Fetch Standard. */
#include "server/http/cors.h"

#include <stdio.h>
#include <string.h>

/* All fields of responses but the safelisted ones, which scripts see anyway (2.2.2). */
static const char exposed[] = "Content-Length"
#define TID_RESPONSE_FIELD(name, classes, meaning) ", " name
#include "server/http/response_fields.def"
#undef TID_RESPONSE_FIELD
    ;

/* Fields that a script may set: those that endpoints read, and what proxies take. */
static const char allowed[] = "Accept, Authorization, Content-Type, If-Match, "
                              "If-None-Match, If-Range, Range, traceparent, "
                              "Want-Repr-Digest, X-Request-Id";

/* Seconds: browsers have maxima of their own, from two hours to a day. */
#define PREFLIGHT_MAX_AGE "86400"

static const char *origin_flaw(const char *origin, size_t bytes) {
    const char *end = origin + bytes;
    const size_t scheme = strspn(origin, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
    const char *host = origin + scheme + 3;
    if (scheme == 0 || scheme + 3 >= bytes || strncmp(origin + scheme, "://", 3) != 0)
        return "expected *, none or origins such as https://app.example:8443";
    for (const char *c = host; c < end; c++) {
        if (*c == '/')
            return "an origin ends with its host or port; a browser sends no '/' there";
        if (*c <= ' ' || *c > '~' || (*c >= 'A' && *c <= 'Z') || strchr("\"*?#@\\", *c))
            return "an origin is in lower case and has no user, query or wildcard";
    }
    return NULL;
}

const char *tid_cors_flaw(const char *origins) {
    if (strcmp(origins, "*") == 0 || strcmp(origins, "none") == 0) return NULL;
    for (;;) {
        const size_t bytes = strcspn(origins, ",");
        const char *flaw = origin_flaw(origins, bytes);
        if (flaw) return flaw;
        if (origins[bytes] == '\0') return NULL;
        origins += bytes + 1;
    }
}

static bool is_off(const char *origins) {
    return !origins || strcmp(origins, "none") == 0;
}

/* Whether the list has the origin; browsers send it in the form that is compared. */
static bool list_has(const char *origins, const char *origin) {
    for (;;) {
        const size_t bytes = strcspn(origins, ",");
        if (bytes == strlen(origin) && memcmp(origins, origin, bytes) == 0) return true;
        if (origins[bytes] == '\0') return false;
        origins += bytes + 1;
    }
}

/* The response depends on the field of the request (RFC 9110 section 12.5.5). */
static void add_vary(struct tid_response *response) {
    const char *other = tid_response_field(response, "Vary");
    char text[128];
    if (!other) {
        tid_response_static(response, "Vary", "Origin");
        return;
    }
    const int used = snprintf(text, sizeof text, "%s, Origin", other);
    tid_response_replace(response, "Vary", text, (size_t)used);
}

void tid_cors_add(const char *origins, const struct tid_request *request,
                  struct tid_response *response) {
    const char *origin = request->fields[TID_FIELD_ORIGIN];
    if (is_off(origins)) return;
    if (strcmp(origins, "*") == 0) {
        /* To every request: a cache may serve the response to one of another origin. */
        tid_response_static(response, "Access-Control-Allow-Origin", "*");
    } else {
        add_vary(response);
        if (!origin || !list_has(origins, origin)) return;
        tid_response_copy(response, "Access-Control-Allow-Origin", origin,
                          strlen(origin));
    }
    /* A response to OPTIONS has nothing to expose. */
    if (response->status != 204)
        tid_response_static(response, "Access-Control-Expose-Headers", exposed);
}

void tid_cors_preflight(const char *origins, const struct tid_request *request,
                        const char *methods, struct tid_response *response) {
    const char *origin = request->fields[TID_FIELD_ORIGIN];
    if (is_off(origins) || !origin ||
        !request->fields[TID_FIELD_ACCESS_CONTROL_REQUEST_METHOD])
        return;
    if (strcmp(origins, "*") != 0 && !list_has(origins, origin)) return;
    tid_response_static(response, "Access-Control-Allow-Methods", methods);
    tid_response_static(response, "Access-Control-Allow-Headers", allowed);
    tid_response_static(response, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE);
}
