/* SPDX-License-Identifier: MIT */
/* Pairs of a URL's query component, for strict and lenient reading. */
#ifndef TI_QUERY_H
#define TI_QUERY_H

#include "core/base/error.h"
#include "core/request/text.h"

/*
 * Decodes a pair to 'scratch', which has a byte more than the pair. '*decoded' points
 * into it; its name is NUL-terminated.
 *
 * Returns TI_OK; TI_EPARAM for a name that is empty, has a NUL or an invalid
 * percent-encoding; TI_EVALUE for a pair without '=' or an invalid encoding in the value.
 */
enum ti_status ti_query_decode(const struct ti_text_pair *pair, char *scratch,
                               struct ti_text_pair *decoded, struct ti_error *error);

/*
 * Writes a name or value, at most three bytes for each of its own, and returns the end:
 * percent-encodes all but the unreserved characters and those of plain lists.
 */
char *ti_query_encode(const char *text, size_t n, char *out);

/* The same, but for all but the unreserved characters. */
char *ti_query_encode_all(const char *text, size_t n, char *out);

#endif
