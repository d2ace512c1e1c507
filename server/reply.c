/* SPDX-License-Identifier: MIT */
/*
 * Builds an answer without allocating: see reply.h.
 */
#include "reply.h"

#include <stdlib.h>
#include <string.h>

void tid_reply_init(struct tid_reply *reply, unsigned status) {
    /* Not memset: 'text' is large and needs no value. */
    reply->status = status;
    reply->field_count = 0;
    reply->text_bytes = 0;
    reply->overflow = false;
    reply->body = TID_REPLY_EMPTY;
    reply->heap = NULL;
    reply->bytes = NULL;
    reply->byte_count = 0;
    reply->stream = (struct tid_stream){0};
}

void tid_reply_clear(struct tid_reply *reply) {
    free(reply->heap);
    if (reply->body == TID_REPLY_STREAM && reply->stream.free != NULL)
        reply->stream.free(reply->stream.state);
    tid_reply_init(reply, reply->status);
}

void tid_reply_static(struct tid_reply *reply, const char *name, const char *value) {
    if (reply->field_count == TID_REPLY_FIELDS) {
        reply->overflow = true;
        return;
    }
    reply->fields[reply->field_count].name = name;
    reply->fields[reply->field_count].value = value;
    reply->field_count++;
}

void tid_reply_copy(struct tid_reply *reply, const char *name, const char *value,
                    size_t value_bytes) {
    char *text = reply->text + reply->text_bytes;

    if (sizeof reply->text - reply->text_bytes <= value_bytes) {
        reply->overflow = true;
        return;
    }
    memcpy(text, value, value_bytes);
    text[value_bytes] = '\0';
    reply->text_bytes += value_bytes + 1;
    tid_reply_static(reply, name, text);
}

void tid_reply_body_static(struct tid_reply *reply, const void *bytes,
                           size_t byte_count) {
    reply->body = TID_REPLY_STATIC;
    reply->bytes = bytes;
    reply->byte_count = byte_count;
}

void tid_reply_body_take(struct tid_reply *reply, void *heap, size_t byte_count) {
    reply->body = TID_REPLY_HEAP;
    reply->heap = heap;
    reply->bytes = heap;
    reply->byte_count = byte_count;
}

void tid_reply_body_stream(struct tid_reply *reply, struct tid_stream stream) {
    reply->body = TID_REPLY_STREAM;
    reply->stream = stream;
}

uint64_t tid_reply_bytes(const struct tid_reply *reply) {
    return reply->body == TID_REPLY_STREAM ? reply->stream.bytes : reply->byte_count;
}

const char *tid_reply_field(const struct tid_reply *reply, const char *name) {
    for (unsigned i = 0; i < reply->field_count; i++) {
        if (strcmp(reply->fields[i].name, name) == 0) return reply->fields[i].value;
    }
    return NULL;
}
