/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests (RFC 9110 section 13). Tensors have strong entity tags and no date of
 * modification, so conditions on dates are not evaluated (sections 13.1.3 and 13.1.4).
 */
#ifndef TID_CONDITIONAL_H
#define TID_CONDITIONAL_H

#include <stdbool.h>

#include "server/http/request.h"

enum tid_condition {
    TID_CONDITION_NONE,         /* go on */
    TID_CONDITION_NOT_MODIFIED, /* 304 */
    TID_CONDITION_FAILED,       /* 412 */
};

/*
 * Evaluates If-Match, then If-None-Match, of a GET or HEAD request (section 13.2.2). 'etag'
 * is the strong entity tag of the representation, with its quotes.
 */
enum tid_condition tid_condition_judge(const struct tid_request *request,
                                       const char *etag);

/* Whether a Range field is to be looked at: no If-Range, or one that is exactly the tag. */
bool tid_range_applies(const struct tid_request *request, const char *etag);

#endif
