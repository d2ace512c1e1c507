/* SPDX-License-Identifier: MIT */
/*
 * GET /: for a person who opens the address: what this is and a first request to copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/version.h>

#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/documents/problem.h"
#include "server/routes.h"

/*
 * The Host that the client used, so that the command can be copied as it stands, if it is
 * a plain host and port: the text goes into a shell.
 */
static const char *host_of(const struct tid_request *request) {
    const char *host = request->fields[TID_FIELD_HOST];

    if (host == NULL || host[0] == '\0' || strlen(host) > 255 ||
        strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                     ".-:[]_") != strlen(host))
        return "127.0.0.1:8080";
    return host;
}

/*
 * Writes the greeting and, in two columns, the routes. Returns the length that it has;
 * what does not fit into 'room' is left out, so that 0 measures.
 */
static size_t page_write(const char *host, char *text, size_t room) {
    static const char greeting[] =
        "tensorinitd " TI_VERSION_STRING
        ": initialized tensors over HTTP, spec " TI_SPEC_NAME "\n"
        "\n"
        "Weights are a pure function of shape, scheme, seed and name. A first request:\n"
        "\n"
        "  curl -D - 'http://%s/v1/tensor?shape=512,784&scheme=he_normal&seed=42"
        "&name=fc1.weight&format=npy' -o w.npy\n"
        "\n";
    size_t used = (size_t)snprintf(text, room, greeting, host);

    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++) {
        const struct tid_route_info *route = tid_route_get(i);
        const bool fits = used < room;
        used += (size_t)snprintf(fits ? text + used : NULL, fits ? room - used : 0,
                                 "  %-15s%s\n", route->path, route->summary);
    }
    return used;
}

void tid_endpoint_root(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    const char *host = host_of(request);
    const size_t bytes = page_write(host, NULL, 0);
    char *text = malloc(bytes + 1);

    (void)context;
    if (text == NULL) {
        struct ti_error error;
        tid_out_of_memory(&error);
        tid_problem_of(response, &error);
        return;
    }
    page_write(host, text, bytes + 1);
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "text/plain; charset=utf-8");
    tid_response_static(response, "Cache-Control", "no-store");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_take(response, text, bytes);
}
