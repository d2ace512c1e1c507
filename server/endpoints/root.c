/* SPDX-License-Identifier: MIT */
/*
 * GET /: for a person who opens the address: what this is and a first request to copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/version.h>

#include "endpoints.h"
#include "planned.h"
#include "problem.h"

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

void tid_endpoint_root(const struct tid_context *context,
                       const struct tid_request *request, struct tid_reply *reply) {
    static const char page[] =
        "tensorinitd " TI_VERSION_STRING
        ": initialized tensors over HTTP, spec " TI_SPEC_NAME "\n"
        "\n"
        "Weights are a pure function of shape, scheme, seed and name. A first request:\n"
        "\n"
        "  curl -D - 'http://%s/v1/tensor?shape=512,784&scheme=he_normal&seed=42"
        "&name=fc1.weight&format=npy' -o w.npy\n"
        "\n"
        "  /v1/tensor   the tensor, as raw bytes, NPY, safetensors or JSON\n"
        "  /v1/plan     what the same query would serve, as JSON\n"
        "  /v1/schemes  every scheme and parameter, as JSON\n"
        "  /v1/stats    statistics of its values, as JSON\n"
        "  /healthz     whether the server is alive\n"
        "  /readyz      whether to send it requests\n";
    const char *host = host_of(request);
    size_t room = sizeof page + strlen(host);
    char *text = malloc(room);

    (void)context;
    if (text == NULL) {
        struct ti_error error;
        tid_out_of_memory(&error);
        tid_problem_of(reply, &error);
        return;
    }
    int length = snprintf(text, room, page, host);
    tid_reply_init(reply, 200);
    tid_reply_static(reply, "Content-Type", "text/plain; charset=utf-8");
    tid_reply_static(reply, "Cache-Control", "no-store");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_take(reply, text, (size_t)length);
}
