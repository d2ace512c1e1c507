/* SPDX-License-Identifier: MIT */
/*
 * Parses Range: see range.h. Sections: RFC 9110.
 */
#include "server/http/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/*
 * Reads a decimal of any length; UINT64_MAX stands for all larger ones. Section 14.1.2
 * asks recipients to expect large numbers and to prevent overflow.
 */
static bool read_decimal(const char **at, uint64_t *value) {
    const char *start = *at;
    *value = 0;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        const unsigned digit = (unsigned)(**at - '0');
        *value = *value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *value * 10 + digit;
    }
    return *at > start;
}

static void skip_blanks(const char **at) {
    while (**at == ' ' || **at == '\t') ++*at;
}

struct tid_range tid_range_parse(const char *value, uint64_t total) {
    const struct tid_range whole = {TID_RANGE_WHOLE, 0, total};
    const struct tid_range unsatisfiable = {TID_RANGE_UNSATISFIABLE, 0, 0};
    struct tid_range part = {TID_RANGE_PART, 0, 0};
    uint64_t first = 0, last = UINT64_MAX;

    /* Unknown units are ignored (section 14.2). Units are case-insensitive (14.1). */
    if (!value || strncasecmp(value, "bytes=", 6) != 0) return whole;
    value += 6;
    skip_blanks(&value);
    const bool has_first = read_decimal(&value, &first);
    if (*value++ != '-') return whole;
    const bool has_last = read_decimal(&value, &last);
    skip_blanks(&value);
    if (*value != '\0' || (!has_first && !has_last)) return whole;

    /* A suffix-range: 'last' is its length (section 14.1.1). */
    if (!has_first) {
        if (last == 0) return unsatisfiable;
        if (total == 0) return whole;
        part.count = last < total ? last : total;
        part.first = total - part.count;
        return part;
    }
    /* Invalid (section 14.1.1); ignored, as section 14.2 allows. */
    if (has_last && last < first) return whole;
    if (first >= total) return unsatisfiable;
    if (!has_last || last >= total) last = total - 1;
    part.first = first;
    part.count = last - first + 1;
    return part;
}
