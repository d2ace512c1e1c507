/* SPDX-License-Identifier: MIT */
/* Parses Range: see range.h. */
#include "server/http/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits of any length: what does not fit is more than any body has (section 14.1.2). */
static bool digits(const char **at, uint64_t *value) {
    const char *start = *at;
    *value = 0;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        const unsigned digit = (unsigned)(**at - '0');
        *value = *value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *value * 10 + digit;
    }
    return *at > start;
}

static void blanks(const char **at) {
    while (**at == ' ' || **at == '\t') ++*at;
}

struct tid_range tid_range_parse(const char *value, uint64_t total) {
    const struct tid_range whole = {TID_RANGE_WHOLE, 0, total};
    const struct tid_range unsatisfiable = {TID_RANGE_UNSATISFIABLE, 0, 0};
    struct tid_range part = {TID_RANGE_PART, 0, 0};
    uint64_t first = 0, last = UINT64_MAX;

    /* Another unit is ignored (section 14.2); units are case-insensitive. */
    if (value == NULL || strncasecmp(value, "bytes=", 6) != 0) return whole;
    value += 6;
    blanks(&value);
    const bool has_first = digits(&value, &first);
    if (*value++ != '-') return whole;
    const bool has_last = digits(&value, &last);
    blanks(&value);
    if (*value != '\0' || (!has_first && !has_last)) return whole;

    if (!has_first) { /* the last 'last' bytes */
        if (last == 0) return unsatisfiable;
        if (total == 0) return whole;
        part.count = last < total ? last : total;
        part.first = total - part.count;
        return part;
    }
    if (has_last && last < first) return whole; /* invalid (section 14.1.1) */
    if (first >= total) return unsatisfiable;
    if (!has_last || last >= total) last = total - 1;
    part.first = first;
    part.count = last - first + 1;
    return part;
}
