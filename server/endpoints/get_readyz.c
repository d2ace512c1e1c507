/* SPDX-License-Identifier: MIT */
/*
 * GET /readyz: whether to send requests here. Fails from the first SIGTERM on, while the
 * server still responds, so that load balancers remove it before its listener closes.
 */
#include <stdatomic.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_readyz(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    (void)request;
    if (context->stopping && atomic_load(context->stopping)) {
        tid_problem(response, 503, "stopping", "This server is about to stop.", "");
        return;
    }
    tid_document_init(response, 200, "text/plain", TID_CACHE_NEVER);
    tid_response_body_static(response, "ready\n", 6);
}
