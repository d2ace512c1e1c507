/* SPDX-License-Identifier: MIT */
/* See post_body.h. Sections: RFC 9110. */
#include "server/http/post_body.h"

#include <string.h>
#include <strings.h>

#include "server/models/model_token.h"

/* Whether a Content-Type (section 8.3) is this one; its parameters do not matter. */
static bool is_type(const char *content_type, const char *type) {
    const size_t bytes = tid_field_value_bytes(content_type, strcspn(content_type, ";"));
    return bytes == strlen(type) && strncasecmp(content_type, type, bytes) == 0;
}

struct tid_rejection tid_post_check(const struct tid_framing *framing,
                                    const struct tid_request *request, bool is_manifest,
                                    enum tid_post_type *type) {
    const char *content_type = request->fields[TID_FIELD_CONTENT_TYPE];
    const char *encoding = request->fields[TID_FIELD_CONTENT_ENCODING];
    const struct tid_rejection accepted = {0, NULL, NULL};
    *type = TID_POST_NONE;
    if (!tid_framing_has_body(framing)) return accepted;
    /* Section 15.5.12. Chunked bodies are where readers of requests disagree most. */
    if (framing->has_transfer_encoding)
        return (struct tid_rejection){411, "length required",
                                      "A body must have a Content-Length here, and no "
                                      "Transfer-Encoding."};
    /* Section 15.5.14. */
    if (is_manifest && framing->content_bytes > TID_MANIFEST_BYTES_MAX)
        return (struct tid_rejection){413, "content too large",
                                      "A manifest has at most 131072 bytes here; the "
                                      "server's option --models serves larger ones."};
    if (!is_manifest && framing->content_bytes > TID_POST_BYTES_MAX)
        return (struct tid_rejection){413, "content too large",
                                      "A body has at most 16384 bytes here."};
    /* Section 15.5.16; "identity" is no coding (section 12.5.3), but some send it. */
    if (encoding && *encoding && strcasecmp(encoding, "identity") != 0)
        return (struct tid_rejection){415, "unsupported media type",
                                      "A body must have no Content-Encoding here."};
    if (content_type && is_type(content_type, "application/json"))
        *type = is_manifest ? TID_POST_MANIFEST : TID_POST_JSON;
    if (content_type && !is_manifest &&
        is_type(content_type, "application/x-www-form-urlencoded"))
        *type = TID_POST_FORM;
    if (*type != TID_POST_NONE) return accepted;
    /* Section 15.5.16. */
    return (struct tid_rejection){
        415, "unsupported media type",
        is_manifest ? "The Content-Type of a manifest must be " TID_POST_MANIFEST_TYPES
                      "."
                    : "The Content-Type of a body must be one of " TID_POST_TYPES "."};
}
