/* SPDX-License-Identifier: MIT */
/* See computed_document.h. */
#include "server/endpoints/computed_document.h"

#include <stdlib.h>
#include <string.h>

#include "server/documents/document.h"

/* Slices to each space that is sent. */
#define SLICES_PER_SPACE 16

enum tid_next tid_computed_document_wait(struct tid_computed_document *document,
                                         void *out, size_t *written) {
    *written = document->slices++ % SLICES_PER_SPACE == 0;
    memset(out, ' ', *written);
    return TID_NEXT_MORE;
}

bool tid_computed_document_complete(struct tid_computed_document *document, char *text) {
    document->text = text;
    if (text) document->text_bytes = strlen(text);
    return text != NULL;
}

enum tid_next tid_computed_document_send(struct tid_computed_document *document,
                                         size_t capacity_bytes, void *out,
                                         size_t *written) {
    *written = document->text_bytes - document->sent_bytes;
    if (*written > capacity_bytes) *written = capacity_bytes;
    memcpy(out, document->text + document->sent_bytes, *written);
    document->sent_bytes += *written;
    return *written > 0 ? TID_NEXT_MORE : TID_NEXT_END;
}

void tid_computed_document_clear(struct tid_computed_document *document) {
    free(document->text);
}

void tid_computed_document_respond(struct tid_response *response, struct tid_lease *lease,
                                   enum tid_next (*next)(void *state, double task_ns,
                                                         size_t capacity_bytes, void *out,
                                                         size_t *written),
                                   void (*free)(void *state), void *state) {
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_stream(response, (struct tid_stream){.bytes = TID_STREAM_UNKNOWN,
                                                           .computes = true,
                                                           .lease = lease,
                                                           .next = next,
                                                           .free = free,
                                                           .state = state});
}
