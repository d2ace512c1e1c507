/* SPDX-License-Identifier: MIT */
/*
 * A request as endpoints see it: method, target and the few header fields that endpoints
 * use. Nothing here depends on libmicrohttpd, so tests can make requests by hand.
 *
 * Framing (bodies, repeated fields, smuggling) has been checked before: framing.h.
 */
#ifndef TID_REQUEST_H
#define TID_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;

enum tid_method {
    TID_METHOD_GET,
    TID_METHOD_HEAD,
    TID_METHOD_OPTIONS,
    TID_METHOD_POST,    /* as GET, with parameters in the body as well */
    TID_METHOD_OTHER,   /* the rest of RFC 9110 section 9.3, and PATCH (RFC 5789) */
    TID_METHOD_UNKNOWN, /* anything else: 501 */
};

/*
 * TID_FIELD(enumerator, name, kind): the header fields that endpoints can read. If an
 * endpoint needs another one, add a line. What a second line of the same name means:
 *
 *   LIST    the value is a list, and continues there (RFC 9110 section 5.3)
 *   SINGLE  an error, which framing.c reports for Host; the first line counts
 *   RANGE   an error, for which the request's range is ignored (section 14.2)
 */
// clang-format off
#define TID_FIELDS(TID_FIELD)                                                              \
    TID_FIELD(HOST, "Host", SINGLE)                                                        \
    TID_FIELD(ACCEPT, "Accept", LIST)                                                      \
    TID_FIELD(ACCEPT_ENCODING, "Accept-Encoding", LIST)                                    \
    TID_FIELD(RANGE, "Range", RANGE)                                                       \
    TID_FIELD(IF_RANGE, "If-Range", RANGE)                                                 \
    TID_FIELD(IF_MATCH, "If-Match", LIST)                                                  \
    TID_FIELD(IF_NONE_MATCH, "If-None-Match", LIST)                                        \
    TID_FIELD(X_REQUEST_ID, "X-Request-Id", SINGLE)                                        \
    TID_FIELD(TRACEPARENT, "traceparent", SINGLE)                                          \
    TID_FIELD(WANT_REPR_DIGEST, "Want-Repr-Digest", LIST)                                  \
    TID_FIELD(CONTENT_TYPE, "Content-Type", SINGLE)                                        \
    TID_FIELD(CONTENT_ENCODING, "Content-Encoding", LIST)                                  \
    TID_FIELD(AUTHORIZATION, "Authorization", SINGLE)                                      \
    TID_FIELD(FORWARDED, "Forwarded", LIST)                                                \
    TID_FIELD(X_FORWARDED_FOR, "X-Forwarded-For", LIST)                                    \
    TID_FIELD(X_FORWARDED_HOST, "X-Forwarded-Host", LIST)                                  \
    TID_FIELD(X_FORWARDED_PREFIX, "X-Forwarded-Prefix", LIST)                              \
    TID_FIELD(X_FORWARDED_PROTO, "X-Forwarded-Proto", LIST)                                \
    TID_FIELD(ORIGIN, "Origin", SINGLE)                                                    \
    TID_FIELD(ACCESS_CONTROL_REQUEST_METHOD, "Access-Control-Request-Method", SINGLE)
// clang-format on

enum tid_field {
#define TID_FIELD(id, name, kind) TID_FIELD_##id,
    TID_FIELDS(TID_FIELD)
#undef TID_FIELD
        TID_FIELD_COUNT
};

/* Maximum lengths, with their NUL. */
#define TID_REQUEST_ID_BYTES 129
#define TID_TRACE_BYTES 56
#define TID_PREFIX_BYTES 256
#define TID_ORIGIN_BYTES 272
#define TID_TOKEN_NAME_BYTES 65

struct tid_deferred;

/* Path and query are as sent, percent-encoded, and not terminated by a NUL. */
struct tid_request {
    enum tid_method method;
    const char *path; /* "*" for 'OPTIONS *' */
    size_t path_bytes;
    const char *query; /* without its '?' */
    size_t query_bytes;
    const char *body; /* of a POST request whose body is no parameters; or NULL */
    size_t body_bytes;
    const char *fields[TID_FIELD_COUNT]; /* values; NULL if the request lacks the field */
    /* What the endpoint has deferred, now that it is done; or NULL. */
    struct tid_deferred *deferred;
    const struct sockaddr *peer;      /* of the connection; NULL: there is none */
    char token[TID_TOKEN_NAME_BYTES]; /* the name of its token, or "" */
    bool is_private;                  /* only this client may have the response */
    bool ignores_range;               /* Range or If-Range is on more than one line */
    char id[TID_REQUEST_ID_BYTES];    /* request_id.h; "" before it is known */
    char trace[TID_TRACE_BYTES];      /* a valid traceparent, or "" */
    char prefix[TID_PREFIX_BYTES]; /* of this server's paths as clients see them, or "" */
    char
        origin[TID_ORIGIN_BYTES]; /* https://host:port as clients see it; "" if unknown */
    char *joined[TID_FIELD_COUNT]; /* from malloc(): values of several lines, or NULL */
};

/* Finds a method by its name, which is case-sensitive (RFC 9110 section 9.1). */
enum tid_method tid_method_find(const char *name);

/* NULL for TID_METHOD_OTHER and TID_METHOD_UNKNOWN. */
const char *tid_method_name(enum tid_method method);

/*
 * Finds a field by its name, which is case-insensitive (RFC 9110 section 5.1);
 * TID_FIELD_COUNT if endpoints do not use it.
 */
enum tid_field tid_field_find(const char *name, size_t name_bytes);

/*
 * The length of a field's value, or of a part of it, without the white space behind it (RFC
 * 9110 section 5.5).
 */
size_t tid_field_value_bytes(const char *value, size_t bytes);

/*
 * Adds a line of the header to '*request', which starts from zeroes. 'value' must live as
 * long as the request; tid_request_clear() frees what was joined. False if memory runs
 * out.
 */
bool tid_request_add_field(struct tid_request *request, enum tid_field field,
                           const char *value);
void tid_request_clear(struct tid_request *request);

/*
 * Whether a text is a host and maybe a port (RFC 9110 section 7.2, RFC 3986 section
 * 3.2.2), or empty, as Host is for a target without an authority. A comma, which the
 * grammar allows in names, is refused: it tells of several values that were joined.
 */
bool tid_host_is_valid(const char *text, size_t bytes);

/*
 * Splits a request target (RFC 9112 section 3.2) into path and query of '*request', which
 * then point into 'target'. The method must have been set. Supports the origin form, the
 * absolute form with http or https, and the asterisk form for OPTIONS.
 *
 * Returns NULL, or an error as a sentence ('*request' is then untouched).
 */
const char *tid_target_split(const char *target, size_t target_bytes,
                             struct tid_request *request);

#endif
