/* SPDX-License-Identifier: MIT */
/* Collects the header of a response (RFC 9112 section 4 and 5); verify.c checks it. */
#include "client/client_response.h"

#include <stdlib.h>
#include <string.h>

void tic_response_clear(struct tic_response *response) {
    free(response->text);
    memset(response, 0, sizeof *response);
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

static bool append(struct tic_response *response, const char *data, size_t bytes) {
    size_t needed_bytes = response->text_bytes + bytes + 1;
    if (needed_bytes > response->capacity_bytes) {
        size_t capacity_bytes = needed_bytes * 2;
        char *text = realloc(response->text, capacity_bytes);
        if (!text) return false;
        response->text = text;
        response->capacity_bytes = capacity_bytes;
    }
    memcpy(response->text + response->text_bytes, data, bytes);
    response->text[needed_bytes - 1] = '\0';
    response->text_bytes = needed_bytes;
    return true;
}

/* "HTTP/1.1 206 Partial Content": libcurl has checked that it is well formed. */
static void begin(struct tic_response *response, const char *line, size_t bytes) {
    const char *space = memchr(line, ' ', bytes);
    response->text_bytes = 0;
    response->http_major = bytes > 5 ? line[5] - '0' : 0;
    response->status = 0;
    if (!space) return;
    for (const char *at = space + 1; at < line + bytes && *at >= '0' && *at <= '9';
         at++) {
        response->status = response->status * 10 + (*at - '0');
        if (response->status > 999) return;
    }
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

enum tic_line tic_response_line(struct tic_response *response, const char *line,
                                size_t bytes) {
    while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r')) bytes--;
    if (bytes == 0) return TIC_LINE_END;
    /* Of all responses of an exchange: 100 (Continue) could come without an end. */
    response->line_bytes += bytes;
    if (response->line_bytes > TIC_HEADER_BYTES) return TIC_LINE_TOO_LONG;
    if (bytes >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin(response, line, bytes);
        return TIC_LINE_OK;
    }
    const char *colon = memchr(line, ':', bytes);
    /* A continuation line (obsolete, RFC 9112 section 5.2) is dropped; the value that is
     * left fails its check. */
    if (!colon || is_blank(line[0])) return TIC_LINE_OK;
    /* 'text' is a list of NUL-terminated strings, so a field with a NUL is dropped. */
    if (memchr(line, '\0', bytes)) return TIC_LINE_OK;
    const char *value = colon + 1, *end = line + bytes;
    while (value < end && is_blank(*value)) value++;
    while (end > value && is_blank(end[-1])) end--;
    size_t before_bytes = response->text_bytes;
    if (!append(response, line, (size_t)(colon - line)) ||
        !append(response, value, (size_t)(end - value))) {
        response->text_bytes = before_bytes;
        return TIC_LINE_MEMORY;
    }
    return TIC_LINE_OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool tic_same_ascii(const char *a, const char *b) {
    for (; *a && lower(*a) == lower(*b); a++) b++;
    return lower(*a) == lower(*b);
}

/* The value of field 'index' of that name, or NULL; '*seen' gets their number up to it. */
static const char *find(const struct tic_response *response, const char *name,
                        size_t index, size_t *seen) {
    *seen = 0;
    for (size_t at = 0; at < response->text_bytes;) {
        const char *field = response->text + at, *value = field + strlen(field) + 1;
        at = (size_t)(value + strlen(value) + 1 - response->text);
        if (tic_same_ascii(field, name) && (*seen)++ == index) return value;
    }
    return NULL;
}

const char *tic_response_get_at(const struct tic_response *response, const char *name,
                                size_t index) {
    size_t seen;
    return find(response, name, index, &seen);
}

const char *tic_response_get(const struct tic_response *response, const char *name,
                             size_t *count) {
    size_t seen;
    if (count) (void)find(response, name, SIZE_MAX, count);
    return find(response, name, 0, &seen);
}
