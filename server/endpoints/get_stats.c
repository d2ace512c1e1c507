/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/stats: statistics of the values of a tensor, or of a part of it. Takes the
 * parameters of /v1/tensor.
 */
#include <stdlib.h>

#include <tensorinit/stats.h>

#include "server/documents/json_stats.h"
#include "server/documents/problem.h"
#include "server/endpoints/computed_document.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/planned.h"
#include "server/http/limit_problem.h"

/* What ti_stats_add() takes for an element, besides its value. */
#define ADD_NS_PER_ELEM 10.0

/* A response while it is computed. */
struct counting {
    struct tid_planned planned;
    struct ti_stats *stats;
    uint64_t next; /* element */
    struct tid_computed_document document;
};

static void counting_free(void *state) {
    struct counting *counting = state;
    tid_computed_document_clear(&counting->document);
    ti_stats_free(counting->stats);
    tid_planned_clear(&counting->planned);
    free(counting);
}

static bool counting_finish(struct counting *counting) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    if (ti_stats_get(counting->stats, &summary) != TI_OK) return false;
    return tid_computed_document_complete(
        &counting->document,
        tid_json_stats(ti_plan_info(counting->planned.plan), &summary));
}

/* A slice of the elements. */
static enum tid_next counting_add(struct counting *counting, double task_ns, void *out,
                                  size_t *written) {
    uint64_t count;
    if (!tid_planned_elems(&counting->planned, counting->next, task_ns, ADD_NS_PER_ELEM,
                           &count) ||
        ti_stats_add(counting->stats, counting->next, count,
                     counting->planned.workspace) != TI_OK)
        return TID_NEXT_FAILED;
    counting->next += count;
    return tid_computed_document_wait(&counting->document, out, written);
}

static enum tid_next counting_next(void *state, double task_ns, size_t capacity_bytes,
                                   void *out, size_t *written) {
    struct counting *counting = state;
    if (counting->next < ti_plan_info(counting->planned.plan)->elems)
        return counting_add(counting, task_ns, out, written);
    if (!counting->document.text && !counting_finish(counting)) return TID_NEXT_FAILED;
    return tid_computed_document_send(&counting->document, capacity_bytes, out, written);
}

static enum ti_status counting_make(const struct tid_request *request,
                                    struct counting **made, struct ti_error *error) {
    struct counting *counting = calloc(1, sizeof *counting);
    if (!counting) return tid_error_no_memory(error);

    enum ti_status status =
        tid_planned_make(request, TI_FORMAT_RAW, &counting->planned, error);
    if (status != TI_OK) {
        free(counting);
        return status;
    }
    *made = counting;
    return TI_OK;
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
    if (tid_refuse_beyond(context, TID_LIMIT_stats_elems, ti_plan_info(plan)->elems,
                          response) ||
        !tid_planned_prepare(&counting->planned, context, request, ti_stats_bytes(plan),
                             headers_only ? TID_WORK_NONE : TID_WORK_COMPUTE, response)) {
        counting_free(counting);
        return;
    }
    if (!headers_only && ti_stats_make(plan, &counting->stats) != TI_OK) {
        counting_free(counting);
        tid_problem_no_memory(response);
        return;
    }
    tid_computed_document_respond(response, counting->planned.lease, counting_next,
                                  counting_free, counting);
}
