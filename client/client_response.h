/* SPDX-License-Identifier: MIT */
/*
 * The header of an HTTP response: collects its lines, finds fields by name. Knows nothing
 * of sockets, so that it can be tested and fuzzed alone.
 */
#ifndef TIC_CLIENT_RESPONSE_H
#define TIC_CLIENT_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest header that is accepted, with those of interim responses and of redirects before
   it; servers send a few KiB. */
#define TIC_HEADER_BYTES ((size_t)128 << 10)

enum tic_line {
    TIC_LINE_OK,       /* more lines follow */
    TIC_LINE_END,      /* this was the empty line that ends the header */
    TIC_LINE_TOO_LONG, /* the header exceeds TIC_HEADER_BYTES */
    TIC_LINE_MEMORY,   /* out of memory */
};

struct tic_response {
    int status;     /* HTTP status, 0 before the first status line */
    int http_major; /* 1 for HTTP/1.1 */
    char *text;     /* fields as "name\0value\0name\0value\0..." */
    size_t text_bytes, capacity_bytes;
    size_t line_bytes; /* of all lines since it was empty */
};

/* Zeroed memory is an empty response. Clearing frees and leaves an empty one. */
void tic_response_clear(struct tic_response *response);

/*
 * Adds one line with its line end. A status line starts a new response: the header of an
 * interim response (100) or a redirect is discarded.
 */
enum tic_line tic_response_line(struct tic_response *response, const char *line,
                                size_t bytes);

/* Field 'index' of that name, from 0, or NULL. */
const char *tic_response_get_at(const struct tic_response *response, const char *name,
                                size_t index);

/*
 * The first field of that name, in any case, or NULL. 'count' (may be NULL) gets the
 * number of such fields.
 */
const char *tic_response_get(const struct tic_response *response, const char *name,
                             size_t *count);

/* Compares without regard to the case of ASCII letters, in any locale. */
bool tic_same_ascii(const char *a, const char *b);

/*
 * Reads a decimal integer and moves '*at' behind its last digit. False on overflow, or if
 * there is no digit.
 */
bool tic_read_u64(const char **at, uint64_t *value);

#endif
