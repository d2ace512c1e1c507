/* SPDX-License-Identifier: MIT */
/*
 * Builds problem documents (RFC 9457). Errors are never cached: what is wrong today may
 * be served by tomorrow's release.
 */
#include "server/documents/problem.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "server/documents/json_text.h"

/* "invalid parameter value" -> "/problems/invalid-parameter-value" */
static void type_of(const char *title, char *type, size_t type_bytes) {
    size_t used = (size_t)snprintf(type, type_bytes, "/problems/");

    for (; *title != '\0' && used + 1 < type_bytes; title++) {
        unsigned char c = (unsigned char)*title;
        if (isalnum(c))
            type[used++] = (char)tolower(c);
        else if (type[used - 1] != '-' && type[used - 1] != '/')
            type[used++] = '-';
    }
    type[used] = '\0';
}

static char *document(unsigned status, const char *title, const char *detail,
                      const char *field) {
    char type[128];
    char *text = NULL;

    type_of(title, type, sizeof type);
    json_t *object = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", title,
                               "status", (int)status, "detail", detail);
    if (object == NULL) return NULL;
    if (field[0] == '\0' || json_object_set_new(object, "field", json_string(field)) == 0)
        text = tid_json_text(object);
    json_decref(object);
    return text;
}

void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field) {
    static const char no_memory[] = "{\"type\": \"/problems/out-of-memory\", \"title\": "
                                    "\"out of memory\", \"status\": 503}\n";
    char *text = document(status, title, detail, field);

    tid_response_init(response, text != NULL ? status : 503);
    tid_response_static(response, "Content-Type", "application/problem+json");
    tid_response_static(response, "Cache-Control", "no-store");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    if (text != NULL)
        tid_response_body_take(response, text, strlen(text));
    else
        tid_response_body_static(response, no_memory, sizeof no_memory - 1);
}

void tid_problem_of(struct tid_response *response, const struct ti_error *error) {
    tid_problem(response, (unsigned)ti_status_http(error->code),
                ti_status_title(error->code), error->text, error->field);
}
