/* SPDX-License-Identifier: MIT */
/*
 * GET /problems/NAME: what the 'type' of a problem document leads to (RFC 9457 section
 * 3.1.1). GET /problems lists all.
 */
#include <string.h>

#include "server/documents/buffer.h"
#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"

#define PATH "/problems"

/* Lines of at most 80 columns. */
static void add_paragraph(struct tid_buffer *buffer, const char *text) {
    size_t column = 0;
    while (*text != '\0') {
        const size_t word = strcspn(text, " ");
        if (column > 0) tid_buffer_add(buffer, column + 1 + word > 80 ? "\n" : " ", 1);
        column = column == 0 || column + 1 + word > 80 ? word : column + 1 + word;
        tid_buffer_add(buffer, text, word);
        text += word + strspn(text + word, " ");
    }
    tid_buffer_add(buffer, "\n", 1);
}

static void add_problem(struct tid_buffer *buffer, const struct tid_problem_info *info,
                        const char *name) {
    tid_buffer_printf(buffer, "%s: %u, %s\n\n", name, info->status, info->title);
    add_paragraph(buffer, info->explanation);
}

/* Whether the path is that of the list or of this problem. */
static bool is_wanted(const struct tid_request *request, const char *name) {
    const size_t prefix = sizeof PATH; /* with its slash */
    return request->path_bytes == sizeof PATH - 1 ||
           (request->path_bytes == prefix + strlen(name) &&
            memcmp(request->path + prefix, name, strlen(name)) == 0);
}

void tid_endpoint_problems(const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response) {
    struct tid_buffer buffer = {0};
    unsigned count = 0;
    (void)context;
    for (unsigned i = 0; i < TID_PROBLEM_COUNT; i++) {
        const struct tid_problem_info *info = tid_problem_get(i);
        char name[TID_PROBLEM_NAME_BYTES];
        tid_problem_name(info->title, name);
        if (!is_wanted(request, name)) continue;
        if (count++ > 0) tid_buffer_add(&buffer, "\n", 1);
        add_problem(&buffer, info, name);
    }
    if (count == 0) {
        tid_problem(response, 404, "not found",
                    "There is no such problem; GET " PATH " lists all.", "");
        return;
    }
    char *text = tid_buffer_take(&buffer);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "text/plain; charset=utf-8", TID_CACHE_HOUR);
    tid_response_body_take(response, text, strlen(text));
}
