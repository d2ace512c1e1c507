/* SPDX-License-Identifier: MIT */
/*
 * Problem documents (RFC 9457). Caches must not store them: the next release may accept
 * what this one refuses.
 */
#include "server/documents/problem.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/json_text.h"

#define PROBLEM_TYPE "application/problem+json"
#define RETRY_AFTER_SECONDS "10"
#define NO_MEMORY "The server is out of memory; try again later."

/* "invalid parameter value" -> "/problems/invalid-parameter-value" */
static void type_of(const char *title, char *type, size_t type_bytes) {
    size_t used = (size_t)snprintf(type, type_bytes, "/problems/");
    for (; *title != '\0' && used + 1 < type_bytes; title++) {
        const unsigned char c = (unsigned char)*title;
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
    if (!object) return NULL;
    if (field[0] == '\0' || tid_json_set_text(object, "field", field))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}

void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field) {
    char *text = document(status, title, detail, field);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, status, PROBLEM_TYPE, TID_CACHE_NEVER);
    tid_response_body_take(response, text, strlen(text));
}

void tid_problem_of(struct tid_response *response, const struct ti_error *error) {
    tid_problem(response, (unsigned)ti_status_http(error->code),
                ti_status_title(error->code), error->text, error->field);
}

void tid_problem_busy(struct tid_response *response, const char *detail) {
    tid_problem(response, 503, "too busy", detail, "");
    if (!tid_response_field(response, "Retry-After"))
        tid_response_static(response, "Retry-After", RETRY_AFTER_SECONDS);
}

void tid_problem_no_memory(struct tid_response *response) {
    static const char text[] = "{\n"
                               "  \"type\": \"/problems/out-of-memory\",\n"
                               "  \"title\": \"out of memory\",\n"
                               "  \"status\": 503,\n"
                               "  \"detail\": \"" NO_MEMORY "\"\n"
                               "}\n";
    tid_document_init(response, 503, PROBLEM_TYPE, TID_CACHE_NEVER);
    tid_response_static(response, "Retry-After", RETRY_AFTER_SECONDS);
    tid_response_body_static(response, text, sizeof text - 1);
}

enum ti_status tid_error_no_memory(struct ti_error *error) {
    *error = (struct ti_error){.code = TI_ENOMEM, .text = NO_MEMORY};
    return error->code;
}
