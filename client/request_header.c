/* SPDX-License-Identifier: MIT */
/* Fields that a program adds to its requests, and the token. */
#include <stdlib.h>
#include <string.h>

#include "client/client_error.h"
#include "client/client_request.h"

/* RFC 9110 section 5.6.2: token. */
static bool is_field_name(const char *name) {
    static const char others[] = "!#$%&'*+-.^_`|~";
    const char *at = name;
    for (; *at; at++) {
        const bool is_letter = (*at | 32) >= 'a' && (*at | 32) <= 'z';
        if (!is_letter && !(*at >= '0' && *at <= '9') && !strchr(others, *at)) {
            return false;
        }
    }
    return at > name;
}

/* RFC 9110 section 5.5: no control characters, which could begin another field. */
static bool is_field_value(const char *value) {
    for (; *value; value++) {
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Fields that the library sets, or that would change how a body is read. */
static bool is_reserved(const char *name) {
    static const char *const reserved[] = {
        "Accept",
        "Accept-Encoding",
        "Connection",
        "Content-Length",
        "Expect",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "If-Modified-Since",
        "If-Unmodified-Since",
    };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (tic_same_ascii(name, reserved[i])) return true;
    }
    return false;
}

/* Index of the line of that field, or the number of lines. */
static size_t find(const struct tic_request *request, const char *name) {
    size_t i = 0;
    for (; i < request->header_count; i++) {
        char *line = request->headers[i];
        const size_t bytes = strcspn(line, ":;");
        const char end = line[bytes];
        line[bytes] = '\0';
        const bool same = tic_same_ascii(line, name);
        line[bytes] = end;
        if (same) break;
    }
    return i;
}

static enum ti_status check(const struct tic_request *request, const char *name,
                            const char *value, struct ti_error *error) {
    if (!is_field_name(name)) {
        return tic_fail(error, TI_EVALUE, "header",
                        "the name of a field has letters, digits and any of "
                        "!#$%%&'*+-.^_`|~");
    }
    if (is_reserved(name)) {
        return tic_fail(error, TI_EINAPPLICABLE, "header",
                        "the field %.60s is set by the request itself", name);
    }
    /* A value may be secret, so it is not quoted. */
    if (value && !is_field_value(value)) {
        return tic_fail(error, TI_EVALUE, "header",
                        "the value of %.60s has a control character", name);
    }
    if (value && request->texts[TIC_TOKEN] && tic_same_ascii(name, "Authorization")) {
        return tic_fail(error, TI_EINAPPLICABLE, "header",
                        "Authorization is set by the token");
    }
    return TI_OK;
}

enum ti_status tic_request_header(struct tic_request *request, const char *name,
                                  const char *value, struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    if (!name) return tic_missing(error, "name");
    enum ti_status status = check(request, name, value, error);
    if (status != TI_OK) return status;
    const size_t at = find(request, name);
    if (!value) {
        if (at == request->header_count) return TI_OK;
        free(request->headers[at]);
        request->header_count--;
        memmove(&request->headers[at], &request->headers[at + 1],
                (request->header_count - at) * sizeof *request->headers);
        return TI_OK;
    }
    if (at < request->header_count) {
        return tic_fail(error, TI_EDUPLICATE, "header",
                        "the field %.60s is given more than once", name);
    }
    if (at == TIC_HEADERS_MAX) {
        return tic_fail(error, TI_ETOOLARGE, "header", "more than %d fields",
                        TIC_HEADERS_MAX);
    }
    char *line = malloc(strlen(name) + strlen(value) + 3);
    if (!line) return tic_out_of_memory(error);
    value += strspn(value, " \t");
    /* libcurl writes a field without a value only like this. */
    stpcpy(stpcpy(stpcpy(line, name), *value ? ": " : ";"), value);
    request->headers[request->header_count++] = line;
    return TI_OK;
}

/* RFC 6750 section 2.1: b64token. */
static bool is_token(const char *token) {
    const char *at = token;
    while ((*at >= '0' && *at <= '9') || ((*at | 32) >= 'a' && (*at | 32) <= 'z') ||
           (*at && strchr("-._~+/", *at))) {
        at++;
    }
    if (at == token) return false;
    return at[strspn(at, "=")] == '\0';
}

enum ti_status tic_request_check_token(const struct tic_request *request,
                                       const char *token, struct ti_error *error) {
    if (!is_token(token)) {
        return tic_fail(error, TI_EVALUE, "token",
                        "a token has letters, digits and any of -._~+/, and may end "
                        "with =");
    }
    if (find(request, "Authorization") < request->header_count) {
        return tic_fail(error, TI_EINAPPLICABLE, "token",
                        "the field Authorization is set already");
    }
    return TI_OK;
}
