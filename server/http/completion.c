/* SPDX-License-Identifier: MIT */
/* See completion.h. */
#include "server/http/completion.h"

#include <string.h>

#include "server/documents/problem.h"
#include "server/http/cors.h"

void tid_response_complete(const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response) {
    tid_problem_render(response, request);
    tid_response_copy(response, "X-Request-Id", request->id, strlen(request->id));
    tid_cors_add(context->cors, request, response);
}
