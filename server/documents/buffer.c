/* SPDX-License-Identifier: MIT */
/* See buffer.h. */
#include "server/documents/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for 'more_bytes' and a NUL; false if memory runs out, now or before. */
static bool reserve(struct tid_buffer *buffer, size_t more_bytes) {
    if (buffer->failed) return false;
    if (buffer->capacity_bytes - buffer->used_bytes > more_bytes) return true;
    const size_t capacity_bytes = 2 * buffer->capacity_bytes + more_bytes + 512;
    char *text = realloc(buffer->text, capacity_bytes);
    buffer->failed = !text;
    if (!text) return false;
    buffer->text = text;
    buffer->capacity_bytes = capacity_bytes;
    return true;
}

void tid_buffer_add(struct tid_buffer *buffer, const char *bytes, size_t byte_count) {
    if (!reserve(buffer, byte_count)) return;
    memcpy(buffer->text + buffer->used_bytes, bytes, byte_count);
    buffer->used_bytes += byte_count;
    buffer->text[buffer->used_bytes] = '\0';
}

void tid_buffer_printf(struct tid_buffer *buffer, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        buffer->failed = true;
    else if (reserve(buffer, (size_t)length))
        buffer->used_bytes += (size_t)vsnprintf(buffer->text + buffer->used_bytes,
                                                (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
}

char *tid_buffer_take(struct tid_buffer *buffer) {
    char *text = buffer->text;
    if (buffer->failed) {
        free(text);
        text = NULL;
    }
    *buffer = (struct tid_buffer){0};
    return text;
}
