/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/tensor: the tensor. It is computed while it is sent, so memory does not grow
 * with its size, and a range costs only its own length.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include <tensorinit/body.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/http/negotiate.h"
#include "server/http/repr_digest.h"
#include "server/http/selection.h"
#include "server/http/tensor_fields.h"

/* A body while it is sent. */
struct tensor {
    struct tid_planned planned;
    struct ti_body_cursor cursor;
    uint64_t first;                  /* byte of the body that the response starts with */
    struct tid_multipart *multipart; /* NULL unless the response has several ranges */
};

static bool tensor_read(void *state, uint64_t offset, size_t count_bytes, void *out) {
    struct tensor *tensor = state;
    return tid_planned_use_factor(&tensor->planned) &&
           ti_body_read(tensor->planned.body, tensor->first + offset, count_bytes, out,
                        tensor->planned.workspace) == TI_OK;
}

/* The same for several ranges. */
static bool tensor_read_parts(void *state, uint64_t offset, size_t count_bytes,
                              void *out) {
    struct tensor *tensor = state;
    return tid_multipart_read(tensor->multipart, offset, count_bytes, out, tensor_read,
                              tensor);
}

static bool tensor_prepare(void *state, uint64_t offset, uint64_t count_bytes,
                           double task_ns, uint64_t *ready_bytes) {
    struct tensor *tensor = state;
    const uint64_t first = tensor->first + offset;
    return tid_planned_use_factor(&tensor->planned) &&
           ti_body_prepare(tensor->planned.body, first, first + count_bytes, task_ns,
                           tensor->planned.workspace, ready_bytes) == TI_OK;
}

/* The same for several ranges. */
static bool tensor_prepare_parts(void *state, uint64_t offset, uint64_t count_bytes,
                                 double task_ns, uint64_t *ready_bytes) {
    const struct tensor *tensor = state;
    return tid_multipart_prepare(tensor->multipart, offset, count_bytes, task_ns,
                                 ready_bytes, tensor_prepare, state);
}

/* For text formats, whose length is not known in advance. */
static enum tid_next tensor_next(void *state, double task_ns, size_t capacity_bytes,
                                 void *out, size_t *written) {
    struct tensor *tensor = state;
    uint64_t elems;
    *written = 0;
    if (!tid_planned_elems(&tensor->planned, tensor->cursor.elem, task_ns,
                           TID_TEXT_NS_PER_ELEM, &elems))
        return TID_NEXT_FAILED;
    if (elems == 0) return TID_NEXT_MORE;
    tensor->cursor.max_elems = elems;
    if (ti_body_next(tensor->planned.body, &tensor->cursor, capacity_bytes, out, written,
                     tensor->planned.workspace) != TI_OK)
        return TID_NEXT_FAILED;
    return *written > 0 ? TID_NEXT_MORE : TID_NEXT_END;
}

static void tensor_free(void *state) {
    struct tensor *tensor = state;
    tid_planned_clear(&tensor->planned);
    free(tensor->multipart);
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

/* What of the tensor conditions and ranges are about. */
static struct tid_representation representation_of(const struct tensor *tensor) {
    const struct ti_body *body = tensor->planned.body;
    return (struct tid_representation){
        .etag = ti_plan_info(tensor->planned.plan)->etag,
        .bytes = ti_body_has_length(body) ? ti_body_bytes(body) : TID_STREAM_UNKNOWN,
        .media_type = ti_format_media_type(ti_body_format(body)),
        .what = "tensor"};
}

/* A name of 1024 bytes, each of them encoded, and 1024 bytes of other parameters. */
#define LOCATION_BYTES 4096

/* The canonical URL of these bytes, with the selected format (RFC 9110 section 8.7). */
static void add_location(struct tid_response *response, const struct tid_request *request,
                         const struct tid_planned *planned) {
    static const char path[] = "/v1/tensor?", format[] = "&format=raw";
    char text[LOCATION_BYTES + TID_PREFIX_BYTES];
    const char *query = ti_plan_info(planned->plan)->query;
    const size_t query_bytes = strlen(query);
    size_t used = strlen(request->prefix);

    /* Only many long lists of axes, beside a long name, are longer. */
    if (query_bytes > LOCATION_BYTES - sizeof path - sizeof format) return;
    memcpy(text, request->prefix, used);
    memcpy(text + used, path, sizeof path - 1);
    used += sizeof path - 1;
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
                             const struct tid_request *request,
                             const struct tid_planned *planned) {
    add_location(response, request, planned);
    if (planned->negotiated) tid_response_static(response, "Vary", "Accept");
    tid_response_static(response, "Cache-Control", TID_CACHE_HOUR);
}

/*
 * Adds Repr-Digest (RFC 9530 section 3) if the request wants it and the representation is
 * so small that it can be generated twice, with no more than a kernel.
 */
static void add_digest(struct tid_response *response, const struct tid_request *request,
                       const struct tid_planned *planned, uint64_t total) {
    unsigned char block[4096], digest[SHA256_DIGEST_SIZE];
    char text[TID_REPR_DIGEST_BYTES];
    struct sha256_ctx hash;
    if (!tid_wants_sha256(request->fields[TID_FIELD_WANT_REPR_DIGEST]) ||
        total > TID_REPR_DIGEST_BODY_MAX || tid_planned_computes(planned) ||
        ti_plan_info(planned->plan)->workspace_bytes > 0)
        return;
    sha256_init(&hash);
    for (uint64_t offset = 0; offset < total; offset += sizeof block) {
        const uint64_t left = total - offset;
        const size_t count = left < sizeof block ? (size_t)left : sizeof block;
        if (ti_body_read(planned->body, offset, count, block, NULL) != TI_OK) return;
        sha256_update(&hash, count, block);
    }
    sha256_digest(&hash, sizeof digest, digest);
    tid_repr_digest(digest, text);
    tid_response_copy(response, "Repr-Digest", text, strlen(text));
}

/* Whether the ranges reach beyond the header of the format. */
static bool has_elements(const struct tid_planned *planned,
                         const struct tid_ranges *ranges) {
    const uint64_t header_bytes = ti_body_header_bytes(planned->body);
    for (unsigned i = 0; i < ranges->count; i++) {
        if (ranges->list[i].first + ranges->list[i].count_bytes > header_bytes)
            return true;
    }
    return false;
}

/*
 * Evaluates conditions and ranges. Text formats have no known length, so they have neither
 * ranges nor validators. False if the response is another, which is then in '*response'.
 */
static bool select_bytes(const struct tid_request *request, struct tensor *tensor,
                         struct tid_selection *selection, struct tid_response *response) {
    const struct tid_representation representation = representation_of(tensor);
    if (ti_body_has_length(tensor->planned.body)) {
        const bool selected =
            tid_selection_make(request, &representation, selection, response);
        tensor->multipart = selection->multipart;
        return selected;
    }
    *selection = (struct tid_selection){.status = 200, .bytes = TID_STREAM_UNKNOWN};
    tid_ranges_parse(NULL, TID_STREAM_UNKNOWN, &selection->ranges);
    return true;
}

static void add_fields(struct tid_response *response, const struct tid_request *request,
                       const struct tensor *tensor,
                       const struct tid_selection *selection) {
    const struct tid_planned *planned = &tensor->planned;
    const struct tid_representation representation = representation_of(tensor);
    const bool sized = ti_body_has_length(planned->body);
    tid_tensor_fields_add(response, ti_plan_info(planned->plan),
                          ti_body_format(planned->body));
    tid_warning_fields_add(response, planned->warnings, planned->warning_count);
    if (sized)
        tid_validators_add(response, &representation);
    else
        tid_response_static(response, "Accept-Ranges", "none");
    if (sized && selection->status != 304)
        add_digest(response, request, planned, representation.bytes);
    tid_selection_add_range(response, &representation, selection);
    add_cache_fields(response, request, planned);
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
}

/* The body, or the ranges of it that were requested. Takes ownership of 'tensor'. */
static void respond(const struct tid_context *context, const struct tid_request *request,
                    struct tensor *tensor, struct tid_response *response) {
    const struct tid_planned *planned = &tensor->planned;
    struct tid_selection selection;
    if (!select_bytes(request, tensor, &selection, response)) {
        tensor_free(tensor);
        return;
    }
    const bool headers_only = request->method == TID_METHOD_HEAD ||
                              selection.status == 304 || selection.bytes == 0;
    /* A range within the header, as clients read it to find the tensor, computes nothing. */
    const bool elements = has_elements(planned, &selection.ranges);
    const enum tid_work work =
        headers_only || !elements ? TID_WORK_NONE : TID_WORK_STREAM;
    if (!tid_planned_prepare(&tensor->planned, context, request, 0, work, response)) {
        tensor_free(tensor);
        return;
    }
    tid_response_init(response, selection.status);
    add_fields(response, request, tensor, &selection);
    tensor->first = tensor->multipart ? 0 : selection.ranges.list[0].first;
    tid_response_body_stream(
        response,
        (struct tid_stream){
            .bytes = selection.bytes,
            .computes = elements && tid_planned_computes(planned),
            .ns_per_byte = elements ? tid_planned_ns_per_byte(planned) : 0,
            .lease = planned->lease,
            .read = tensor->multipart ? tensor_read_parts : tensor_read,
            .prepare = tensor->multipart ? tensor_prepare_parts : tensor_prepare,
            .next = tensor_next,
            .free = tensor_free,
            .state = tensor});
}

/* RFC 9110 section 15.5.7: with what would be acceptable. */
static void respond_not_acceptable(struct tid_response *response) {
    char text[256] = "Accept allows none of";
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s %s", i > 0 ? "," : "",
                 ti_format_media_type((enum ti_format)i));
    }
    const size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "; format= selects one regardless of it.");
    tid_problem(response, 406, "not acceptable", text, "format");
    tid_response_static(response, "Vary", "Accept");
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
        respond_not_acceptable(response);
    } else if (!tid_planned_allowed(&tensor->planned, context, response)) {
        tensor_free(tensor);
    } else {
        const enum ti_format selected = ti_body_format(tensor->planned.body);
        const unsigned scheme = tid_planned_scheme(&tensor->planned);
        respond(context, request, tensor, response);
        response->format = selected;
        response->scheme = scheme;
    }
}
