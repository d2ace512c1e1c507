/* SPDX-License-Identifier: MIT */
/*
 * The head of an HTTP request as text, for the server's fuzz targets: the request line,
 * then a line for each field, up to an empty one. Lines end with LF or CR LF.
 */
#ifndef FUZZ_REQUEST_HEAD_H
#define FUZZ_REQUEST_HEAD_H

#include "fuzz/fuzz.h"
#include "server/http/framing.h"
#include "server/http/request.h"

#define FUZZ_FIELDS_MAX 64

/* A name has no NUL behind it, a value has one, and both may contain one. */
struct fuzz_field {
    const char *name, *value;
    size_t name_bytes, value_bytes;
};

struct fuzz_head {
    char *text; /* owned: the others point into it */
    const char *method, *target, *version;
    size_t target_bytes;
    struct fuzz_field fields[FUZZ_FIELDS_MAX];
    size_t field_count;
};

/* Ends the line at 'line' with a NUL and returns where it ends, without its CR. */
static inline char *fuzz_end_line(char *line, char *end, char **next) {
    char *line_end = memchr(line, '\n', (size_t)(end - line));
    *next = line_end ? line_end + 1 : NULL;
    if (!line_end) line_end = end;
    if (line_end > line && line_end[-1] == '\r') line_end--;
    *line_end = '\0';
    return line_end;
}

/* Splits the request line at its first and last space. */
static inline void fuzz_split_request_line(struct fuzz_head *head, char *line,
                                           char *end) {
    char *first = memchr(line, ' ', (size_t)(end - line)), *last = end;
    head->method = line;
    head->target = head->version = end;
    head->target_bytes = 0;
    if (!first) return;
    while (last > first && *last != ' ') last--;
    *first = '\0';
    if (last == first) last = end;
    head->target = first + 1;
    head->target_bytes = (size_t)(last - head->target);
    if (last < end) *last++ = '\0';
    head->version = last;
}

/* '*head' is released with free(head->text). */
static inline void fuzz_head_make(struct fuzz_head *head, const uint8_t *data,
                                  size_t size) {
    char *next = fuzz_text(data, size);
    char *end = next + size;
    *head = (struct fuzz_head){.text = next};
    char *line = next, *line_end = fuzz_end_line(line, end, &next);
    fuzz_split_request_line(head, line, line_end);
    while (next && next < end && head->field_count < FUZZ_FIELDS_MAX) {
        struct fuzz_field *field = &head->fields[head->field_count];
        line = next;
        line_end = fuzz_end_line(line, end, &next);
        if (line_end == line) break;
        head->field_count++;
        char *colon = memchr(line, ':', (size_t)(line_end - line));
        field->name = line;
        field->name_bytes = (size_t)((colon ? colon : line_end) - line);
        line = colon ? colon + 1 : line_end;
        while (*line == ' ' || *line == '\t') line++;
        field->value = line;
        field->value_bytes = (size_t)(line_end - line);
    }
}

/* Fills 'request' but for path and query, and checks how the request is framed. */
static inline struct tid_rejection fuzz_head_check(const struct fuzz_head *head,
                                                   struct tid_request *request) {
    struct tid_framing framing = {0};
    *request = (struct tid_request){.method = tid_method_find(head->method)};
    for (size_t i = 0; i < head->field_count; i++) {
        const struct fuzz_field *field = &head->fields[i];
        tid_framing_add(&framing, field->name, field->name_bytes, field->value,
                        field->value_bytes);
        const enum tid_field which = tid_field_find(field->name, field->name_bytes);
        if (which != TID_FIELD_COUNT) request->fields[which] = field->value;
    }
    return tid_framing_check(&framing, request->method, head->version);
}

#endif
