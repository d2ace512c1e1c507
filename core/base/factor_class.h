/* SPDX-License-Identifier: MIT */
/*
 * What a plan may need computed before its first element (<tensorinit/factor.h>): the first
 * member of orthogonal and of sparse factorizations.
 */
#ifndef TI_FACTOR_CLASS_H
#define TI_FACTOR_CLASS_H

#include <stddef.h>

#include <tensorinit/factor.h>

struct ti_factor_class {
    unsigned (*phases)(const struct ti_factor *factor);
    size_t (*tasks)(const struct ti_factor *factor, unsigned phase);
    void (*run)(struct ti_factor *factor, unsigned phase, size_t task);
    void (*free)(struct ti_factor *factor);
};

struct ti_factor {
    const struct ti_factor_class *class;
    /* factor_key of the plan that it was made for */
    char key[sizeof((struct ti_plan_info *)0)->factor_key];
};

#endif
