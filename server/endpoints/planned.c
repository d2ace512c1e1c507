/* SPDX-License-Identifier: MIT */
/* See planned.h. */
#include "server/endpoints/planned.h"

#include <stdio.h>
#include <string.h>

#include <tensorinit/factor.h>
#include <tensorinit/spec.h>

#include "server/documents/problem.h"

/* When to try again if too many factorizations wait for memory. */
#define RETRY_AFTER_SECONDS "10"

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
    ti_body_free(planned->body);
    ti_plan_free(planned->plan);
    /* Last: the factorization must outlive the plan. */
    tid_lease_release(planned->lease);
    *planned = (struct tid_planned){0};
}

bool tid_planned_computes(const struct tid_planned *planned) {
    return ti_plan_info(planned->plan)->cost == TI_COST_COMPUTE;
}

static void respond_too_large(struct tid_response *response, size_t need_bytes,
                              size_t limit_bytes) {
    struct ti_error error = {.code = TI_ETOOLARGE, .field = "shape"};
    const size_t mib = (size_t)1 << 20;
    snprintf(error.text, sizeof error.text,
             "computing this tensor takes %zu MiB of memory, and this server allows %zu "
             "MiB (--memory)",
             need_bytes / mib + (need_bytes % mib != 0), limit_bytes / mib);
    tid_problem_of(response, &error);
}

bool tid_planned_lease(struct tid_planned *planned, const struct tid_context *context,
                       bool headers_only, struct tid_response *response) {
    const struct ti_plan_info *info = ti_plan_info(planned->plan);
    if (info->factor_key[0] == '\0') return true;
    const struct tid_factor_need need = {planned->plan, info->factor_key,
                                         info->factor_bytes, info->factor_peak_bytes};
    const size_t limit_bytes = tid_factor_cache_limit(context->factor_cache);
    enum tid_lease_result result = TID_LEASE_MADE;
    if (need.peak_bytes > limit_bytes)
        result = TID_LEASE_TOO_LARGE;
    else if (!headers_only)
        result = tid_factor_cache_lease(context->factor_cache, &need, &planned->lease);
    switch (result) {
    case TID_LEASE_MADE:
        return true;
    case TID_LEASE_TOO_LARGE:
        respond_too_large(response, need.peak_bytes, limit_bytes);
        return false;
    case TID_LEASE_BUSY:
        tid_problem(response, 503, "too busy",
                    "All memory for computing tensors is in use, and too many requests "
                    "wait for it; try again later.",
                    "");
        break;
    case TID_LEASE_NO_MEMORY:
        tid_problem_no_memory(response);
        break;
    }
    tid_response_static(response, "Retry-After", RETRY_AFTER_SECONDS);
    return false;
}

void tid_planned_use_factor(struct tid_planned *planned) {
    if (!planned->lease) return;
    const struct ti_factor *factor = tid_lease_get(planned->lease);
    /* NULL if there was no memory for it: ti_plan_fill() then returns TI_EFACTOR. */
    if (factor) ti_plan_use(planned->plan, factor);
}
