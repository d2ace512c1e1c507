/* SPDX-License-Identifier: MIT */
/* See document.h. */
#include "server/documents/document.h"

void tid_document_init(struct tid_response *response, unsigned status, const char *type,
                       const char *cache_control) {
    tid_response_init(response, status);
    tid_response_static(response, "Content-Type", type);
    tid_response_static(response, "Cache-Control", cache_control);
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
}
