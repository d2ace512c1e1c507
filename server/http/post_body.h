/* SPDX-License-Identifier: MIT */
/*
 * The body of a POST request, which has the parameters that GET has in its query, or is a
 * manifest: whether it is one that may be read. Pure; called by mhd/ before a byte of the body is.
 */
#ifndef TID_POST_BODY_H
#define TID_POST_BODY_H

#include "server/http/framing.h"

/* Maximum length of a body; a query of this length is longer than any that is useful. */
#define TID_POST_BYTES_MAX 16384

/* The value of Accept-Post (Linked Data Platform 1.0 section 7.1). */
#define TID_POST_TYPES "application/json, application/x-www-form-urlencoded"

/* The same of a manifest, which has at most TID_MANIFEST_BYTES_MAX bytes. */
#define TID_POST_MANIFEST_TYPES "application/json"

enum tid_post_type { TID_POST_NONE, TID_POST_JSON, TID_POST_FORM, TID_POST_MANIFEST };

/*
 * Checks length and type of a body that follows the header. A request without one has the
 * type TID_POST_NONE. If the status of the result is not 0, the connection must be closed
 * after the response: the body has not been read. 'is_manifest': the body is one, instead of
 * parameters.
 */
struct tid_rejection tid_post_check(const struct tid_framing *framing,
                                    const struct tid_request *request, bool is_manifest,
                                    enum tid_post_type *type);

#endif
