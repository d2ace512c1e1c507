/* SPDX-License-Identifier: MIT */
/*
 * GET /healthz: the process is alive and answers. Nothing limits it, so that probes never
 * kill a busy server.
 */
#include "server/endpoints/endpoints.h"

void tid_endpoint_healthz(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)context;
    (void)request;
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "text/plain");
    tid_response_static(response, "Cache-Control", "no-store");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_static(response, "ok\n", 3);
}
