/* SPDX-License-Identifier: MIT */
/* The members of struct ti_plan: plan.c sets them, body.c, stats.c and others read them. */
#ifndef TI_PLAN_H
#define TI_PLAN_H

#include <tensorinit/body.h>
#include <tensorinit/factor.h>
#include <tensorinit/plan.h>

#include "core/kernels/kernels.h"
#include "core/orthogonal/orthogonal_cost.h"
#include "core/request/part.h"
#include "core/request/schemes/schemes.h"
#include "core/values/sampler.h"

struct ti_plan {
    struct ti_plan_info info;
    /* of the canonical request; TI_LAYOUT_OI if the scheme has none. Fans apart, only
       core/propagation/ asks which axis the inputs are */
    enum ti_layout layout;
    enum ti_format format;
    struct ti_format_options options;
    const struct ti_kernels *kernels;
    struct ti_dist dist;
    struct ti_sampler sampler;
    /* borrowed; NULL before ti_plan_use() and for plans that need none */
    const struct ti_factor *factor;
    /* with a simplified view */
    struct ti_part part;
    /* of an orthogonal tensor */
    struct ti_orthogonal_cost cost;
    /* 'info' points to these */
    char *query;
    char name[TI_MAX_NAME_BYTES + 1];
    char framework_name[TI_MAX_SCHEME_BYTES];
};

/* As ti_plan_make(), whose error texts may end with hints, without these. */
enum ti_status ti_plan_resolve(const struct ti_spec *spec, struct ti_plan **plan,
                               struct ti_error *error);

/* Sets the members of 'info' that describe the distribution, but its bounds in the dtype. */
void ti_plan_describe(const struct ti_dist *dist, struct ti_plan_info *info);

/* Fills in what 'info' says of the factorization that the plan needs; TI_ETOOLARGE. */
enum ti_status ti_plan_factor(struct ti_plan *plan, struct ti_error *error);

#endif
