/* SPDX-License-Identifier: MIT */
/*
 * A request as endpoints see it: method, target and the few header fields that an
 * endpoint asks for. Nothing here knows the HTTP library, so tests and fuzzers make
 * requests by hand.
 *
 * Framing (bodies, doubled fields, smuggling) is settled before a request gets here:
 * framing.h.
 */
#ifndef TID_REQUEST_H
#define TID_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* What RFC 9110 section 9 and RFC 5789 define; anything else is TID_METHOD_UNKNOWN. */
enum tid_method {
    TID_METHOD_GET,
    TID_METHOD_HEAD,
    TID_METHOD_OPTIONS,
    TID_METHOD_OTHER,
    TID_METHOD_UNKNOWN,
};

/*
 * TID_FIELD(enumerator, name): the header fields that endpoints can look at. A field that
 * an endpoint starts to need is one line here.
 */
// clang-format off
#define TID_FIELDS(TID_FIELD)                                                              \
    TID_FIELD(HOST, "Host")                                                                \
    TID_FIELD(ACCEPT, "Accept")                                                            \
    TID_FIELD(RANGE, "Range")                                                              \
    TID_FIELD(IF_RANGE, "If-Range")                                                        \
    TID_FIELD(IF_MATCH, "If-Match")                                                        \
    TID_FIELD(IF_NONE_MATCH, "If-None-Match")
// clang-format on

enum tid_field {
#define TID_FIELD(id, name) TID_FIELD_##id,
    TID_FIELDS(TID_FIELD)
#undef TID_FIELD
        TID_FIELD_COUNT
};

/*
 *   path, query  as sent, percent-encoding unresolved; the query without its '?'. Neither
 *                needs a NUL at its end. "*" is the path of 'OPTIONS *'.
 *   fields       value of each field, NULL where the request has none
 */
struct tid_request {
    enum tid_method method;
    const char *path;
    size_t path_bytes;
    const char *query;
    size_t query_bytes;
    const char *fields[TID_FIELD_COUNT];
};

/* Methods are case-sensitive (RFC 9110 section 9.1). */
enum tid_method tid_method_find(const char *name);

/*
 * The field of that name, compared without regard to case; TID_FIELD_COUNT if not listed.
 */
enum tid_field tid_field_find(const char *name, size_t name_bytes);

/*
 * Splits a request target (RFC 9112 section 3.2) into path and query of '*request', which
 * then point into 'target'; the method must be set. Origin-form, absolute-form with http
 * or https, and '*' for OPTIONS are understood.
 *
 * Returns NULL, or what is wrong with the target, as a sentence ('*request' is
 * untouched).
 */
const char *tid_target_split(const char *target, size_t target_bytes,
                             struct tid_request *request);

#endif
