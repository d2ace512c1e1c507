/* SPDX-License-Identifier: MIT */
/*
 * Whether a request is framed so that every proxy in front and this server agree where it
 * ends (RFC 9112 sections 2.2, 3.2, 5.1, 6.3 and 11.2). libmicrohttpd 0.9.75 accepts much
 * that it should not; what an application can see of it is judged here. No endpoint takes
 * a request body, so any is an error.
 *
 * A request that fails is answered and its connection closed, so that nothing that
 * follows on it is taken for a request: the defence against request smuggling.
 */
#ifndef TID_FRAMING_H
#define TID_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

#include "server/http/request.h"

/* What the header fields said; start from zeroes. 'flaw' is the first thing wrong. */
struct tid_framing {
    unsigned hosts;
    unsigned content_lengths;
    bool has_content;
    bool has_transfer_encoding;
    bool expects_unknown;
    const char *flaw;
};

/*
 *   status  0 if all is well, else the HTTP status to answer with
 *   title   of the problem document
 *   detail  a sentence
 */
struct tid_verdict {
    unsigned status;
    const char *title;
    const char *detail;
};

/* Takes one header field into account; name and value as received, NULs included. */
void tid_framing_add(struct tid_framing *framing, const char *name, size_t name_bytes,
                     const char *value, size_t value_bytes);

/* Judges a request after its last field; 'version' as received ("HTTP/1.1"). */
struct tid_verdict tid_framing_judge(const struct tid_framing *framing,
                                     enum tid_method method, const char *version);

/*
 * Whether a body follows the header. No endpoint takes one: the answer, whichever it is,
 * has to be given at once and the connection closed.
 */
bool tid_framing_has_body(const struct tid_framing *framing);

#endif
