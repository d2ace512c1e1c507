/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests (RFC 9110 section 13). Tensors have strong entity tags and no
 * modification date, so If-Modified-Since and If-Unmodified-Since are ignored, as
 * sections 13.1.3 and 13.1.4 require. Called by the endpoint of tensors, and by the router
 * for documents, which have no tag.
 */
#ifndef TID_CONDITIONAL_H
#define TID_CONDITIONAL_H

#include <stdbool.h>

#include "server/http/request.h"

enum tid_condition {
    TID_CONDITION_NONE,         /* none, or it holds: send the representation */
    TID_CONDITION_NOT_MODIFIED, /* If-None-Match: 304 */
    TID_CONDITION_FAILED,       /* If-Match: 412 */
};

/*
 * Evaluates If-Match, then If-None-Match, of a GET or HEAD request (section 13.2.2).
 * 'etag' is the strong entity tag of the representation, with its quotes; or NULL if it has
 * none, which only "*" matches (sections 13.1.1 and 13.1.2).
 */
enum tid_condition tid_condition_evaluate(const struct tid_request *request,
                                          const char *etag);

/*
 * Whether to evaluate Range: the method is GET, neither field is repeated, and If-Range
 * is absent or exactly the tag. A date or a weak tag never matches (section 13.1.5).
 */
bool tid_range_applies(const struct tid_request *request, const char *etag);

#endif
