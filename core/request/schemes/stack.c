/* SPDX-License-Identifier: MIT */
/*
 * batch_axis= of orthogonal, delta_orthogonal, identity and zero_hadamard: the tensor is a stack
 * of matrices, and the axes that are not named form the matrix. (With fans, fans.c reads it.)
 */
#include <stdio.h>

#include "core/request/schemes/schemes.h"

static enum ti_status refuse_rank(const struct ti_spec *spec, unsigned min, unsigned max,
                                  unsigned rank, struct ti_error *error) {
    char wanted[32];
    if (max == TI_MAX_RANK) {
        snprintf(wanted, sizeof wanted, "%u or more", min);
    } else if (max == min) {
        snprintf(wanted, sizeof wanted, "%u", min);
    } else {
        snprintf(wanted, sizeof wanted, "%u, %u, or %u", min, min + 1, max);
    }
    return ti_error_set(
        error, TI_EVALUE, "shape",
        "Only tensors with %s dimensions%s are supported; this one has %u", wanted,
        spec->given[TI_PARAM_batch_axis] ? " besides those of batch_axis" : "", rank);
}

enum ti_status ti_scheme_stack(const struct ti_spec *spec, unsigned min, unsigned max,
                               struct ti_stack *stack, struct ti_error *error) {
    struct ti_stack found = {0};
    const enum ti_status status =
        ti_axes_resolve(spec, TI_PARAM_batch_axis, &found.batches, error);
    if (status != TI_OK) return status;
    for (unsigned i = 0; i < spec->rank; i++) {
        if (!(found.batches >> i & 1)) found.axis[found.rank++] = i;
    }
    if (found.rank < min || found.rank > max)
        return refuse_rank(spec, min, max, found.rank, error);
    *stack = found;
    return TI_OK;
}
