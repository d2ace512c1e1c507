/* SPDX-License-Identifier: MIT */
/*
 * Builds a response without allocating: see response.h.
 */
#include "server/http/response.h"

#include <stdlib.h>
#include <string.h>

#include "server/http/deferred.h"

void tid_response_init(struct tid_response *response, unsigned status) {
    /* No memset(): 'text' is large and needs no initial value. */
    response->status = status;
    response->field_count = 0;
    response->text_bytes = 0;
    response->overflow = false;
    response->format = TID_RESPONSE_NO_FORMAT;
    response->scheme = TID_RESPONSE_NO_SCHEME;
    response->body = TID_BODY_EMPTY;
    response->heap = NULL;
    response->bytes = NULL;
    response->byte_count = 0;
    response->stream = (struct tid_stream){0};
    response->deferred = NULL;
}

void tid_response_move(struct tid_response *to, struct tid_response *from) {
    memcpy(to, from, offsetof(struct tid_response, text) + from->text_bytes);
    for (unsigned i = 0; i < to->field_count; i++) {
        const uintptr_t at = (uintptr_t)from->fields[i].value - (uintptr_t)from->text;
        if (at < from->text_bytes) to->fields[i].value = to->text + at;
    }
    tid_response_init(from, from->status);
}

void tid_response_clear(struct tid_response *response) {
    free(response->heap);
    if (response->body == TID_BODY_STREAM && response->stream.free)
        response->stream.free(response->stream.state);
    if (response->deferred) response->deferred->free(response->deferred);
    tid_response_init(response, response->status);
}

void tid_response_static(struct tid_response *response, const char *name,
                         const char *value) {
    if (response->field_count == TID_RESPONSE_FIELDS_MAX) {
        response->overflow = true;
        return;
    }
    response->fields[response->field_count].name = name;
    response->fields[response->field_count].value = value;
    response->field_count++;
}

size_t tid_response_store(struct tid_response *response, const char *value,
                          size_t value_bytes) {
    const size_t start = response->text_bytes;
    if (sizeof response->text - start <= value_bytes) {
        response->overflow = true;
        return 0;
    }
    memcpy(response->text + start, value, value_bytes);
    response->text[start + value_bytes] = '\0';
    response->text_bytes += value_bytes + 1;
    return start;
}

void tid_response_copy(struct tid_response *response, const char *name, const char *value,
                       size_t value_bytes) {
    const size_t start = tid_response_store(response, value, value_bytes);
    if (!response->overflow) tid_response_static(response, name, response->text + start);
}

void tid_response_replace(struct tid_response *response, const char *name,
                          const char *value, size_t value_bytes) {
    unsigned others = 0;
    for (unsigned i = 0; i < response->field_count; i++) {
        if (strcmp(response->fields[i].name, name) != 0)
            response->fields[others++] = response->fields[i];
    }
    response->field_count = others;
    tid_response_copy(response, name, value, value_bytes);
}

void tid_response_body_static(struct tid_response *response, const void *bytes,
                              size_t byte_count) {
    response->body = TID_BODY_STATIC;
    response->bytes = bytes;
    response->byte_count = byte_count;
}

void tid_response_body_take(struct tid_response *response, void *heap,
                            size_t byte_count) {
    response->body = TID_BODY_HEAP;
    response->heap = heap;
    response->bytes = heap;
    response->byte_count = byte_count;
}

void tid_response_body_stream(struct tid_response *response, struct tid_stream stream) {
    response->body = TID_BODY_STREAM;
    response->stream = stream;
}

void tid_response_defer(struct tid_response *response, struct tid_deferred *deferred) {
    /* Not the status of a success: conditions are for the response that follows. */
    tid_response_init(response, 503);
    response->body = TID_BODY_DEFERRED;
    response->deferred = deferred;
}

struct tid_deferred *tid_response_take_deferred(struct tid_response *response) {
    struct tid_deferred *deferred = response->deferred;
    tid_response_init(response, response->status);
    return deferred;
}

uint64_t tid_response_bytes(const struct tid_response *response) {
    return response->body == TID_BODY_STREAM ? response->stream.bytes
                                             : response->byte_count;
}

const char *tid_response_field(const struct tid_response *response, const char *name) {
    for (unsigned i = 0; i < response->field_count; i++) {
        if (strcmp(response->fields[i].name, name) == 0) return response->fields[i].value;
    }
    return NULL;
}
