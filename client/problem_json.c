/* SPDX-License-Identifier: MIT */
/*
 * Reads problem documents (RFC 9457) of the daemon and of proxies in front of it. The
 * only user of jansson in the client.
 */
#include "client/problem_json.h"

#include <jansson.h>
#include <string.h>

#include "client/client_error.h"

/* The daemon's titles are those of status.def, so they map back to its status code. */
static enum ti_status code_of(int http_status, const char *title) {
    static const enum ti_status codes[] = {
#define TI_STATUS(name, http, exit_code, text) TI_##name,
#include <tensorinit/status.def>
#undef TI_STATUS
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] != TI_OK && ti_status_http(codes[i]) == http_status &&
            strcmp(ti_status_title(codes[i]), title) == 0) {
            return codes[i];
        }
    }
    return http_status == 416 ? TI_ERANGE : TI_ESERVER;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

enum ti_status tic_problem(int http_status, const char *body, size_t body_bytes,
                           struct ti_error *error) {
    json_t *document = json_loadb(body, body_bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *title = text_of(document, "title"), *detail = text_of(document, "detail");
    const char *field = text_of(document, "field");
    enum ti_status code = code_of(http_status, title);
    if (*detail || *title) {
        tic_fail(error, code, field, "%s", *detail ? detail : title);
    } else if (http_status == 416) {
        tic_fail(error, code, "", "the requested part lies outside the tensor");
    } else {
        tic_fail(error, code, "", "the server responded with HTTP status %d%s",
                 http_status,
                 http_status == 404 ? ": is this the URL of a tensorinitd?" : "");
    }
    json_decref(document);
    return code;
}
