/* SPDX-License-Identifier: MIT */
/*
 * Evaluates If-Match, If-None-Match and If-Range: see conditional.h. Sections: RFC 9110.
 */
#include "server/http/conditional.h"

#include <string.h>

/*
 * Whether a list of entity tags ("a", W/"b") contains 'etag', or is "*". A weak tag
 * matches only in a weak comparison (section 8.8.3.2). Parsing stops where the syntax is
 * wrong; the tags before that count.
 */
static bool contains(const char *list, const char *etag, bool weak_comparison) {
    const size_t etag_bytes = etag ? strlen(etag) : 0;
    if (strcmp(list, "*") == 0) return true;
    if (!etag) return false;
    for (;;) {
        list += strspn(list, ", \t");
        const bool is_weak = strncmp(list, "W/", 2) == 0;
        if (is_weak) list += 2;
        const char *end = *list == '"' ? strchr(list + 1, '"') : NULL;
        if (!end) return false;
        const size_t bytes = (size_t)(end + 1 - list);
        const char *next = end + 1 + strspn(end + 1, " \t");
        if (*next != ',' && *next != '\0') return false;
        if (bytes == etag_bytes && memcmp(list, etag, bytes) == 0 &&
            (weak_comparison || !is_weak))
            return true;
        list = next;
    }
}

enum tid_condition tid_condition_evaluate(const struct tid_request *request,
                                          const char *etag) {
    const char *match = request->fields[TID_FIELD_IF_MATCH];
    const char *none_match = request->fields[TID_FIELD_IF_NONE_MATCH];
    /* Strong comparison (section 13.1.1). */
    if (match && !contains(match, etag, false)) return TID_CONDITION_FAILED;
    /* Weak comparison (section 13.1.2). */
    if (none_match && contains(none_match, etag, true)) return TID_CONDITION_NOT_MODIFIED;
    return TID_CONDITION_NONE;
}

bool tid_range_applies(const struct tid_request *request, const char *etag) {
    const char *if_range = request->fields[TID_FIELD_IF_RANGE];
    /* Range is defined for GET only (section 14.2). */
    return request->method == TID_METHOD_GET && !request->ignores_range &&
           (!if_range || strcmp(if_range, etag) == 0);
}
