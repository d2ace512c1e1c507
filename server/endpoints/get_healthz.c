/* SPDX-License-Identifier: MIT */
/* GET /healthz: the process is alive. No limit applies, so probes kill no busy server. */
#include "server/documents/document.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_healthz(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    (void)context;
    (void)request;
    tid_document_init(response, 200, "text/plain", TID_CACHE_NEVER);
    tid_response_body_static(response, "ok\n", 3);
}
