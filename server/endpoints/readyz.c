/* SPDX-License-Identifier: MIT */
/*
 * GET /readyz: whether to send requests here. Fails from the first SIGTERM on, while the
 * server still answers, so that a load balancer takes it out before its listener closes.
 */
#include <stdatomic.h>

#include "endpoints.h"
#include "problem.h"

void tid_endpoint_readyz(const struct tid_context *context,
                         const struct tid_request *request, struct tid_reply *reply) {
    (void)request;
    if (context->stopping != NULL && atomic_load(context->stopping)) {
        tid_problem(reply, 503, "stopping", "This server is about to stop.", "");
        return;
    }
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "text/plain");
    tid_reply_static(reply, "Cache-Control", "no-store");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_static(reply, "ready\n", 6);
}
