/* SPDX-License-Identifier: MIT */
/*
 * GET /metrics: what the daemon has counted, for Prometheus.
 */
#include <string.h>

#include "server/endpoints/endpoints.h"
#include "server/documents/metrics.h"
#include "server/endpoints/planned.h"
#include "server/documents/problem.h"

void tid_endpoint_metrics(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    struct tid_metrics_others others = {
        .compute = tid_pool_load(context->pool),
        .factor_cache = tid_factor_counts(context->factor_cache),
    };

    (void)request;
    tid_process_read(&others.process);
    char *text = tid_metrics_text(context->metrics, &others);
    if (text == NULL) {
        struct ti_error error;
        tid_out_of_memory(&error);
        tid_problem_of(response, &error);
        return;
    }
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type",
                        "text/plain; version=0.0.4; charset=utf-8");
    tid_response_static(response, "Cache-Control", "no-store");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_take(response, text, strlen(text));
}
