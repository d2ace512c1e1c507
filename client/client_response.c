/* SPDX-License-Identifier: MIT */
/*
 * Collects the header of an answer (RFC 9112 section 4 and 5). What it means is
 * verify.c's business.
 */
#include "client/client_response.h"

#include <stdlib.h>
#include <string.h>

void tic_answer_clear(struct tic_answer *answer) {
    free(answer->text);
    memset(answer, 0, sizeof *answer);
}

bool tic_read_u64(const char **at, uint64_t *value) {
    const char *digit = *at;
    uint64_t number = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        unsigned now = (unsigned)(*digit - '0');
        if (number > (UINT64_MAX - now) / 10) return false;
        number = number * 10 + now;
    }
    if (digit == *at) return false;
    *at = digit;
    *value = number;
    return true;
}

static bool append(struct tic_answer *answer, const char *data, size_t bytes) {
    size_t wanted = answer->text_bytes + bytes + 1;
    if (wanted > answer->capacity_bytes) {
        size_t room = wanted * 2;
        char *text = realloc(answer->text, room);
        if (!text) return false;
        answer->text = text;
        answer->capacity_bytes = room;
    }
    memcpy(answer->text + answer->text_bytes, data, bytes);
    answer->text[wanted - 1] = '\0';
    answer->text_bytes = wanted;
    return true;
}

/* "HTTP/1.1 206 Partial Content": the library below has seen that it is well formed. */
static void begin(struct tic_answer *answer, const char *line, size_t bytes) {
    const char *space = memchr(line, ' ', bytes);
    answer->text_bytes = 0;
    answer->line_bytes = bytes;
    answer->http_major = bytes > 5 ? line[5] - '0' : 0;
    answer->status = 0;
    if (!space) return;
    for (const char *at = space + 1; at < line + bytes && *at >= '0' && *at <= '9';
         at++) {
        answer->status = answer->status * 10 + (*at - '0');
        if (answer->status > 999) return;
    }
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

enum tic_line tic_answer_line(struct tic_answer *answer, const char *line, size_t bytes) {
    while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r')) bytes--;
    if (bytes >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin(answer, line, bytes);
        return TIC_LINE_OK;
    }
    if (bytes == 0) return TIC_LINE_END;
    answer->line_bytes += bytes;
    if (answer->line_bytes > TIC_HEADER_BYTES) return TIC_LINE_TOO_LONG;
    const char *colon = memchr(line, ':', bytes);
    /* A continuation (obsolete, RFC 9112 section 5.2) leaves a value that fails its
     * check. */
    if (!colon || is_blank(line[0])) return TIC_LINE_OK;
    /* With a NUL inside, name and value would change places. */
    if (memchr(line, '\0', bytes)) return TIC_LINE_OK;
    const char *value = colon + 1, *end = line + bytes;
    while (value < end && is_blank(*value)) value++;
    while (end > value && is_blank(end[-1])) end--;
    size_t before_bytes = answer->text_bytes;
    if (!append(answer, line, (size_t)(colon - line)) ||
        !append(answer, value, (size_t)(end - value))) {
        answer->text_bytes = before_bytes;
        return TIC_LINE_MEMORY;
    }
    return TIC_LINE_OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool tic_same_ascii(const char *a, const char *b) {
    for (; *a && lower(*a) == lower(*b); a++) b++;
    return lower(*a) == lower(*b);
}

const char *tic_answer_get(const struct tic_answer *answer, const char *name,
                           size_t *count) {
    const char *found = NULL;
    size_t seen = 0;
    for (size_t at = 0; at < answer->text_bytes;) {
        const char *field = answer->text + at, *value = field + strlen(field) + 1;
        at = (size_t)(value + strlen(value) + 1 - answer->text);
        if (!tic_same_ascii(field, name)) continue;
        if (seen++ == 0) found = value;
    }
    if (count) *count = seen;
    return found;
}
