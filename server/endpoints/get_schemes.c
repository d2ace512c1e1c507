/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/schemes: every scheme and parameter, as JSON. The document never changes while
 * the daemon runs.
 */
#include "server/endpoints/endpoints.h"

void tid_endpoint_schemes(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)request;
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "application/json");
    tid_response_static(response, "Cache-Control", "public, max-age=3600");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_static(response, context->schemes, context->schemes_bytes);
}
