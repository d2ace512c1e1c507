/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/stats: what the values of a tensor, or a part of it, look like. Takes the
 * parameters of /v1/tensor.
 *
 * Values are computed a slice at a time, each time that the connection can take a byte, so
 * that other connections of the worker get their turn, and a client that goes away ends the
 * work. Until the result is there the bytes are spaces, which JSON allows before a document.
 * Values that take long are computed elsewhere, as those of /v1/tensor are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/endpoints/endpoints.h"
#include "server/documents/json_stats.h"
#include "server/endpoints/planned.h"
#include "server/documents/problem.h"

/* Elements in a turn, some milliseconds' worth, and in all. */
#define SLICE_ELEMS ((uint64_t)1 << 19)
#define ELEMS_MAX ((uint64_t)1 << 30)

struct counting {
    struct tid_planned planned;
    bool begun;
    struct ti_stats *stats;
    void *workspace;
    uint64_t next; /* element */
    char *text;    /* the document, once all is counted */
    size_t text_bytes, sent;
};

static void counting_free(void *state) {
    struct counting *counting = state;

    free(counting->text);
    free(counting->workspace);
    ti_stats_free(counting->stats);
    tid_planned_clear(&counting->planned);
    free(counting);
}

static bool counting_finish(struct counting *counting) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};

    if (ti_stats_get(counting->stats, &summary) != TI_OK) return false;
    counting->text = tid_json_stats(ti_plan_info(counting->planned.plan), &summary);
    if (counting->text == NULL) return false;
    counting->text_bytes = strlen(counting->text);
    return true;
}

static bool counting_next(void *state, size_t capacity_bytes, void *out,
                          size_t *written) {
    struct counting *counting = state;
    const uint64_t left = ti_plan_info(counting->planned.plan)->elems - counting->next;

    if (!counting->begun) {
        counting->begun = true;
        tid_planned_begin(&counting->planned);
    }
    if (left > 0) {
        const uint64_t now = left < SLICE_ELEMS ? left : SLICE_ELEMS;
        if (ti_stats_add(counting->stats, counting->next, now, counting->workspace) !=
            TI_OK)
            return false;
        counting->next += now;
        *(char *)out = ' ';
        *written = 1;
        return true;
    }
    if (counting->text == NULL && !counting_finish(counting)) return false;
    *written = counting->text_bytes - counting->sent;
    if (*written > capacity_bytes) *written = capacity_bytes;
    memcpy(out, counting->text + counting->sent, *written);
    counting->sent += *written;
    return true;
}

static enum ti_status counting_make(const struct tid_request *request,
                                    struct counting **made, struct ti_error *error) {
    struct counting *counting = calloc(1, sizeof *counting);
    if (counting == NULL) return tid_out_of_memory(error);

    enum ti_status status =
        tid_planned_make(request, TI_FORMAT_RAW, &counting->planned, error);
    if (status != TI_OK) goto fail;
    const struct ti_plan_info *info = ti_plan_info(counting->planned.plan);
    if (info->elems > ELEMS_MAX) {
        status = error->code = TI_ETOOLARGE;
        snprintf(error->field, sizeof error->field, "shape");
        snprintf(error->text, sizeof error->text,
                 "statistics take at most 2^30 elements; give slice= to look at a part");
        goto fail;
    }
    if (info->workspace_bytes > 0)
        counting->workspace = aligned_alloc(64, (info->workspace_bytes + 63) / 64 * 64);
    if ((info->workspace_bytes > 0 && counting->workspace == NULL) ||
        ti_stats_make(counting->planned.plan, &counting->stats) != TI_OK) {
        status = tid_out_of_memory(error);
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
    const bool only_head = request->method == TID_METHOD_HEAD ||
                           ti_plan_info(counting->planned.plan)->elems == 0;
    if (!tid_planned_claim(&counting->planned, context, only_head, response)) {
        counting_free(counting);
        return;
    }
    tid_response_init(response, 200);
    tid_response_static(response, "Content-Type", "application/json");
    tid_response_static(response, "Cache-Control", "public, max-age=3600");
    tid_response_static(response, "X-Content-Type-Options", "nosniff");
    tid_response_body_stream(
        response,
        (struct tid_stream){.bytes = TID_STREAM_UNKNOWN,
                            .computes = tid_planned_computes(&counting->planned),
                            .claim = counting->planned.claim,
                            .next = counting_next,
                            .free = counting_free,
                            .state = counting});
}
