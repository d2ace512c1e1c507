/* SPDX-License-Identifier: MIT */
/*
 * GET /openapi.json: the interface, as an OpenAPI 3.1 document. It never changes while
 * the daemon runs.
 */
#include "endpoints.h"

void tid_endpoint_openapi(const struct tid_context *context,
                          const struct tid_request *request, struct tid_reply *reply) {
    (void)request;
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "application/json");
    tid_reply_static(reply, "Cache-Control", "public, max-age=3600");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_static(reply, context->openapi, context->openapi_bytes);
}
