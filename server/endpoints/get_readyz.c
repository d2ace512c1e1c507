/* SPDX-License-Identifier: MIT */
/*
 * GET /readyz: whether to send requests here. Fails from the first SIGTERM on, while the
 * server still answers, so that a load balancer takes it out before its listener closes.
 */
#include <stdatomic.h>

#include "server/endpoints/endpoints.h"
#include "server/documents/problem.h"

void tid_endpoint_readyz(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    (void)request;
    if (context->stopping != NULL && atomic_load(context->stopping)) {
        tid_problem(response, 503, "stopping", "This server is about to stop.", "");
        return;
    }
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "text/plain");
    tid_response_static(response, "Cache-Control", "no-store");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_static(response, "ready\n", 6);
}
