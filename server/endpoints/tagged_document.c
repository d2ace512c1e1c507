/* SPDX-License-Identifier: MIT */
/* See tagged_document.h. */
#include "server/endpoints/tagged_document.h"

#include <stdlib.h>
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/admitted.h"
#include "server/http/selection.h"
#include "server/models/model_source.h"

#define MEDIA_TYPE "application/json"

/* A document while it is sent. */
struct sending {
    struct tid_admitted admitted;
    char *text;
    size_t bytes;
    uint64_t first; /* byte of the document that the response starts with */
    struct tid_multipart *multipart; /* NULL unless the response has several ranges */
};

static bool read_document(void *state, uint64_t offset, size_t count_bytes, void *out) {
    const struct sending *sending = state;
    if (offset > sending->bytes || count_bytes > sending->bytes - offset) return false;
    memcpy(out, sending->text + offset, count_bytes);
    return true;
}

static bool read_range(void *state, uint64_t offset, size_t count_bytes, void *out) {
    const struct sending *sending = state;
    return read_document(state, sending->first + offset, count_bytes, out);
}

static bool read_ranges(void *state, uint64_t offset, size_t count_bytes, void *out) {
    const struct sending *sending = state;
    return tid_multipart_read(sending->multipart, offset, count_bytes, out, read_document,
                              state);
}

static void sending_free(void *state) {
    struct sending *sending = state;
    tid_admitted_clear(&sending->admitted);
    free(sending->multipart);
    free(sending->text);
    free(sending);
}

void tid_tagged_document_respond(const struct tid_context *context,
                                 const struct tid_request *request, char *text,
                                 size_t bytes, const char *cache_control,
                                 struct tid_response *response) {
    char tag[TID_CONTENT_TAG_BYTES];
    const struct tid_representation representation = {
        .etag = tag, .bytes = bytes, .media_type = MEDIA_TYPE, .what = "document"};
    struct tid_selection selection;
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending) {
        free(text);
        tid_problem_no_memory(response);
        return;
    }
    sending->text = text;
    sending->bytes = bytes;
    tid_content_tag(text, bytes, tag);
    if (!tid_admit_memory(&sending->admitted, context, bytes, response) ||
        !tid_selection_make(request, &representation, &selection, response)) {
        sending_free(sending);
        return;
    }
    sending->multipart = selection.multipart;
    if (!sending->multipart) sending->first = selection.ranges.list[0].first;
    tid_document_init(response, selection.status, MEDIA_TYPE, cache_control);
    tid_validators_add(response, &representation);
    tid_selection_add_range(response, &representation, &selection);
    tid_response_body_stream(
        response,
        (struct tid_stream){.bytes = selection.bytes,
                            .read = sending->multipart ? read_ranges : read_range,
                            .free = sending_free,
                            .state = sending});
}
