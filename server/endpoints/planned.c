/* SPDX-License-Identifier: MIT */
/* See planned.h. */
#include "server/endpoints/planned.h"

#include <string.h>

#include <tensorinit/factor.h>
#include <tensorinit/schemes.h>
#include <tensorinit/spec.h>

#include "server/documents/problem.h"
#include "server/http/limit_problem.h"
#include "server/work/block_budget.h"
#include "server/work/turn.h"

/* Sets the format unless the query did; true if so. */
static bool set_format(struct ti_spec *spec, enum ti_format format) {
    const char *name = ti_format_name(format);
    return ti_spec_set(spec, "format", name, strlen(name), NULL) == TI_OK;
}

enum ti_status tid_planned_make(const struct tid_request *request, enum ti_format format,
                                struct tid_planned *planned, struct ti_error *error) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;

    if (ti_spec_make(&spec) != TI_OK) return tid_error_no_memory(error);
    enum ti_status status =
        ti_spec_set_query_lenient(spec, request->query, request->query_bytes, error);
    const bool negotiated = status == TI_OK && set_format(spec, format);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, error);
    if (status == TI_OK) status = ti_body_make(plan, &body, error);
    if (status != TI_OK) {
        ti_plan_free(plan);
        ti_spec_free(spec);
        return status;
    }
    *planned = (struct tid_planned){.plan = plan, .body = body, .negotiated = negotiated};
    planned->warning_count = ti_plan_warnings(spec, plan, planned->warnings);
    ti_spec_free(spec);
    return TI_OK;
}

void tid_planned_clear(struct tid_planned *planned) {
    /* First: the cache makes the factorization by the plan of any lease that it knows. To free
       a plan does not touch its factorization. */
    tid_lease_release(planned->lease);
    ti_body_free(planned->body);
    ti_plan_free(planned->plan);
    ti_workspace_free(planned->workspace);
    tid_admitted_clear(&planned->admitted);
    *planned = (struct tid_planned){0};
}

bool tid_planned_computes(const struct tid_planned *planned) {
    return ti_plan_info(planned->plan)->factor_bytes > 0;
}

unsigned tid_planned_scheme(const struct tid_planned *planned) {
    const char *name = ti_plan_info(planned->plan)->scheme;
    size_t index = 0;
    return ti_scheme_find(name, strlen(name), &index) ? (unsigned)index
                                                      : TID_RESPONSE_NO_SCHEME;
}

double tid_planned_ns_per_byte(const struct tid_planned *planned) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    const double elem_bytes = (double)ti_dtype_bytes(info->dtype);
    if (!ti_format_is_text(ti_body_format(planned->body)))
        return info->ns_per_elem / elem_bytes;
    /* A number of as many digits as the dtype needs, and a comma. */
    return (info->ns_per_elem + TID_TEXT_NS_PER_ELEM) / (4 + 2 * elem_bytes);
}

/* What can never fit is the client's error. */
static bool check_limit(const struct ti_plan_info *info, const struct tid_memory *memory,
                        size_t buffer_bytes, struct tid_response *response) {
    const struct tid_memory_words words = {
        .title = ti_status_title(TI_ETOOLARGE),
        .field = "shape",
        .what = "computing this tensor",
        .advice = info->factor_of_part
                      ? "; ask for fewer of its matrices or columns at a time by slice "
                        "or shard"
                      : ""};
    return tid_check_memory(memory, buffer_bytes, info->factor_peak_bytes, &words,
                            response);
}

bool tid_planned_allowed(const struct tid_planned *planned,
                         const struct tid_context *context,
                         struct tid_response *response) {
    const uint64_t elems = ti_plan_info(planned->plan)->elems;
    if (tid_refuse_beyond(context, TID_LIMIT_tensor_elems, elems, response)) return false;
    if (!ti_body_has_length(planned->body))
        return !tid_refuse_beyond(context, TID_LIMIT_json_elems, elems, response);
    return !tid_refuse_beyond(context, TID_LIMIT_tensor_bytes,
                              ti_body_bytes(planned->body), response);
}

/* Whether its blocks take longer than a worker may spend on one. */
static bool is_dear(const struct tid_planned *planned) {
    uint64_t bytes = TID_BLOCK_BYTES_MIN;
    if (ti_body_has_length(planned->body) && ti_body_bytes(planned->body) < bytes)
        bytes = ti_body_bytes(planned->body);
    return (double)bytes * tid_planned_ns_per_byte(planned) > TID_TURN_BLOCK_NS;
}

static bool lease(struct tid_planned *planned, struct tid_factor_cache *cache,
                  struct tid_response *response) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    const struct tid_factor_need need = {planned->plan, info->factor_key,
                                         info->factor_bytes, info->factor_peak_bytes,
                                         planned->admitted.client};
    switch (tid_factor_cache_lease(cache, &need, &planned->lease)) {
    case TID_LEASE_MADE:
        return true;
    case TID_LEASE_BUSY:
        tid_problem_busy(response,
                         "All memory for computing tensors is in use, and too many "
                         "requests wait for it; try again later.");
        return false;
    case TID_LEASE_NO_MEMORY:
        break;
    }
    tid_problem_no_memory(response);
    return false;
}

bool tid_planned_prepare(struct tid_planned *planned, const struct tid_context *context,
                         const struct tid_request *request, size_t buffer_bytes,
                         enum tid_work work, struct tid_response *response) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    const size_t bytes = buffer_bytes + info->workspace_bytes;
    if (!check_limit(info, context->memory, bytes, response)) return false;
    if (work == TID_WORK_NONE) return true;
    if ((work == TID_WORK_COMPUTE || tid_planned_computes(planned) || is_dear(planned)) &&
        !tid_admit_computation(&planned->admitted, context, request, response))
        return false;
    /* First: what waits for others is limited in number, so its buffers are, too. */
    if (info->factor_key[0] != '\0' && info->elems > 0 &&
        !lease(planned, context->factor_cache, response))
        return false;
    if (!tid_admit_memory(&planned->admitted, context, bytes, response)) return false;
    if (ti_workspace_make(planned->plan, &planned->workspace, NULL) == TI_OK) return true;
    tid_problem_no_memory(response);
    return false;
}

bool tid_planned_use_factor(struct tid_planned *planned) {
    if (!planned->lease) return true;
    /* NULL if there was no memory for it. */
    const struct ti_factor *factor = tid_lease_get(planned->lease);
    return factor && ti_plan_use(planned->plan, factor) == TI_OK;
}

bool tid_planned_elems(struct tid_planned *planned, uint64_t first, double task_ns,
                       double ns, uint64_t *count) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    const uint64_t max = 1 + (uint64_t)(task_ns / (info->ns_per_elem + ns));
    *count = max;
    if (!tid_planned_use_factor(planned)) return false;
    /* Text formats go on behind the last element: empty arrays are made there. */
    if (first >= info->elems) return true;
    if (ti_plan_prepare(planned->plan, first, info->elems, task_ns, planned->workspace,
                        count) != TI_OK)
        return false;
    if (*count > max) *count = max;
    return true;
}
