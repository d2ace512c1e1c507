/* SPDX-License-Identifier: MIT */
/* A text that grows while it is written. A failed allocation is reported at the end. */
#ifndef TID_BUFFER_H
#define TID_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zeros at the start. */
struct tid_buffer {
    char *text;
    size_t used_bytes, capacity_bytes;
    bool failed; /* memory ran out */
};

/* Both append; after a failure they do nothing. */
void tid_buffer_add(struct tid_buffer *buffer, const char *bytes, size_t byte_count);
void tid_buffer_printf(struct tid_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The text, terminated by NUL, which the caller frees with free(); NULL if memory ran out
 * or nothing was appended. Ends the buffer.
 */
char *tid_buffer_take(struct tid_buffer *buffer);

#endif
