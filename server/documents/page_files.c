/* SPDX-License-Identifier: MIT */
/* See page_files.h. */
#define _GNU_SOURCE /* memmem */

#include "server/documents/page_files.h"

#include <string.h>

#include "server/documents/buffer.h"
#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/http/conditional.h"
#include "server/http/negotiate.h"

#include "embedded/page_files.inc"

/* Everything is from here, and nothing is in the text of the page itself. */
#define POLICY                                                                           \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "          \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const struct tid_page_file *tid_page_file_find(const char *name, size_t name_bytes) {
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strlen(files[i].name) == name_bytes &&
            memcmp(files[i].name, name, name_bytes) == 0)
            return &files[i];
    }
    return NULL;
}

/* A path in the text: an attribute, such as src="/page/app.js". */
#define PATH_START "=\"/page/"

/*
 * The page itself names the other files by path; where clients see the server below a
 * prefix, it is added. (A relative path would be wrong for a base path without a '/' at its
 * end, and modules find each other by relative paths anyway.)
 */
static char *with_prefix(const struct tid_page_file *file, const char *prefix,
                         size_t *bytes) {
    struct tid_buffer buffer = {0};
    const char *at = (const char *)file->plain.bytes;
    const char *end = at + file->plain.byte_count;
    for (;;) {
        const char *found =
            memmem(at, (size_t)(end - at), PATH_START, sizeof PATH_START - 1);
        if (!found) break;
        tid_buffer_add(&buffer, at, (size_t)(found + 2 - at));
        tid_buffer_printf(&buffer, "%s", prefix);
        at = found + 2;
    }
    tid_buffer_add(&buffer, at, (size_t)(end - at));
    *bytes = buffer.used_bytes;
    return tid_buffer_take(&buffer);
}

static void init(struct tid_response *response, unsigned status,
                 const struct tid_page_file *file, const char *vary) {
    /* A browser asks each time, so that no old file meets a new one after an upgrade. */
    tid_document_init(response, status, file->type, "no-cache");
    tid_response_static(response, "Vary", vary);
    tid_response_static(response, "Content-Security-Policy", POLICY);
    tid_response_static(response, "Referrer-Policy", "no-referrer");
}

void tid_page_file_respond(const struct tid_page_file *file,
                           const struct tid_request *request, const char *vary,
                           struct tid_response *response) {
    const bool is_page = strcmp(file->name, "index.html") == 0;
    if (is_page && request->prefix[0] != '\0') {
        size_t bytes = 0;
        char *text = with_prefix(file, request->prefix, &bytes);
        if (!text) {
            tid_problem_no_memory(response);
            return;
        }
        init(response, 200, file, vary);
        tid_response_body_take(response, text, bytes);
        return;
    }
    const bool gzip = tid_accepts_gzip(request->fields[TID_FIELD_ACCEPT_ENCODING]);
    const struct tid_page_encoding *encoding = gzip ? &file->gzip : &file->plain;
    const enum tid_condition condition = tid_condition_evaluate(request, encoding->etag);
    if (condition == TID_CONDITION_FAILED) {
        tid_problem(response, 412, "precondition failed",
                    "If-Match has no tag of this file.", "");
        tid_response_static(response, "ETag", encoding->etag);
        return;
    }
    init(response, condition == TID_CONDITION_NOT_MODIFIED ? 304 : 200, file, vary);
    tid_response_static(response, "ETag", encoding->etag);
    if (gzip) tid_response_static(response, "Content-Encoding", "gzip");
    tid_response_body_static(response, encoding->bytes, encoding->byte_count);
}
