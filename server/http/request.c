/* SPDX-License-Identifier: MIT */
/*
 * Parses methods, field names and request targets. Pure functions, called by
 * mhd_request.c for every request.
 */
#include "server/http/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const method_names[TID_METHOD_OTHER] = {[TID_METHOD_GET] = "GET",
                                                           [TID_METHOD_HEAD] = "HEAD",
                                                           [TID_METHOD_OPTIONS] =
                                                               "OPTIONS",
                                                           [TID_METHOD_POST] = "POST"};

const char *tid_method_name(enum tid_method method) {
    return method < TID_METHOD_OTHER ? method_names[method] : NULL;
}

enum tid_method tid_method_find(const char *name) {
    static const char *const other[] = {"PUT", "DELETE", "CONNECT", "TRACE", "PATCH"};
    for (unsigned i = 0; i < TID_METHOD_OTHER; i++) {
        if (strcmp(name, method_names[i]) == 0) return (enum tid_method)i;
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (strcmp(name, other[i]) == 0) return TID_METHOD_OTHER;
    }
    return TID_METHOD_UNKNOWN;
}

enum tid_field tid_field_find(const char *name, size_t name_bytes) {
    static const struct {
        const char *name;
        size_t bytes;
    } known[] = {
#define TID_FIELD(id, text, kind) {text, sizeof text - 1},
        TID_FIELDS(TID_FIELD)
#undef TID_FIELD
    };
    for (unsigned i = 0; i < TID_FIELD_COUNT; i++) {
        if (name_bytes == known[i].bytes &&
            strncasecmp(name, known[i].name, name_bytes) == 0)
            return (enum tid_field)i;
    }
    return TID_FIELD_COUNT;
}

size_t tid_field_value_bytes(const char *value, size_t bytes) {
    while (bytes > 0 && (value[bytes - 1] == ' ' || value[bytes - 1] == '\t')) bytes--;
    return bytes;
}

/* Appends ", " and 'value' to the value that the field has. */
static bool join(struct tid_request *request, enum tid_field field, const char *value) {
    const size_t had = strlen(request->fields[field]), more = strlen(value);
    char *joined = realloc(request->joined[field], had + more + 3);
    if (!joined) return false;
    if (!request->joined[field]) memcpy(joined, request->fields[field], had);
    memcpy(joined + had, ", ", 2);
    memcpy(joined + had + 2, value, more + 1);
    request->joined[field] = joined;
    request->fields[field] = joined;
    return true;
}

bool tid_request_add_field(struct tid_request *request, enum tid_field field,
                           const char *value) {
    enum kind { LIST, SINGLE, RANGE };
    static const enum kind kinds[] = {
#define TID_FIELD(id, text, kind) kind,
        TID_FIELDS(TID_FIELD)
#undef TID_FIELD
    };
    if (!request->fields[field]) {
        request->fields[field] = value;
        return true;
    }
    if (kinds[field] == LIST) return join(request, field, value);
    if (kinds[field] == RANGE) request->ignores_range = true;
    return true;
}

void tid_request_clear(struct tid_request *request) {
    for (unsigned i = 0; i < TID_FIELD_COUNT; i++) free(request->joined[i]);
    memset(request, 0, sizeof *request);
}

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_encoded(const char *text, size_t bytes) {
    return bytes >= 3 && text[0] == '%' && isxdigit((unsigned char)text[1]) &&
           isxdigit((unsigned char)text[2]);
}

/* The length of a name or an IPv4 address at the beginning of 'text'. */
static size_t name_end(const char *text, size_t bytes) {
    size_t i = 0;
    while (i < bytes && (is_alphanumeric(text[i]) || is_encoded(text + i, bytes - i) ||
                         (text[i] != '\0' && strchr("-._~!$&'()*+;=", text[i]))))
        i++;
    return i;
}

/* IPv6address or IPvFuture of RFC 3986 section 3.2.2. */
static bool is_literal(const char *text) {
    struct in6_addr unused;
    const size_t digits = text[0] == 'v' ? strspn(text + 1, "0123456789abcdefABCDEF") : 0;
    if (digits == 0 || text[1 + digits] != '.')
        return inet_pton(AF_INET6, text, &unused) == 1;
    text += 1 + digits + 1;
    const size_t bytes = strlen(text);
    return bytes > 0 && strcspn(text, "%[]/?#@") == bytes;
}

/* The length of an address in brackets; 0 if it is none. */
static size_t literal_end(const char *text, size_t bytes) {
    char literal[64];
    const char *end = memchr(text, ']', bytes);
    const size_t length = end ? (size_t)(end - text) - 1 : sizeof literal;
    if (length >= sizeof literal) return 0;
    memcpy(literal, text + 1, length);
    literal[length] = '\0';
    return strlen(literal) == length && is_literal(literal) ? length + 2 : 0;
}

bool tid_host_is_valid(const char *text, size_t bytes) {
    const bool is_literal = bytes > 0 && text[0] == '[';
    size_t i = is_literal ? literal_end(text, bytes) : name_end(text, bytes);
    if (is_literal && i == 0) return false;
    if (i == bytes) return true;
    if (text[i] != ':' || i == 0) return false;
    for (i++; i < bytes && text[i] >= '0' && text[i] <= '9'; i++) continue;
    return i == bytes;
}

/*
 * The length of scheme, "://" and authority of a target in absolute form; 0 if it is not
 * an http or https URI with a host (RFC 9110 section 4.2). User information is an error,
 * as section 4.2.4 recommends.
 */
static size_t authority_end(const char *target, size_t bytes) {
    size_t start;
    if (bytes > 7 && strncasecmp(target, "http://", 7) == 0)
        start = 7;
    else if (bytes > 8 && strncasecmp(target, "https://", 8) == 0)
        start = 8;
    else
        return 0;

    size_t end = start;
    while (end < bytes && target[end] != '/' && target[end] != '?') end++;
    return end > start && tid_host_is_valid(target + start, end - start) ? end : 0;
}

const char *tid_target_split(const char *target, size_t target_bytes,
                             struct tid_request *request) {
    /*
     * RFC 3986 allows only printable ASCII. Bytes above it are accepted nevertheless:
     * many clients send a tensor name in UTF-8 unencoded, and the query parser checks the
     * UTF-8.
     */
    for (size_t i = 0; i < target_bytes; i++) {
        const unsigned char c = (unsigned char)target[i];
        if (c <= ' ' || c == 0x7f)
            return "The request target contains a space or control character.";
        if (c == '#') return "The request target contains a '#'; in a query write %23.";
    }
    if (target_bytes == 1 && target[0] == '*') {
        if (request->method != TID_METHOD_OPTIONS)
            return "The request target '*' is for OPTIONS only.";
        request->path = target;
        request->path_bytes = 1;
        request->query = "";
        request->query_bytes = 0;
        return NULL;
    }

    const char *path = target;
    size_t rest = target_bytes;
    if (target_bytes == 0 || target[0] != '/') {
        const size_t skip = authority_end(target, target_bytes);
        if (skip == 0)
            return "The request target is neither a path that begins with '/' nor an "
                   "http or https URI with a host.";
        path += skip;
        rest -= skip;
    }

    const char *mark = memchr(path, '?', rest);
    const size_t path_bytes = mark ? (size_t)(mark - path) : rest;
    request->query = mark ? mark + 1 : "";
    request->query_bytes = mark ? rest - path_bytes - 1 : 0;
    /* An empty path is the same as "/" (RFC 9110 section 4.2.3). */
    request->path = path_bytes > 0 ? path : "/";
    request->path_bytes = path_bytes > 0 ? path_bytes : 1;
    return NULL;
}
