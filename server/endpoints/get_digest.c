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

/* What an element takes as text, hashed: up to 25 bytes. */
#define TEXT_NS_PER_ELEM (TID_TEXT_NS_PER_ELEM + 25 * HASH_NS_PER_BYTE)

/* A response while it is computed. */
struct hashing {
    struct tid_planned planned;
    struct sha256_ctx hash;
    struct ti_body_cursor cursor; /* of a text format */
    uint64_t offset;              /* in the body */
    bool complete;                /* all bytes are hashed */
    struct tid_computed_document document;
};

static double ns_per_byte(const struct hashing *hashing) {
    return tid_planned_ns_per_byte(&hashing->planned) + HASH_NS_PER_BYTE;
}

static void hashing_free(void *state) {
    struct hashing *hashing = state;
    tid_computed_document_clear(&hashing->document);
    tid_planned_clear(&hashing->planned);
    free(hashing);
}

/* The next bytes of the body, 0 if none are computed yet. 'complete' at its end. */
static bool next_text(struct hashing *hashing, double task_ns, size_t capacity_bytes,
                      void *out, size_t *written) {
    struct tid_planned *planned = &hashing->planned;
    struct ti_body_cursor *cursor = &hashing->cursor;
    *written = 0;
    if (!tid_planned_elems(planned, cursor->elem, task_ns, TEXT_NS_PER_ELEM,
                           &cursor->max_elems))
        return false;
    if (cursor->max_elems == 0) return true;
    if (ti_body_next(planned->body, cursor, capacity_bytes, out, written,
                     planned->workspace) != TI_OK)
        return false;
    hashing->complete = *written == 0;
    return true;
}

static bool next_bytes(struct hashing *hashing, double task_ns, size_t capacity_bytes,
                       void *out, size_t *written) {
    struct tid_planned *planned = &hashing->planned;
    const uint64_t total = ti_body_bytes(planned->body);
    const double affordable = 1 + task_ns / ns_per_byte(hashing);
    uint64_t ready;
    if (!tid_planned_use_factor(planned) ||
        ti_body_prepare(planned->body, hashing->offset, total, task_ns,
                        planned->workspace, &ready) != TI_OK)
        return false;
    hashing->complete = hashing->offset == total;
    if (ready > capacity_bytes) ready = capacity_bytes;
    *written = affordable < (double)ready ? (size_t)affordable : (size_t)ready;
    return ti_body_read(planned->body, hashing->offset, *written, out,
                        planned->workspace) == TI_OK;
}

/* Hashes for about 'task_ns', with 'out' as the buffer. */
static enum tid_next hashing_add(struct hashing *hashing, double task_ns,
                                 size_t capacity_bytes, void *out, size_t *written) {
    const bool text = !ti_body_has_length(hashing->planned.body);
    size_t bytes;
    do {
        if (!(text ? next_text : next_bytes)(hashing, task_ns, capacity_bytes, out,
                                             &bytes))
            return TID_NEXT_FAILED;
        sha256_update(&hashing->hash, bytes, out);
        hashing->offset += bytes;
        task_ns -= (double)bytes * ns_per_byte(hashing);
    } while (bytes > 0 && task_ns > 0);
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
