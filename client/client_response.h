/* SPDX-License-Identifier: MIT */
/*
 * The header of an HTTP answer: its lines as they come, its fields by name. Knows nothing
 * of sockets, so that it can be tested and fuzzed alone.
 */
#ifndef CLIENT_ANSWER_H
#define CLIENT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any honest server sends. */
#define TIC_HEADER_BYTES ((size_t)128 << 10)

enum tic_line {
    TIC_LINE_OK,       /* taken; more is to come */
    TIC_LINE_END,      /* this was the empty line that ends the header */
    TIC_LINE_TOO_LONG, /* TIC_HEADER_BYTES are exceeded */
    TIC_LINE_MEMORY,
};

/*
 *   status      HTTP status, 0 before the first status line
 *   http_major  1 for HTTP/1.1
 *   text        fields as "name\0value\0name\0value\0..."
 */
struct tic_answer {
    int status;
    int http_major;
    char *text;
    size_t text_bytes, capacity_bytes;
    size_t line_bytes;
};

/* Zeroed memory is an empty answer. Clearing frees and leaves an empty one. */
void tic_answer_clear(struct tic_answer *answer);

/*
 * Takes one line with its line end. A status line begins a new answer: that of an interim
 * answer (100), a redirect or an earlier try is forgotten.
 */
enum tic_line tic_answer_line(struct tic_answer *answer, const char *line, size_t bytes);

/* The first field of that name in any case, or NULL; 'count' (may be NULL) is how many.
 */
const char *tic_answer_get(const struct tic_answer *answer, const char *name,
                           size_t *count);

/* Equal but for the case of ASCII letters, in any locale. */
bool tic_same_ascii(const char *a, const char *b);

/* Reads digits, at least one, up to '*at' that is none; false on overflow or no digit. */
bool tic_read_u64(const char **at, uint64_t *value);

#endif
