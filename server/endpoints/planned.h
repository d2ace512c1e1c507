/* SPDX-License-Identifier: MIT */
/*
 * From a request's query to a planned tensor and its body: what /v1/tensor and /v1/plan
 * have in common.
 */
#ifndef TID_PLANNED_H
#define TID_PLANNED_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>

#include "server/context.h"
#include "server/http/response.h"
#include "server/http/request.h"
#include "server/work/factor_cache.h"

/*
 * 'negotiated': the request names no format, so it was chosen for it. 'claim': on the setup
 * that the plan needs; NULL if it needs none, or nothing is to be computed.
 */
struct tid_planned {
    struct ti_plan *plan;
    struct ti_body *body;
    bool negotiated;
    struct tid_lease *lease;
};

/*
 * Plans what the query asks for; 'format' is the one that it gets if it names none. Returns
 * TI_OK; else what the core returned, with 'error' filled whatever it was and '*planned'
 * untouched. tid_planned_clear() ends it.
 */
TI_MUST_USE enum ti_status tid_planned_make(const struct tid_request *request,
                                            enum ti_format format,
                                            struct tid_planned *planned,
                                            struct ti_error *error);
void tid_planned_clear(struct tid_planned *planned);

/*
 * Whether values of the plan take so long that only threads that compute may have them made.
 */
bool tid_planned_computes(const struct tid_planned *planned);

/*
 * For a reply whose body is made of the plan's values: claims the setup that the plan needs,
 * if it needs one; with 'only_head' it is only asked whether the server could. False, with
 * the problem in '*reply', if it cannot.
 */
bool tid_planned_lease(struct tid_planned *planned, const struct tid_context *context,
                       bool only_head, struct tid_response *response);

/* Before the first value: gives the plan its setup, once the claim is complete. */
void tid_planned_use_factor(struct tid_planned *planned);

/* Fills 'error' and returns TI_ENOMEM. */
enum ti_status tid_out_of_memory(struct ti_error *error);

#endif
