/* SPDX-License-Identifier: MIT */
/* See selection.h. Sections: RFC 9110. */
#include "server/http/selection.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/documents/problem.h"
#include "server/http/conditional.h"

/* An entity tag with its quotes (section 8.8.3). */
struct quoted {
    char text[40];
};

static struct quoted quoted(const struct tid_representation *representation) {
    struct quoted tag;
    snprintf(tag.text, sizeof tag.text, "\"%s\"", representation->etag);
    return tag;
}

void tid_validators_add(struct tid_response *response,
                        const struct tid_representation *representation) {
    const struct quoted tag = quoted(representation);
    tid_response_copy(response, "ETag", tag.text, strlen(tag.text));
    tid_response_static(response, "Accept-Ranges", "bytes");
}

void tid_selection_add_range(struct tid_response *response,
                             const struct tid_representation *representation,
                             const struct tid_selection *selection) {
    char text[128];
    if (selection->status != 206) return;
    if (!selection->multipart) {
        tid_response_copy(
            response, "Content-Range", text,
            tid_content_range(selection->ranges.list[0], representation->bytes, text));
        return;
    }
    const int used = snprintf(text, sizeof text, "multipart/byteranges; boundary=%s",
                              selection->multipart->boundary);
    tid_response_replace(response, "Content-Type", text, (size_t)used);
}

/*
 * Prepares the body of several ranges. Its boundary is the digits of the entity tag, so that
 * it is the same from every replica and the representation does not contain it: the tag is a
 * hash of all that the bytes depend on. False if out of memory.
 */
static bool make_multipart(const struct tid_representation *representation,
                           struct tid_selection *selection) {
    selection->multipart = malloc(sizeof *selection->multipart);
    if (!selection->multipart) return false;
    selection->bytes = tid_multipart_init(
        selection->multipart, &selection->ranges, representation->bytes,
        representation->media_type, representation->etag);
    return true;
}

/* Responds to a failed condition or an unsatisfiable range; false if there is neither. */
static bool respond_early(const struct tid_request *request,
                          const struct tid_representation *representation,
                          enum tid_condition condition, const struct tid_ranges *ranges,
                          struct tid_response *response) {
    char text[128];
    /* 304 is for GET and HEAD only (section 13.1.2). */
    const bool refused =
        condition == TID_CONDITION_NOT_MODIFIED && request->method == TID_METHOD_POST;
    if (condition == TID_CONDITION_FAILED || refused) {
        snprintf(text, sizeof text, "The %s's entity tag is %samong those of %s.",
                 representation->what, refused ? "" : "not ",
                 refused ? "If-None-Match" : "If-Match");
        tid_problem(response, 412, "precondition failed", text, "");
    } else if (ranges->kind == TID_RANGE_UNSATISFIABLE) {
        const int used =
            snprintf(text, sizeof text, "bytes */%" PRIu64, representation->bytes);
        tid_problem(
            response, 416, "range not satisfiable",
            "The range starts after the last byte; Content-Range gives the length.", "");
        tid_response_copy(response, "Content-Range", text, (size_t)used);
    } else {
        return false;
    }
    tid_validators_add(response, representation);
    return true;
}

bool tid_selection_make(const struct tid_request *request,
                        const struct tid_representation *representation,
                        struct tid_selection *selection, struct tid_response *response) {
    const struct quoted tag = quoted(representation);
    struct tid_ranges *ranges = &selection->ranges;
    *selection = (struct tid_selection){.status = 200};
    tid_ranges_parse(NULL, representation->bytes, ranges);
    const enum tid_condition condition = tid_condition_evaluate(request, tag.text);
    const bool fresh = condition == TID_CONDITION_NOT_MODIFIED;
    if (!fresh && tid_range_applies(request, tag.text))
        tid_ranges_parse(request->fields[TID_FIELD_RANGE], representation->bytes, ranges);
    if (respond_early(request, representation, condition, ranges, response)) return false;
    if (fresh) selection->status = 304;
    if (ranges->kind == TID_RANGE_PART) selection->status = 206;
    selection->bytes = ranges->list[0].count_bytes;
    if (ranges->count == 1 || make_multipart(representation, selection)) return true;
    tid_problem_no_memory(response);
    return false;
}
