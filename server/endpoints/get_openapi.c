/* SPDX-License-Identifier: MIT */
/* GET /openapi.json: the interface as an OpenAPI 3.1 document, made once at the start. */
#include "server/documents/document.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_openapi(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)request;
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_static(response, context->openapi, context->openapi_bytes);
}
