/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/stats: statistics of the values of a tensor, or of a part of it. Takes the
 * parameters of /v1/tensor.
 *
 * The pool computes a slice of the values at a time, so that other requests have their
 * turns and the work ends when the client leaves. Until the result is there, a space is
 * sent from time to time, which JSON allows before a document, so that the client and what
 * is between see that the connection lives.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/stats.h>

#include "server/documents/document.h"
#include "server/documents/json_stats.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"

/* Elements of a request. */
#define ELEMS_MAX ((uint64_t)1 << 30)

/* What ti_stats_add() takes for an element, besides its value. */
#define ADD_NS_PER_ELEM 10.0

/* A space is sent for the first of that many slices. */
#define SLICES_PER_SPACE 16

/* A response while it is computed. */
struct counting {
    struct tid_planned planned;
    struct ti_stats *stats;
    uint64_t next; /* element */
    unsigned slices;
    char *text; /* the document, once all elements are counted */
    size_t text_bytes, sent_bytes;
};

static void counting_free(void *state) {
    struct counting *counting = state;
    free(counting->text);
    ti_stats_free(counting->stats);
    tid_planned_clear(&counting->planned);
    free(counting);
}

static bool counting_finish(struct counting *counting) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    if (ti_stats_get(counting->stats, &summary) != TI_OK) return false;
    counting->text = tid_json_stats(ti_plan_info(counting->planned.plan), &summary);
    if (!counting->text) return false;
    counting->text_bytes = strlen(counting->text);
    return true;
}

/* A slice of the elements. */
static enum tid_next counting_add(struct counting *counting, double task_ns, void *out,
                                  size_t *written) {
    const struct ti_plan_info *info = ti_plan_info(counting->planned.plan);
    const uint64_t left = info->elems - counting->next;
    uint64_t count = 1 + (uint64_t)(task_ns / (info->ns_per_elem + ADD_NS_PER_ELEM));
    if (count > left) count = left;
    if (ti_stats_add(counting->stats, counting->next, count,
                     counting->planned.workspace) != TI_OK)
        return TID_NEXT_FAILED;
    counting->next += count;
    *written = counting->slices++ % SLICES_PER_SPACE == 0;
    memset(out, ' ', *written);
    return TID_NEXT_MORE;
}

static enum tid_next counting_next(void *state, double task_ns, size_t capacity_bytes,
                                   void *out, size_t *written) {
    struct counting *counting = state;
    if (!tid_planned_use_factor(&counting->planned)) return TID_NEXT_FAILED;
    if (counting->next < ti_plan_info(counting->planned.plan)->elems)
        return counting_add(counting, task_ns, out, written);
    if (!counting->text && !counting_finish(counting)) return TID_NEXT_FAILED;
    *written = counting->text_bytes - counting->sent_bytes;
    if (*written > capacity_bytes) *written = capacity_bytes;
    memcpy(out, counting->text + counting->sent_bytes, *written);
    counting->sent_bytes += *written;
    return *written > 0 ? TID_NEXT_MORE : TID_NEXT_END;
}

static enum ti_status counting_make(const struct tid_request *request,
                                    struct counting **made, struct ti_error *error) {
    struct counting *counting = calloc(1, sizeof *counting);
    if (!counting) return tid_error_no_memory(error);

    enum ti_status status =
        tid_planned_make(request, TI_FORMAT_RAW, &counting->planned, error);
    if (status != TI_OK) goto fail;
    const struct ti_plan *plan = counting->planned.plan;
    if (ti_plan_info(plan)->elems > ELEMS_MAX) {
        *error = (struct ti_error){
            .code = TI_ETOOLARGE,
            .field = "shape",
            .text = "statistics take at most 2^30 elements; slice= selects a part"};
        status = error->code;
        goto fail;
    }
    *made = counting;
    return TI_OK;

fail:
    counting_free(counting);
    return status;
}

void tid_endpoint_stats(const struct tid_context *context,
                        const struct tid_request *request,
                        struct tid_response *response) {
    struct ti_error error;
    struct counting *counting = NULL;
    if (counting_make(request, &counting, &error) != TI_OK) {
        tid_problem_of(response, &error);
        return;
    }
    const struct ti_plan *plan = counting->planned.plan;
    const bool headers_only = request->method == TID_METHOD_HEAD;
    if (!tid_planned_prepare(&counting->planned, context, ti_stats_bytes(plan),
                             headers_only, response)) {
        counting_free(counting);
        return;
    }
    if (!headers_only && ti_stats_make(plan, &counting->stats) != TI_OK) {
        counting_free(counting);
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_stream(response,
                             (struct tid_stream){.bytes = TID_STREAM_UNKNOWN,
                                                 .computes = true,
                                                 .lease = counting->planned.lease,
                                                 .next = counting_next,
                                                 .free = counting_free,
                                                 .state = counting});
}
