/* SPDX-License-Identifier: MIT */
/* From a query to a plan and its body: what /v1/tensor, /v1/plan and /v1/stats share. */
#ifndef TID_PLANNED_H
#define TID_PLANNED_H

#include <stdbool.h>

#include <tensorinit/body.h>
#include <tensorinit/plan.h>
#include <tensorinit/warnings.h>

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/work/factor_cache.h"

struct tid_planned {
    struct ti_plan *plan;
    struct ti_body *body;
    bool negotiated; /* the query names no format, so Accept decides */
    struct ti_warning warnings[TI_WARNINGS_MAX];
    unsigned warning_count;
    /*
     * Of the factorization that the plan needs; NULL: none, or nothing is to be computed.
     */
    struct tid_lease *lease;
};

/*
 * Plans what the query requests, in 'format' if it names none. Returns TI_OK, or the
 * status of the core with 'error' filled and '*planned' untouched. tid_planned_clear()
 * ends it.
 */
TI_MUST_USE enum ti_status tid_planned_make(const struct tid_request *request,
                                            enum ti_format format,
                                            struct tid_planned *planned,
                                            struct ti_error *error);
void tid_planned_clear(struct tid_planned *planned);

/* Whether the values take so long to compute that only threads of the pool may do it. */
bool tid_planned_computes(const struct tid_planned *planned);

/*
 * Leases the factorization, if the plan needs one, for a response that computes values;
 * with 'headers_only' only checks that the server could. False, with the problem in
 * '*response', if it cannot.
 */
bool tid_planned_lease(struct tid_planned *planned, const struct tid_context *context,
                       bool headers_only, struct tid_response *response);

/* Gives the plan its factorization, once it is complete and before the first value. */
void tid_planned_use_factor(struct tid_planned *planned);

#endif
