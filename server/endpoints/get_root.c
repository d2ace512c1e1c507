/* SPDX-License-Identifier: MIT */
/* GET /: a page for people: what this is, and a first request to copy. */
#include <string.h>

#include <tensorinit/version.h>

#include "server/documents/buffer.h"
#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/routes.h"

/*
 * The Host field, so that the command can be copied as it is; only if it is a plain host
 * and port, since the reader pastes the text into a shell.
 */
static const char *host_of(const struct tid_request *request) {
    const char *host = request->fields[TID_FIELD_HOST];
    if (!host || host[0] == '\0' || strlen(host) > 255 ||
        strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                     ".-:[]_") != strlen(host))
        return "127.0.0.1:8080";
    return host;
}

void tid_endpoint_root(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    static const char greeting[] =
        "tensorinitd " TI_VERSION_STRING
        ": initialized tensors over HTTP, spec " TI_SPEC_NAME "\n"
        "\n"
        "Weights are a pure function of shape, scheme, seed and name. A first request:\n"
        "\n"
        "  curl -D - 'http://%s/v1/tensor?shape=512,784&scheme=he_normal&seed=42"
        "&name=fc1.weight&format=npy' -o w.npy\n"
        "\n";
    struct tid_buffer buffer = {0};
    (void)context;

    tid_buffer_printf(&buffer, greeting, host_of(request));
    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++) {
        const struct tid_route_info *route = tid_route_get(i);
        tid_buffer_printf(&buffer, "  %-18s%s\n", route->path, route->summary);
    }
    char *text = tid_buffer_take(&buffer);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "text/plain; charset=utf-8", TID_CACHE_NEVER);
    tid_response_body_take(response, text, strlen(text));
}
