/* SPDX-License-Identifier: MIT */
/*
 * The message body multipart/byteranges (RFC 9110 section 14.6): several ranges of a
 * representation in one response. It is never held in memory: its length is computed
 * beforehand, and any block of it is made of the few bytes between its parts and of
 * blocks of the representation. Called by the endpoint of tensors.
 */
#ifndef TID_MULTIPART_H
#define TID_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/http/range.h"

/* Maximum length of a boundary (RFC 2046 section 5.1.1), and its NUL. */
#define TID_BOUNDARY_BYTES 71

struct tid_multipart {
    struct tid_ranges ranges;
    uint64_t total_bytes;  /* of the representation */
    const char *part_type; /* its media type; static */
    char boundary[TID_BOUNDARY_BYTES];
    uint64_t bytes; /* length of the body */
};

/* Reads bytes [first, first + count_bytes) of the representation; false on failure. */
typedef bool tid_part_read(void *state, uint64_t first, size_t count_bytes, void *out);

/*
 * Initializes '*multipart' for 'ranges', two or more. 'boundary' must not occur in the
 * representation; it is of letters and digits, and shorter than TID_BOUNDARY_BYTES.
 * Returns the length of the body, or 0 if that exceeds 64 bits.
 */
uint64_t tid_multipart_init(struct tid_multipart *multipart,
                            const struct tid_ranges *ranges, uint64_t total_bytes,
                            const char *part_type, const char *boundary);

/*
 * Writes bytes [offset, offset + count_bytes) of the body to 'out'. False if 'read' fails
 * or the range leaves the body.
 */
bool tid_multipart_read(const struct tid_multipart *multipart, uint64_t offset,
                        size_t count_bytes, void *out, tid_part_read *read, void *state);

/*
 * How many bytes from 'offset' of the body on are in one part; '*first' is where they are in
 * the representation. 0 if a delimiter is there: then '*first' is how long it goes on.
 */
uint64_t tid_multipart_find(const struct tid_multipart *multipart, uint64_t offset,
                            uint64_t *first);

/* Prepares bytes of the representation, as 'prepare' of a struct tid_stream. */
typedef bool tid_part_prepare(void *state, uint64_t offset, uint64_t count_bytes,
                              double task_ns, uint64_t *ready_bytes);

/* The same of the body, by 'prepare': what is in one part. False if that fails. */
bool tid_multipart_prepare(const struct tid_multipart *multipart, uint64_t offset,
                           uint64_t count_bytes, double task_ns, uint64_t *ready_bytes,
                           tid_part_prepare *prepare, void *state);

/* Writes the value of a Content-Range field (section 14.4) and returns its length. */
#define TID_CONTENT_RANGE_BYTES 80
size_t tid_content_range(struct tid_range range, uint64_t total_bytes,
                         char text[TID_CONTENT_RANGE_BYTES]);

#endif
