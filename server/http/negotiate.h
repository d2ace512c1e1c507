/* SPDX-License-Identifier: MIT */
/*
 * Proactive negotiation (RFC 9110 section 12): by its Accept field, chooses the format for a
 * request that has no format=, and the page at / for a browser; by Accept-Encoding, whether
 * the page's files are compressed. Called by their endpoints.
 */
#ifndef TID_NEGOTIATE_H
#define TID_NEGOTIATE_H

#include <stdbool.h>

#include <tensorinit/body.h>

/*
 * Chooses the format whose media type has the largest weight in 'accept', the value of
 * the field; of several, the first of TI_FORMATS. NULL, no Accept field, accepts
 * everything. False if no format is acceptable ('*format' is then untouched).
 */
bool tid_negotiate(const char *accept, enum ti_format *format);

/* Whether the field prefers HTML to plain text, as browsers do and "*" does not. */
bool tid_prefers_html(const char *accept);

/*
 * Whether gzip is acceptable (section 12.5.3). Without the field, NULL, anything is; but
 * programs that do not send it show what they get as it is.
 */
bool tid_accepts_gzip(const char *accept_encoding);

#endif
