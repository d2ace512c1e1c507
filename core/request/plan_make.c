/* SPDX-License-Identifier: MIT */
/* ti_plan_make(): a plan, or an error with hints, which plan.c does not know of. */
#include "core/request/hints.h"
#include "core/request/plan.h"

enum ti_status ti_plan_make(const struct ti_spec *spec, struct ti_plan **plan,
                            struct ti_error *error) {
    const enum ti_status status = ti_plan_resolve(spec, plan, error);
    if (status != TI_OK) ti_hints_for_plan(spec, error);
    return status;
}
