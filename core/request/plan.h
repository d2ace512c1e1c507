/* SPDX-License-Identifier: MIT */
/* Inside of a struct ti_plan: made by plan.c, read by body.c and stats.c. */
#ifndef TI_PLAN_H
#define TI_PLAN_H

#include <tensorinit/body.h>
#include <tensorinit/factor.h>
#include <tensorinit/plan.h>

#include "core/kernels/kernels.h"
#include "core/request/part.h"
#include "core/request/schemes/schemes.h"
#include "core/values/sampler.h"

struct ti_plan {
    struct ti_plan_info info;
    enum ti_format format;
    enum ti_json json;
    const struct ti_kernels *kernels;
    struct ti_dist dist;
    struct ti_sampler sampler;
    /* borrowed; NULL until ti_plan_use(), and for plans that need none */
    const struct ti_factor *factor;
    /* its view simplified */
    struct ti_part part;
    /* what 'info' points to */
    char *query;
    char name[TI_MAX_NAME_BYTES + 1];
    char framework_name[TI_MAX_SCHEME_BYTES];
};

/* Fills in what 'info' says of the distribution, from 'distribution' to 'high'. */
void ti_plan_describe(const struct ti_dist *dist, struct ti_plan_info *info);

#endif
