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

static const struct tid_problem_info problems[TID_PROBLEM_COUNT] = {
#define TID_PROBLEM(status, title, explanation) {status, title, explanation},
#include "server/documents/problems.def"
#undef TID_PROBLEM
};

const struct tid_problem_info *tid_problem_get(unsigned index) {
    return index < TID_PROBLEM_COUNT ? &problems[index] : NULL;
}

size_t tid_problem_name(const char *title, char name[TID_PROBLEM_NAME_BYTES]) {
    size_t used = 0;
    for (; *title != '\0' && used + 1 < TID_PROBLEM_NAME_BYTES; title++) {
        const unsigned char c = (unsigned char)*title;
        if (isalnum(c))
            name[used++] = (char)tolower(c);
        else if (used > 0 && name[used - 1] != '-')
            name[used++] = '-';
    }
    name[used] = '\0';
    return used;
}

static char *document(const struct tid_response *response,
                      const struct tid_request *request) {
    const char *field = response->text + response->problem.field;
    char name[TID_PROBLEM_NAME_BYTES];
    char *text = NULL;
    tid_problem_name(response->problem.title, name);
    /* RFC 9457 section 3.1; 'field' and 'request_id' are extensions (section 3.2). */
    json_t *object =
        json_pack("{s:o, s:s, s:i, s:s}", "type",
                  json_sprintf("%s/problems/%s", request->prefix, name), "title",
                  response->problem.title, "status", (int)response->status, "detail",
                  response->text + response->problem.detail);
    if (!object) return NULL;
    if ((field[0] == '\0' || tid_json_set_text(object, "field", field)) &&
        (request->id[0] == '\0' || tid_json_set_text(object, "request_id", request->id)))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}

/* RFC 9110 section 15.6.4, RFC 6585 section 4. */
static void add_retry_after(struct tid_response *response, unsigned status) {
    if (status == 503 || status == 429)
        tid_response_static(response, "Retry-After", RETRY_AFTER_SECONDS);
}

void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field) {
    tid_document_init(response, status, PROBLEM_TYPE, TID_CACHE_NEVER);
    response->body = TID_BODY_PROBLEM;
    response->problem.title = title;
    response->problem.detail = tid_response_store(response, detail, strlen(detail));
    response->problem.field = tid_response_store(response, field, strlen(field));
    add_retry_after(response, status);
}

void tid_problem_render(struct tid_response *response,
                        const struct tid_request *request) {
    if (response->body != TID_BODY_PROBLEM) return;
    char *text = document(response, request);
    if (text)
        tid_response_body_take(response, text, strlen(text));
    else
        tid_problem_no_memory(response);
}

void tid_problem_of(struct tid_response *response, const struct ti_error *error) {
    tid_problem(response, (unsigned)ti_status_http(error->code),
                ti_status_title(error->code), error->text, error->field);
}

void tid_problem_busy(struct tid_response *response, const char *detail) {
    tid_problem(response, 503, "too busy", detail, "");
}

void tid_problem_no_memory(struct tid_response *response) {
    static const char text[] = "{\n"
                               "  \"type\": \"/problems/out-of-memory\",\n"
                               "  \"title\": \"out of memory\",\n"
                               "  \"status\": 503,\n"
                               "  \"detail\": \"" NO_MEMORY "\"\n"
                               "}\n";
    tid_document_init(response, 503, PROBLEM_TYPE, TID_CACHE_NEVER);
    add_retry_after(response, 503);
    tid_response_body_static(response, text, sizeof text - 1);
}

enum ti_status tid_error_no_memory(struct ti_error *error) {
    *error = (struct ti_error){.code = TI_ENOMEM, .text = NO_MEMORY};
    return error->code;
}
