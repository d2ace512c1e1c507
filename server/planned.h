/* SPDX-License-Identifier: MIT */
/*
 * From a request's query to a planned tensor and its body: what /v1/tensor and /v1/plan
 * have in common.
 */
#ifndef TID_PLANNED_H
#define TID_PLANNED_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>

#include "request.h"

/* 'negotiated': the request names no format, so it was chosen for it. */
struct tid_planned {
    struct ti_plan *plan;
    struct ti_body *body;
    bool negotiated;
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

/* Fills 'error' and returns TI_ENOMEM. */
enum ti_status tid_out_of_memory(struct ti_error *error);

#endif
