/* SPDX-License-Identifier: MIT */
/* Evaluates conditions: see conditional.h. */
#include "server/http/conditional.h"

#include <string.h>

/*
 * Whether a list of entity tags ("a", W/"b") names 'etag', or is "*". A weak tag counts only
 * if 'weak' comparison is asked for (section 8.8.3.2). What is no list names nothing.
 */
static bool names(const char *list, const char *etag, bool weak) {
    const size_t etag_bytes = strlen(etag);
    if (strcmp(list, "*") == 0) return true;
    for (;;) {
        list += strspn(list, ", \t");
        const bool is_weak = strncmp(list, "W/", 2) == 0;
        if (is_weak) list += 2;
        const char *end = *list == '"' ? strchr(list + 1, '"') : NULL;
        if (end == NULL) return false;
        const size_t bytes = (size_t)(end + 1 - list);
        if (bytes == etag_bytes && memcmp(list, etag, bytes) == 0 && (weak || !is_weak)) {
            return true;
        }
        list = end + 1;
    }
}

enum tid_condition tid_condition_judge(const struct tid_request *request,
                                       const char *etag) {
    const char *match = request->fields[TID_FIELD_IF_MATCH];
    const char *none_match = request->fields[TID_FIELD_IF_NONE_MATCH];
    if (match != NULL && !names(match, etag, false)) return TID_CONDITION_FAILED;
    if (none_match != NULL && names(none_match, etag, true)) {
        return TID_CONDITION_NOT_MODIFIED;
    }
    return TID_CONDITION_NONE;
}

bool tid_range_applies(const struct tid_request *request, const char *etag) {
    /* Section 14.2: Range has a meaning for GET only. */
    const char *if_range = request->fields[TID_FIELD_IF_RANGE];
    return request->method == TID_METHOD_GET &&
           (if_range == NULL || strcmp(if_range, etag) == 0);
}
