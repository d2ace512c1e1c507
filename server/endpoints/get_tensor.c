/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/tensor: the tensor. It is computed while it is sent, so memory does not grow
 * with its size, and a range costs only its own length.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/body.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/http/conditional.h"
#include "server/http/negotiate.h"
#include "server/http/range.h"
#include "server/http/tensor_fields.h"

/* A body while it is sent. */
struct tensor {
    struct tid_planned planned;
    struct ti_body_cursor cursor;
    uint64_t first; /* byte of the body that the response starts with */
};

static bool tensor_read(void *state, uint64_t offset, size_t count_bytes, void *out) {
    struct tensor *tensor = state;
    return tid_planned_use_factor(&tensor->planned) &&
           ti_body_read(tensor->planned.body, tensor->first + offset, count_bytes, out,
                        tensor->planned.workspace) == TI_OK;
}

/* For text formats, whose length is not known in advance. */
static enum tid_next tensor_next(void *state, double task_ns, size_t capacity_bytes,
                                 void *out, size_t *written) {
    struct tensor *tensor = state;
    const double ns =
        ti_plan_info(tensor->planned.plan)->ns_per_elem + TID_TEXT_NS_PER_ELEM;
    tensor->cursor.max_elems = 1 + (uint64_t)(task_ns / ns);
    if (!tid_planned_use_factor(&tensor->planned) ||
        ti_body_next(tensor->planned.body, &tensor->cursor, capacity_bytes, out, written,
                     tensor->planned.workspace) != TI_OK)
        return TID_NEXT_FAILED;
    return *written > 0 ? TID_NEXT_MORE : TID_NEXT_END;
}

static void tensor_free(void *state) {
    struct tensor *tensor = state;
    tid_planned_clear(&tensor->planned);
    free(tensor);
}

/* NULL, with 'error' filled, on failure. */
static struct tensor *tensor_make(const struct tid_request *request,
                                  enum ti_format format, struct ti_error *error) {
    struct tensor *tensor = calloc(1, sizeof *tensor);
    if (!tensor) {
        tid_error_no_memory(error);
        return NULL;
    }
    if (tid_planned_make(request, format, &tensor->planned, error) == TI_OK)
        return tensor;
    free(tensor);
    return NULL;
}

/* An entity tag with its quotes (RFC 9110 section 8.8.3). */
struct etag {
    char text[sizeof((struct ti_plan_info *)0)->etag + 2];
};

static struct etag etag_of(const struct ti_plan *plan) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const size_t digits = sizeof info->etag - 1;
    struct etag etag;

    etag.text[0] = '"';
    memcpy(etag.text + 1, info->etag, digits);
    memcpy(etag.text + 1 + digits, "\"", 2);
    return etag;
}

/*
 * Fields by which caches and clients that resume recognize the bytes that they have. They
 * are the same for 200, 206, 304, 412 and 416 (RFC 9110 sections 15.3.7 and 15.4.5).
 */
static void add_validators(struct tid_response *response, const char *etag) {
    tid_response_copy(response, "ETag", etag, strlen(etag));
    tid_response_static(response, "Accept-Ranges", "bytes");
}

/* The canonical URL of these bytes, with the selected format (RFC 9110 section 8.7). */
static void add_location(struct tid_response *response,
                         const struct tid_planned *planned) {
    static const char path[] = "/v1/tensor?", format[] = "&format=raw";
    char text[1024];
    const char *query = ti_plan_info(planned->plan)->query;
    const size_t query_bytes = strlen(query);
    size_t used = sizeof path - 1;

    /* Left out for a very long name, since the response header is limited. */
    if (query_bytes > sizeof text - sizeof path - sizeof format) return;
    memcpy(text, path, used);
    memcpy(text + used, query, query_bytes);
    used += query_bytes;
    /* The canonical query leaves the default format out. */
    if (ti_body_format(planned->body) == TI_FORMAT_RAW) {
        memcpy(text + used, format, sizeof format - 1);
        used += sizeof format - 1;
    }
    tid_response_copy(response, "Content-Location", text, used);
}

static void add_cache_fields(struct tid_response *response,
                             const struct tid_planned *planned) {
    add_location(response, planned);
    if (planned->negotiated) tid_response_static(response, "Vary", "Accept");
    tid_response_static(response, "Cache-Control", TID_CACHE_HOUR);
}

static void add_content_range(struct tid_response *response,
                              const struct tid_range *range, uint64_t total) {
    char text[96];
    const int used =
        range->kind == TID_RANGE_PART
            ? snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                       range->first, range->first + range->count - 1, total)
            : snprintf(text, sizeof text, "bytes */%" PRIu64, total);

    tid_response_copy(response, "Content-Range", text, (size_t)used);
}

/* Responds to a failed condition or an unsatisfiable range; false if there is neither. */
static bool respond_early(const struct tid_request *request, const struct tensor *tensor,
                          const char *etag, const struct tid_range *range,
                          struct tid_response *response) {
    if (tid_condition_evaluate(request, etag) == TID_CONDITION_FAILED) {
        tid_problem(response, 412, "precondition failed",
                    "The tensor's entity tag is not among those of If-Match.", "");
    } else if (range->kind == TID_RANGE_UNSATISFIABLE) {
        tid_problem(
            response, 416, "range not satisfiable",
            "The range starts after the last byte; Content-Range gives the length.", "");
        add_content_range(response, range, ti_body_bytes(tensor->planned.body));
    } else {
        return false;
    }
    add_validators(response, etag);
    return true;
}

/* The body, or the range of it that was requested. */
static void respond(const struct tid_context *context, const struct tid_request *request,
                    struct tensor *tensor, struct tid_response *response) {
    const struct tid_planned *planned = &tensor->planned;
    const bool sized = ti_body_has_length(planned->body);
    const uint64_t total = sized ? ti_body_bytes(planned->body) : TID_STREAM_UNKNOWN;
    const struct etag etag = etag_of(planned->plan);
    struct tid_range range = {TID_RANGE_WHOLE, 0, total};
    unsigned status = 200;

    /*
     * Order of evaluation: RFC 9110 section 13.2.2. Text formats have no known length, so
     * they have neither ranges nor validators.
     */
    if (sized) {
        const bool fresh =
            tid_condition_evaluate(request, etag.text) == TID_CONDITION_NOT_MODIFIED;
        if (!fresh && tid_range_applies(request, etag.text))
            range = tid_range_parse(request->fields[TID_FIELD_RANGE], total);
        if (respond_early(request, tensor, etag.text, &range, response)) {
            tensor_free(tensor);
            return;
        }
        if (fresh) status = 304;
        if (range.kind == TID_RANGE_PART) status = 206;
    }
    const bool headers_only =
        request->method == TID_METHOD_HEAD || status == 304 || range.count == 0;
    /* A range within the header, as clients read it to find the tensor, computes nothing. */
    const bool elements = range.first + range.count > ti_body_header_bytes(planned->body);
    if (!tid_planned_prepare(&tensor->planned, context, 0, headers_only || !elements,
                             response)) {
        tensor_free(tensor);
        return;
    }
    tid_response_init(response, status);
    tid_tensor_fields_add(response, ti_plan_info(planned->plan),
                          ti_body_format(planned->body));
    if (sized) {
        add_validators(response, etag.text);
    } else {
        tid_response_static(response, "Accept-Ranges", "none");
    }
    if (status == 206) add_content_range(response, &range, total);
    add_cache_fields(response, planned);
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tensor->first = range.first;
    tid_response_body_stream(
        response, (struct tid_stream){
                      .bytes = range.count,
                      .computes = elements && tid_planned_computes(planned),
                      .ns_per_byte = elements ? tid_planned_ns_per_byte(planned) : 0,
                      .lease = planned->lease,
                      .read = tensor_read,
                      .next = tensor_next,
                      .free = tensor_free,
                      .state = tensor});
}

void tid_endpoint_tensor(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    struct ti_error error;
    enum ti_format format = TI_FORMAT_RAW;
    const bool acceptable = tid_negotiate(request->fields[TID_FIELD_ACCEPT], &format);

    struct tensor *tensor = tensor_make(request, format, &error);
    if (!tensor) {
        tid_problem_of(response, &error);
    } else if (!acceptable && tensor->planned.negotiated) {
        tensor_free(tensor);
        tid_problem(
            response, 406, "not acceptable",
            "Accept allows no format of tensors; format= selects one regardless of it.",
            "format");
        tid_response_static(response, "Vary", "Accept");
    } else {
        respond(context, request, tensor, response);
    }
}
