/* SPDX-License-Identifier: MIT */
/* From a query to a plan and its body: what /v1/tensor, /v1/plan and /v1/stats share. */
#ifndef TID_PLANNED_H
#define TID_PLANNED_H

#include <stdbool.h>

#include <tensorinit/body.h>
#include <tensorinit/plan.h>
#include <tensorinit/warnings.h>

#include "server/context.h"
#include "server/endpoints/admitted.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/work/factor_cache.h"

/* What a number takes to be written as text: the shortest decimals. */
#define TID_TEXT_NS_PER_ELEM 20.0

struct tid_planned {
    struct ti_plan *plan;
    struct ti_body *body;
    bool negotiated; /* the query names no format, so Accept decides */
    struct ti_warning warnings[TI_WARNINGS_MAX];
    unsigned warning_count;
    /*
     * Of the factorization that the plan needs, and what the values are computed in; NULL:
     * none, or nothing is to be computed.
     */
    struct tid_lease *lease;
    void *workspace;
    struct tid_admitted admitted;
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

/* Whether the values need a factorization: only threads of the pool may compute them. */
bool tid_planned_computes(const struct tid_planned *planned);

/* The scheme, as an index for ti_scheme_get(). */
unsigned tid_planned_scheme(const struct tid_planned *planned);

/* What a byte of the body takes to generate, in nanoseconds. */
double tid_planned_ns_per_byte(const struct tid_planned *planned);

/*
 * Whether the limits of this server allow the tensor, whatever range of it is requested. If
 * not, the problem is in '*response'.
 */
bool tid_planned_allowed(const struct tid_planned *planned,
                         const struct tid_context *context,
                         struct tid_response *response);

/* What a response takes of the server. */
enum tid_work {
    TID_WORK_NONE,    /* no value is computed */
    TID_WORK_STREAM,  /* a worker may generate it, unless it is too dear */
    TID_WORK_COMPUTE, /* the pool computes it */
};

/*
 * Gets what a response that computes values needs: memory for 'buffer_bytes' that the
 * endpoint will allocate, a workspace, a lease of the factorization, and for what the pool
 * computes one of the computations that the client may have. With TID_WORK_NONE only checks
 * that the server could. False, with the problem in '*response', if it cannot.
 */
bool tid_planned_prepare(struct tid_planned *planned, const struct tid_context *context,
                         const struct tid_request *request, size_t buffer_bytes,
                         enum tid_work work, struct tid_response *response);

/*
 * Gives the plan its factorization, before values are computed: each time, since it may
 * have been computed again. False if there is none although the plan needs one.
 */
bool tid_planned_use_factor(struct tid_planned *planned);

#endif
