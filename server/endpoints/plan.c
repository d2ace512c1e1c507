/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/plan: what /v1/tensor would serve for the same query, as JSON.
 */
#include <string.h>

#include "endpoints.h"
#include "json_plan.h"
#include "problem.h"

void tid_endpoint_plan(const struct tid_context *context,
                       const struct tid_request *request, struct tid_reply *reply) {
    struct ti_error error;
    struct tid_planned planned;

    if (tid_planned_make(request, TI_FORMAT_RAW, &planned, &error) != TI_OK) {
        tid_problem_of(reply, &error);
        return;
    }
    if (!tid_planned_claim(&planned, context, true, reply)) {
        tid_planned_clear(&planned);
        return;
    }
    char *text = tid_json_plan(&planned, context->isa);
    tid_planned_clear(&planned);
    if (text == NULL) {
        tid_out_of_memory(&error);
        tid_problem_of(reply, &error);
        return;
    }
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "application/json");
    tid_reply_static(reply, "Cache-Control", "public, max-age=3600");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_take(reply, text, strlen(text));
}
