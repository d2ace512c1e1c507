/* SPDX-License-Identifier: MIT */
/*
 * GET /healthz: the process is alive and answers. Nothing limits it, so that probes never
 * kill a busy server.
 */
#include "endpoints.h"

void tid_endpoint_healthz(const struct tid_context *context,
                          const struct tid_request *request, struct tid_reply *reply) {
    (void)context;
    (void)request;
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "text/plain");
    tid_reply_static(reply, "Cache-Control", "no-store");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_static(reply, "ok\n", 3);
}
