/* SPDX-License-Identifier: MIT */
/* See multipart.h. */
#include "server/http/multipart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t tid_content_range(struct tid_range range, uint64_t total_bytes,
                         char text[TID_CONTENT_RANGE_BYTES]) {
    return (size_t)snprintf(text, TID_CONTENT_RANGE_BYTES,
                            "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                            range.first + range.count_bytes - 1, total_bytes);
}

/* What stands between two parts, or around them. */
struct delimiter {
    char text[512];
    size_t bytes;
};

/*
 * What stands before part 'index', its header included (RFC 2046 section 5.1.1); behind
 * the last part, the end of the body.
 */
static void write_delimiter(const struct tid_multipart *multipart, unsigned index,
                            struct delimiter *delimiter) {
    char range[TID_CONTENT_RANGE_BYTES];
    int bytes;
    if (index == multipart->ranges.count) {
        bytes = snprintf(delimiter->text, sizeof delimiter->text, "\r\n--%s--\r\n",
                         multipart->boundary);
    } else {
        tid_content_range(multipart->ranges.list[index], multipart->total_bytes, range);
        bytes = snprintf(delimiter->text, sizeof delimiter->text,
                         "%s--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
                         index > 0 ? "\r\n" : "", multipart->boundary,
                         multipart->part_type, range);
    }
    delimiter->bytes = (size_t)bytes;
}

uint64_t tid_multipart_init(struct tid_multipart *multipart,
                            const struct tid_ranges *ranges, uint64_t total_bytes,
                            const char *part_type, const char *boundary) {
    struct delimiter delimiter;
    *multipart = (struct tid_multipart){
        .ranges = *ranges, .total_bytes = total_bytes, .part_type = part_type};
    snprintf(multipart->boundary, sizeof multipart->boundary, "%s", boundary);
    for (unsigned i = 0; i <= ranges->count; i++) {
        const uint64_t part = i < ranges->count ? ranges->list[i].count_bytes : 0;
        write_delimiter(multipart, i, &delimiter);
        /* The parts alone are no longer than the representation. */
        if (part > UINT64_MAX - multipart->bytes - delimiter.bytes) return 0;
        multipart->bytes += delimiter.bytes + part;
    }
    return multipart->bytes;
}

/* What is still to be read. */
struct reading {
    uint64_t skip_bytes; /* of the body, before the block */
    size_t left_bytes;
    unsigned char *out;
};

/* How much of a segment of 'segment_bytes' is in the block, and where it starts there. */
static size_t take(struct reading *reading, uint64_t segment_bytes, uint64_t *start) {
    *start = reading->skip_bytes < segment_bytes ? reading->skip_bytes : segment_bytes;
    reading->skip_bytes -= *start;
    const uint64_t rest = segment_bytes - *start;
    return rest < reading->left_bytes ? (size_t)rest : reading->left_bytes;
}

static void advance(struct reading *reading, size_t bytes) {
    reading->out += bytes;
    reading->left_bytes -= bytes;
}

uint64_t tid_multipart_find(const struct tid_multipart *multipart, uint64_t offset,
                            uint64_t *first) {
    const struct tid_ranges *ranges = &multipart->ranges;
    for (unsigned i = 0;; i++) {
        struct delimiter delimiter;
        write_delimiter(multipart, i, &delimiter);
        if (offset < delimiter.bytes || i == ranges->count) {
            *first = delimiter.bytes - offset;
            return 0;
        }
        offset -= delimiter.bytes;
        if (offset < ranges->list[i].count_bytes) {
            *first = ranges->list[i].first + offset;
            return ranges->list[i].count_bytes - offset;
        }
        offset -= ranges->list[i].count_bytes;
    }
}

bool tid_multipart_prepare(const struct tid_multipart *multipart, uint64_t offset,
                           uint64_t count_bytes, double task_ns, uint64_t *ready_bytes,
                           tid_part_prepare *prepare, void *state) {
    uint64_t first;
    const uint64_t bytes = tid_multipart_find(multipart, offset, &first);
    if (bytes > 0) return prepare(state, first, bytes, task_ns, ready_bytes);
    *ready_bytes = first < count_bytes ? first : count_bytes;
    return true;
}

bool tid_multipart_read(const struct tid_multipart *multipart, uint64_t offset,
                        size_t count_bytes, void *out, tid_part_read *read, void *state) {
    struct reading reading = {offset, count_bytes, out};
    const struct tid_ranges *ranges = &multipart->ranges;
    for (unsigned i = 0; i <= ranges->count && reading.left_bytes > 0; i++) {
        struct delimiter delimiter;
        uint64_t start;
        write_delimiter(multipart, i, &delimiter);
        size_t bytes = take(&reading, delimiter.bytes, &start);
        memcpy(reading.out, delimiter.text + start, bytes);
        advance(&reading, bytes);
        if (i == ranges->count) break;
        bytes = take(&reading, ranges->list[i].count_bytes, &start);
        if (bytes > 0 && !read(state, ranges->list[i].first + start, bytes, reading.out))
            return false;
        advance(&reading, bytes);
    }
    return reading.left_bytes == 0;
}
