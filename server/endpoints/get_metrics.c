/* SPDX-License-Identifier: MIT */
/* GET /metrics: the daemon's counters, for Prometheus. */
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/metrics_text.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_metrics(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    struct tid_metrics_others others = {
        .pool = tid_pool_load(context->pool),
        .factors = tid_factor_counts(context->factor_cache),
        .clients = tid_client_counts(context->clients),
        .limits = context->limits,
        .memory_limit_bytes = tid_memory_max(context->memory, TID_MEMORY_RESPONSE),
        .reloads = context->reloads,
        .response_bytes = tid_memory_used(context->memory, TID_MEMORY_RESPONSE),
    };
    (void)request;
    tid_process_read(&others.process);
    char *text = tid_metrics_text(context->metrics, &others);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "text/plain; version=0.0.4; charset=utf-8",
                      TID_CACHE_NEVER);
    tid_response_body_take(response, text, strlen(text));
}
