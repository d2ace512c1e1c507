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
 * What is at an offset of the body: the number of bytes from there to the end of a part, whose
 * first one is byte '*first' of the representation; or of those between parts, and '*first' is
 * UINT64_MAX.
 */
uint64_t tid_multipart_locate(const struct tid_multipart *multipart, uint64_t offset,
                              uint64_t *first);

/* Writes the value of a Content-Range field (section 14.4) and returns its length. */
#define TID_CONTENT_RANGE_BYTES 80
size_t tid_content_range(struct tid_range range, uint64_t total_bytes,
                         char text[TID_CONTENT_RANGE_BYTES]);

#endif
