/* SPDX-License-Identifier: MIT */
/* GET /v1/schemes: every scheme and parameter as JSON, made once at the start. */
#include "server/documents/document.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_schemes(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)request;
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_static(response, context->schemes, context->schemes_bytes);
}
