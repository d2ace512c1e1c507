/* SPDX-License-Identifier: MIT */
/*
 * GET /openapi.json: the interface, as an OpenAPI 3.1 document. It never changes while
 * the daemon runs.
 */
#include "server/endpoints/endpoints.h"

void tid_endpoint_openapi(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)request;
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "application/json");
    tid_response_static(response, "Cache-Control", "public, max-age=3600");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_static(response, context->openapi, context->openapi_bytes);
}
