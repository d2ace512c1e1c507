/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/digest: the SHA-256 of what /v1/tensor would send for the same query, of any
 * length.
 */
#include <stdlib.h>

#include <nettle/sha2.h>

#include "server/documents/json_digest.h"
#include "server/documents/problem.h"
#include "server/endpoints/computed_document.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/http/limit_problem.h"

/* What SHA-256 takes for a byte, on a machine without instructions for it. */
#define HASH_NS_PER_BYTE 3.0

/* A response while it is computed. */
struct hashing {
    struct tid_planned planned;
    struct sha256_ctx hash;
    struct ti_body_cursor cursor; /* of a text format */
    uint64_t offset;              /* in the body */
    bool complete;                /* all bytes are hashed */
    struct tid_computed_document document;
};

static void hashing_free(void *state) {
    struct hashing *hashing = state;
    tid_computed_document_clear(&hashing->document);
    tid_planned_clear(&hashing->planned);
    free(hashing);
}

/* The next bytes of the body; 0 of them at its end. False on failure. */
static bool next_block(struct hashing *hashing, double task_ns, size_t capacity_bytes,
                       void *out, size_t *written) {
    const struct tid_planned *planned = &hashing->planned;
    const double ns = tid_planned_ns_per_byte(planned) + HASH_NS_PER_BYTE;
    if (!ti_body_has_length(planned->body)) {
        hashing->cursor.max_elems = 1 + (uint64_t)(task_ns / (16 * ns));
        return ti_body_next(planned->body, &hashing->cursor, capacity_bytes, out, written,
                            planned->workspace) == TI_OK;
    }
    const uint64_t left = ti_body_bytes(planned->body) - hashing->offset;
    const double affordable = task_ns / ns;
    *written = affordable < (double)capacity_bytes ? (size_t)affordable : capacity_bytes;
    if (*written == 0) *written = 1;
    if (*written > left) *written = (size_t)left;
    return ti_body_read(planned->body, hashing->offset, *written, out,
                        planned->workspace) == TI_OK;
}

/* Hashes for about 'task_ns', with 'out' as the buffer. */
static enum tid_next hashing_add(struct hashing *hashing, double task_ns,
                                 size_t capacity_bytes, void *out, size_t *written) {
    const double ns = tid_planned_ns_per_byte(&hashing->planned) + HASH_NS_PER_BYTE;
    size_t bytes;
    do {
        if (!next_block(hashing, task_ns, capacity_bytes, out, &bytes))
            return TID_NEXT_FAILED;
        sha256_update(&hashing->hash, bytes, out);
        hashing->offset += bytes;
        task_ns -= (double)bytes * ns;
    } while (bytes > 0 && task_ns > 0);
    hashing->complete = bytes == 0;
    return tid_computed_document_wait(&hashing->document, out, written);
}

static bool hashing_finish(struct hashing *hashing) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    sha256_digest(&hashing->hash, sizeof digest, digest);
    return tid_computed_document_complete(
        &hashing->document,
        tid_json_digest(ti_plan_info(hashing->planned.plan),
                        ti_body_format(hashing->planned.body), hashing->offset, digest));
}

static enum tid_next hashing_next(void *state, double task_ns, size_t capacity_bytes,
                                  void *out, size_t *written) {
    struct hashing *hashing = state;
    if (!tid_planned_use_factor(&hashing->planned)) return TID_NEXT_FAILED;
    if (!hashing->complete)
        return hashing_add(hashing, task_ns, capacity_bytes, out, written);
    if (!hashing->document.text && !hashing_finish(hashing)) return TID_NEXT_FAILED;
    return tid_computed_document_send(&hashing->document, capacity_bytes, out, written);
}

static bool is_too_large(const struct tid_context *context,
                         const struct tid_planned *planned,
                         struct tid_response *response) {
    if (ti_body_has_length(planned->body))
        return tid_refuse_beyond(context, TID_LIMIT_digest_bytes,
                                 ti_body_bytes(planned->body), response);
    return tid_refuse_beyond(context, TID_LIMIT_json_elems,
                             ti_plan_info(planned->plan)->elems, response);
}

void tid_endpoint_digest(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    struct ti_error error;
    struct hashing *hashing = calloc(1, sizeof *hashing);
    if (!hashing) {
        tid_problem_no_memory(response);
        return;
    }
    sha256_init(&hashing->hash);
    if (tid_planned_make(request, TI_FORMAT_RAW, &hashing->planned, &error) != TI_OK) {
        free(hashing);
        tid_problem_of(response, &error);
        return;
    }
    const bool headers_only = request->method == TID_METHOD_HEAD;
    if (is_too_large(context, &hashing->planned, response) ||
        !tid_planned_prepare(&hashing->planned, context, request, 0,
                             headers_only ? TID_WORK_NONE : TID_WORK_COMPUTE, response)) {
        hashing_free(hashing);
        return;
    }
    tid_computed_document_respond(response, hashing->planned.lease, hashing_next,
                                  hashing_free, hashing);
}
