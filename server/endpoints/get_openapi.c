/* SPDX-License-Identifier: MIT */
/*
 * GET /openapi.json: the interface as an OpenAPI 3.1 document, made once at the start. Only
 * its 'servers' depend on the request: a path, as clients see it.
 */
#include <string.h>

#include "server/documents/buffer.h"
#include "server/documents/document.h"
#include "server/documents/json_openapi.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"

void tid_endpoint_openapi(const struct tid_context *context,
                          const struct tid_request *request,
                          struct tid_response *response) {
    struct tid_buffer buffer = {0};
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    if (request->prefix[0] == '\0') {
        tid_response_body_static(response, context->openapi, context->openapi_bytes);
        return;
    }
    const char *server = strstr(context->openapi, TID_OPENAPI_SERVER);
    const size_t before = server ? (size_t)(server - context->openapi) : 0;
    const size_t after = before + sizeof TID_OPENAPI_SERVER - 1;
    tid_buffer_add(&buffer, context->openapi, before);
    tid_buffer_printf(&buffer, "{\"url\": \"%s\"}", request->prefix);
    tid_buffer_add(&buffer, context->openapi + after, context->openapi_bytes - after);
    const size_t bytes = buffer.used_bytes;
    char *text = tid_buffer_take(&buffer);
    if (text)
        tid_response_body_take(response, text, bytes);
    else
        tid_problem_no_memory(response);
}
