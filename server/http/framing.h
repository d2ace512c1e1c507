/* SPDX-License-Identifier: MIT */
/*
 * Checks that a request is framed such that this server and every proxy in front of it
 * agree where it ends (RFC 9112 sections 2.2, 3.2, 5.1, 6.3 and 11.2). libmicrohttpd
 * 0.9.75 accepts much that it should not; this checks what an application can see of it.
 * Only POST has a body here, so a GET, HEAD or OPTIONS request with one is rejected, too.
 *
 * After a rejection the connection is closed, so that bytes that follow are not taken for
 * a request: the defence against request smuggling. Pure functions, called by
 * mhd_request.c.
 */
#ifndef TID_FRAMING_H
#define TID_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/http/request.h"

/* What the header fields say about framing. Start from zeroes. */
struct tid_framing {
    unsigned hosts;           /* number of Host fields */
    unsigned content_lengths; /* number of Content-Length fields */
    bool has_content;         /* a Content-Length is not 0 */
    uint64_t content_bytes; /* the last Content-Length; UINT64_MAX for all larger ones */
    bool has_transfer_encoding;
    bool expects_unknown; /* Expect has a value other than 100-continue */
    const char *error;    /* the first malformed field, as a sentence; NULL if none */
};

/* Why a request is rejected: status, title and detail of a problem document. */
struct tid_rejection {
    unsigned status; /* 0: it is not rejected, and the others are NULL */
    const char *title;
    const char *detail;
};

/*
 * Adds one header field; name and value as received, NULs included, but the value without
 * white space around it.
 */
void tid_framing_add(struct tid_framing *framing, const char *name, size_t name_bytes,
                     const char *value, size_t value_bytes);

/* Checks the request after its last field. 'version' is as received ("HTTP/1.1"). */
struct tid_rejection tid_framing_check(const struct tid_framing *framing,
                                       enum tid_method method, const char *version);

/*
 * Whether a body follows the header (RFC 9112 section 6.3). Unless it is read, the
 * connection must be closed after the response.
 */
bool tid_framing_has_body(const struct tid_framing *framing);

#endif
