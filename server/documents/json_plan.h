/* SPDX-License-Identifier: MIT */
/* The document of /v1/plan. */
#ifndef TID_JSON_PLAN_H
#define TID_JSON_PLAN_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>
#include <tensorinit/warnings.h>

/*
 * The document as text from malloc(); NULL if memory runs out. 'isa' is the instruction
 * set that would compute.
 */
char *tid_json_plan(const struct ti_plan *plan, const struct ti_body *body,
                    const struct ti_warning *warnings, unsigned warning_count,
                    const char *isa);

#endif
