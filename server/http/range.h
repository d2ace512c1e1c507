/* SPDX-License-Identifier: MIT */
/*
 * Range requests (RFC 9110 section 14): which bytes of a representation a Range field
 * asks for. Called by the endpoint of tensors; multipart.c makes the body of several.
 */
#ifndef TID_RANGE_H
#define TID_RANGE_H

#include <stdint.h>

enum tid_range_kind {
    TID_RANGE_WHOLE,         /* no Range, or one to be ignored: 200 */
    TID_RANGE_PART,          /* 206 */
    TID_RANGE_UNSATISFIABLE, /* 416 */
};

/* Bytes [first, first + count_bytes) of the representation. */
struct tid_range {
    uint64_t first, count_bytes;
};

/* A set of more is ignored, a defence that section 14.2 recommends. */
#define TID_RANGES_MAX 16

/*
 * Ranges in the order of the field, none of which overlap or adjoin. Unless they are
 * parts, there is one: of all bytes, or, if unsatisfiable, of none.
 */
struct tid_ranges {
    enum tid_range_kind kind;
    unsigned count;
    struct tid_range list[TID_RANGES_MAX];
};

/*
 * Parses the value of a Range field, NULL if absent, for a representation of
 * 'total_bytes'.
 */
void tid_ranges_parse(const char *value, uint64_t total_bytes, struct tid_ranges *ranges);

#endif
