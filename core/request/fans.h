/* SPDX-License-Identifier: MIT */
/* Fans: how many inputs and outputs a unit of the tensor has. Rules in docs/SPEC.md. */
#ifndef TI_FANS_H
#define TI_FANS_H

#include "core/base/error.h"
#include "core/request/spec.h"

struct ti_fans {
    bool has_in, has_out;
    uint64_t in, out;
    double n; /* the fan, or the mean of both, that the mode selects; 0 if a dim is 0 */
};

/*
 * Fans of the spec's full shape, or as given outright, and the one that 'mode' selects.
 *
 * Returns TI_OK; TI_EVALUE if the shape has none and none were given, or groups do not divide
 * a dim; TI_EINAPPLICABLE if layout, groups or transposed are given although both fans are.
 */
enum ti_status ti_fans_resolve(const struct ti_spec *spec, enum ti_mode mode,
                               struct ti_fans *fans, struct ti_error *error);

#endif
