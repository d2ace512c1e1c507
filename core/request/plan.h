/* SPDX-License-Identifier: MIT */
/* Inside of a struct ti_plan, for formats/. */
#ifndef TI_PLAN_H
#define TI_PLAN_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>
#include <tensorinit/factor.h>

#include "core/values/sampler.h"
#include "core/kernels/kernels.h"
#include "core/request/part.h"
#include "core/request/schemes/schemes.h"

struct ti_plan {
    struct ti_plan_info info;
    enum ti_format format;
    const struct ti_kernels *kernels;
    enum ti_json json;
    struct ti_dist dist;
    struct ti_sampler sampler;
    const struct ti_factor
        *factor;         /* borrowed; NULL if none is needed or none is given yet */
    struct ti_part part; /* its view simplified */
    char *query;
    size_t name_bytes;
    char name[TI_MAX_NAME_BYTES + 1];
    char framework_name[TI_MAX_SCHEME_BYTES];
};

#endif
