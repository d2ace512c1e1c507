/* SPDX-License-Identifier: MIT */
/* GET /: the page for a browser; else a text: what this is, and a first request to copy. */
#include <string.h>

#include <tensorinit/version.h>

#include "server/documents/buffer.h"
#include "server/documents/document.h"
#include "server/documents/page_files.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/http/negotiate.h"
#include "server/routes.h"

static void respond_with_text(const struct tid_context *context,
                              const struct tid_request *request,
                              struct tid_response *response) {
    static const char greeting[] =
        "tensorinitd " TI_VERSION_STRING
        ": initialized tensors over HTTP, spec " TI_SPEC_NAME "\n"
        "\n"
        "Weights are a pure function of shape, scheme, seed and name. A first request:\n"
        "\n"
        "  curl -D - '%s%s/v1/tensor?shape=512,784&scheme=he_normal&seed=42"
        "&name=fc1.weight&format=npy' -o w.npy\n"
        "\n";
    struct tid_buffer buffer = {0};

    /* So that the command can be copied as it is. */
    tid_buffer_printf(&buffer, greeting,
                      request->origin[0] != '\0' ? request->origin
                                                 : "http://127.0.0.1:8080",
                      request->prefix);
    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++) {
        const struct tid_route_info *route = tid_route_get(i);
        if (!tid_route_is_served(i, context->scope)) continue;
        tid_buffer_printf(&buffer, "  %-22s %s\n", route->path, route->summary);
    }
    char *text = tid_buffer_take(&buffer);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "text/plain; charset=utf-8", TID_CACHE_NEVER);
    tid_response_static(response, "Vary", "Accept");
    tid_response_body_take(response, text, strlen(text));
}

void tid_endpoint_root(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    static const char name[] = "index.html";
    if (tid_prefers_html(request->fields[TID_FIELD_ACCEPT]))
        tid_page_file_respond(tid_page_file_find(name, sizeof name - 1), request,
                              "Accept, Accept-Encoding", response);
    else
        respond_with_text(context, request, response);
}
