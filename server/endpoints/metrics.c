/* SPDX-License-Identifier: MIT */
/*
 * GET /metrics: what the daemon has counted, for Prometheus.
 */
#include <string.h>

#include "endpoints.h"
#include "metrics.h"
#include "planned.h"
#include "problem.h"

void tid_endpoint_metrics(const struct tid_context *context,
                          const struct tid_request *request, struct tid_reply *reply) {
    struct tid_metrics_others others = {
        .compute = tid_compute_load(context->compute),
        .setups = tid_setups_counts(context->setups),
    };

    (void)request;
    tid_process_read(&others.process);
    char *text = tid_metrics_text(context->metrics, &others);
    if (text == NULL) {
        struct ti_error error;
        tid_out_of_memory(&error);
        tid_problem_of(reply, &error);
        return;
    }
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    tid_reply_static(reply, "Cache-Control", "no-store");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_take(reply, text, strlen(text));
}
