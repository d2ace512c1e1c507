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

/*
 * Reads an int-range or suffix-range (section 14.1.1); '*range' is undefined unless it is
 * satisfiable (section 14.1.2). False if it is neither, or its last position is less than
 * its first.
 */
static bool read_range(const char **at, uint64_t total, struct tid_range *range,
                       bool *satisfiable) {
    uint64_t first, last;
    const bool has_first = read_decimal(at, &first);
    if (*(*at)++ != '-') return false;
    const bool has_last = read_decimal(at, &last);
    if (!has_first) {
        /* 'last' is the length of a suffix; one that is too long means all bytes. */
        range->count_bytes = last < total ? last : total;
        range->first = total - range->count_bytes;
        *satisfiable = last > 0;
        return has_last;
    }
    const bool to_end = !has_last || last >= total;
    *satisfiable = first < total;
    range->first = first;
    range->count_bytes = (to_end ? total : last + 1) - first;
    return !has_last || last >= first;
}

static uint64_t end_of(struct tid_range range) { return range.first + range.count_bytes; }

/*
 * Adds a range and coalesces it with those that it overlaps or adjoins; the result stands
 * where the first of them stood (section 15.3.7.2). False if there are too many.
 */
static bool add(struct tid_ranges *ranges, struct tid_range range) {
    unsigned place = ranges->count, left = 0;
    for (unsigned i = 0; i < ranges->count; i++) {
        const struct tid_range other = ranges->list[i];
        if (range.first > end_of(other) || other.first > end_of(range)) {
            ranges->list[left++] = other;
            continue;
        }
        const uint64_t first = other.first < range.first ? other.first : range.first;
        const uint64_t end =
            end_of(other) > end_of(range) ? end_of(other) : end_of(range);
        range = (struct tid_range){first, end - first};
        if (left < place) place = left++;
    }
    ranges->count = left;
    if (place == ranges->count) {
        if (ranges->count == TID_RANGES_MAX) return false;
        ranges->count++;
    }
    ranges->list[place] = range;
    return true;
}

/*
 * Reads a range-set, in which empty elements count as nothing (section 5.6.1.2).
 * '*satisfiable' is whether one of its ranges is. False if the set is to be ignored.
 */
static bool read_set(const char *at, uint64_t total, struct tid_ranges *ranges,
                     bool *satisfiable) {
    bool any = false;
    while (*(at += strspn(at, ", \t")) != '\0') {
        struct tid_range range;
        bool has_bytes;
        if (!read_range(&at, total, &range, &has_bytes)) return false;
        at += strspn(at, " \t");
        if (*at != ',' && *at != '\0') return false;
        *satisfiable |= has_bytes;
        any = true;
        if (has_bytes && range.count_bytes > 0 && !add(ranges, range)) return false;
    }
    return any;
}

void tid_ranges_parse(const char *value, uint64_t total_bytes,
                      struct tid_ranges *ranges) {
    bool satisfiable = false;
    *ranges = (struct tid_ranges){.kind = TID_RANGE_PART};
    /* Units are case-insensitive (section 14.1); unknown ones are ignored (14.2). */
    const bool is_set = value && strncasecmp(value, "bytes=", 6) == 0 &&
                        read_set(value + 6, total_bytes, ranges, &satisfiable);
    if (is_set && ranges->count > 0) return;
    /* A suffix of an empty representation is satisfiable, but no 206 can say so. */
    const bool whole = !is_set || satisfiable;
    ranges->kind = whole ? TID_RANGE_WHOLE : TID_RANGE_UNSATISFIABLE;
    ranges->count = 1;
    ranges->list[0] = (struct tid_range){0, whole ? total_bytes : 0};
}
