/* SPDX-License-Identifier: MIT */
/*
 * Range requests (RFC 9110 section 14): which bytes of a representation a Range field
 * asks for. One range is served. A set of several is ignored, as section 14.2 allows.
 * Called by the endpoint of tensors.
 */
#ifndef TID_RANGE_H
#define TID_RANGE_H

#include <stdint.h>

enum tid_range_kind {
    TID_RANGE_WHOLE,         /* no Range, or one to be ignored: 200 */
    TID_RANGE_PART,          /* 206 */
    TID_RANGE_UNSATISFIABLE, /* 416 */
};

/* Bytes [first, first + count) of the representation; all of them unless it is a part. */
struct tid_range {
    enum tid_range_kind kind;
    uint64_t first, count;
};

/*
 * Parses the value of a Range field, NULL if absent, for a representation of 'total'
 * bytes.
 */
struct tid_range tid_range_parse(const char *value, uint64_t total);

#endif
