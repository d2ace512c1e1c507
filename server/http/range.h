/* SPDX-License-Identifier: MIT */
/*
 * Which bytes a Range field asks for (RFC 9110 section 14). One range is served; a set of
 * several is ignored, as section 14.2 allows, and answered with the whole.
 */
#ifndef TID_RANGE_H
#define TID_RANGE_H

#include <stdint.h>

enum tid_range_kind {
    TID_RANGE_WHOLE,         /* no range, or one to be ignored: 200 */
    TID_RANGE_PART,          /* 206 */
    TID_RANGE_UNSATISFIABLE, /* 416 */
};

struct tid_range {
    enum tid_range_kind kind;
    uint64_t first, count; /* of a part; for the whole, everything */
};

/* 'value' is the field's value, NULL if there is none; 'total' the length of the whole. */
struct tid_range tid_range_parse(const char *value, uint64_t total);

#endif
