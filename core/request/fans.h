/* SPDX-License-Identifier: MIT */
/* Fans: the number of inputs and outputs of a unit. docs/SPEC.md, "Fans". */
#ifndef TI_FANS_H
#define TI_FANS_H

#include "core/base/error.h"
#include "core/request/spec.h"

struct ti_fans {
    /* whether 'in' and 'out' exist */
    bool has_in, has_out;
    uint64_t in, out;
    /* with icnr=: outputs that are equal; else 0 or 1 */
    uint64_t copies;
    /* the fan, or the mean of both, that the mode selects; 0 if a dim is 0 */
    double n;
};

/*
 * Computes the fans from the full shape, or takes those of the request, and the one that
 * 'mode' selects.
 *
 * Returns TI_OK; TI_EVALUE if the mode needs a fan that neither shape nor request have,
 * if an axis does not exist, or if groups or the copies of icnr do not divide a dim; TI_EMISSING if one of
 * input_axes and output_axes is; TI_EINAPPLICABLE if a parameter about the shape's fans
 * is given, but they are not used.
 */
enum ti_status ti_fans_resolve(const struct ti_spec *spec, enum ti_mode mode,
                               struct ti_fans *fans, struct ti_error *error);

/*
 * The axes of a list of the request, none if it is not given, as bits.
 *
 * Returns TI_OK; TI_EVALUE with the parameter if one does not exist or is named twice.
 */
enum ti_status ti_axes_resolve(const struct ti_spec *spec, enum ti_param param,
                               uint64_t *axes, struct ti_error *error);

#endif
