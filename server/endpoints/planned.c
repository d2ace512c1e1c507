/* SPDX-License-Identifier: MIT */
/*
 * Plans what a query asks for: see planned.h.
 */
#include "server/endpoints/planned.h"

#include <stdio.h>
#include <string.h>

#include <tensorinit/factor.h>
#include <tensorinit/spec.h>

#include "server/documents/problem.h"

/* When to try again if too many setups wait for memory: some will be through by then. */
#define RETRY_AFTER_SECONDS "10"

enum ti_status tid_out_of_memory(struct ti_error *error) {
    error->code = TI_ENOMEM;
    error->field[0] = '\0';
    snprintf(error->text, sizeof error->text,
             "The server is out of memory; try again later.");
    return TI_ENOMEM;
}

/* Gives the format unless the query did; true if so. */
static bool set_format(struct ti_spec *spec, enum ti_format format) {
    const char *name = ti_format_name(format);

    return ti_spec_set(spec, "format", name, strlen(name), NULL) == TI_OK;
}

enum ti_status tid_planned_make(const struct tid_request *request, enum ti_format format,
                                struct tid_planned *planned, struct ti_error *error) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;

    enum ti_status status = ti_spec_make(&spec);
    if (status != TI_OK) return tid_out_of_memory(error);
    status = ti_spec_set_query(spec, request->query, request->query_bytes, error);
    const bool negotiated = status == TI_OK && set_format(spec, format);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, error);
    if (status == TI_OK) status = ti_body_make(plan, &body, error);
    ti_spec_free(spec);
    if (status != TI_OK) {
        ti_plan_free(plan);
        return status;
    }
    planned->plan = plan;
    planned->body = body;
    planned->negotiated = negotiated;
    planned->lease = NULL;
    return TI_OK;
}

bool tid_planned_computes(const struct tid_planned *planned) {
    return ti_plan_info(planned->plan)->cost == TI_COST_COMPUTE;
}

static void refuse_large(size_t need_bytes, size_t limit_bytes,
                         struct tid_response *response) {
    struct ti_error error = {.code = TI_ETOOLARGE, .field = "shape"};
    const size_t mib = (size_t)1 << 20;

    snprintf(error.text, sizeof error.text,
             "computing this tensor takes %zu MiB of memory, and this server allows %zu "
             "MiB (--memory)",
             need_bytes / mib + (need_bytes % mib != 0), limit_bytes / mib);
    tid_problem_of(response, &error);
}

bool tid_planned_lease(struct tid_planned *planned, const struct tid_context *context,
                       bool only_head, struct tid_response *response) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    struct ti_error error;

    if (info->factor_key[0] == '\0') return true;
    const struct tid_factor_need need = {planned->plan, info->factor_key,
                                         info->factor_bytes, info->factor_peak_bytes};
    const size_t limit_bytes = tid_factor_cache_limit(context->factor_cache);
    enum tid_lease_result result = TID_LEASE_MADE;
    if (need.peak_bytes > limit_bytes)
        result = TID_LEASE_TOO_LARGE;
    else if (!only_head)
        result = tid_factor_cache_lease(context->factor_cache, &need, &planned->lease);
    switch (result) {
    case TID_LEASE_MADE:
        return true;
    case TID_LEASE_TOO_LARGE:
        refuse_large(need.peak_bytes, limit_bytes, response);
        break;
    case TID_LEASE_BUSY:
        tid_problem(response, 503, "too busy",
                    "All memory for computing tensors is in use, and too many requests "
                    "wait for it; try again later.",
                    "");
        break;
    case TID_LEASE_NO_MEMORY:
        tid_out_of_memory(&error);
        tid_problem_of(response, &error);
        break;
    }
    if (result != TID_LEASE_TOO_LARGE)
        tid_response_static(response, "Retry-After", RETRY_AFTER_SECONDS);
    return false;
}

void tid_planned_use_factor(struct tid_planned *planned) {
    if (planned->lease == NULL) return;
    const struct ti_factor *factor = tid_lease_get(planned->lease);
    /* Else there was no memory for it, and filling will say so. */
    if (factor != NULL) ti_plan_use(planned->plan, factor);
}

void tid_planned_clear(struct tid_planned *planned) {
    ti_body_free(planned->body);
    ti_plan_free(planned->plan);
    tid_lease_release(planned->lease); /* last: the setup outlives what uses it */
    planned->body = NULL;
    planned->plan = NULL;
    planned->lease = NULL;
}
