/* SPDX-License-Identifier: MIT */
/* GET /v1/plan: what /v1/tensor would serve for the same query, as JSON. */
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/json_plan.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/http/tensor_fields.h"

void tid_endpoint_plan(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    struct ti_error error;
    struct tid_planned planned;
    if (tid_planned_make(request, TI_FORMAT_RAW, &planned, &error) != TI_OK) {
        tid_problem_of(response, &error);
        return;
    }
    if (!tid_planned_allowed(&planned, context, response) ||
        !tid_planned_prepare(&planned, context, request, 0, TID_WORK_NONE, response)) {
        tid_planned_clear(&planned);
        return;
    }
    char *text = tid_json_plan(planned.plan, planned.body, planned.warnings,
                               planned.warning_count, context->isa);
    if (text) {
        tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
        tid_warning_fields_add(response, planned.warnings, planned.warning_count);
        tid_response_body_take(response, text, strlen(text));
    } else {
        tid_problem_no_memory(response);
    }
    tid_planned_clear(&planned);
}
