/* SPDX-License-Identifier: MIT */
/*
 * The part of a tensor that a request asks for: permute, slice and shard, as one view with a
 * stride for each axis, as numpy has it. Values never depend on it: an element keeps its place
 * in the full tensor.
 */
#ifndef TI_PART_H
#define TI_PART_H

#include "core/base/error.h"
#include "core/base/view.h"
#include "core/request/spec.h"

/* What is taken of an axis: 'count' places, 'step' apart, from 'start' on; an index takes one
   and drops the axis. */
struct ti_taken {
    bool index;
    uint64_t start, count;
    int64_t step;
};

/*
 * A part, resolved: the view, and how it came about, which is the same for all ways to ask for
 * it: 'axis' is the permutation, 'taken' goes with the permuted axes, 'dim' is their size.
 */
struct ti_part {
    struct ti_view view;
    unsigned rank;
    unsigned axis[TI_MAX_RANK];
    uint64_t dim[TI_MAX_RANK];
    struct ti_taken taken[TI_MAX_RANK];
};

/*
 * The part of the spec's shape that its permute, slice and shard leave, in this order.
 *
 * Returns TI_OK; TI_EVALUE or TI_EINAPPLICABLE with the field at fault.
 */
enum ti_status ti_part_resolve(const struct ti_spec *spec, struct ti_part *part,
                               struct ti_error *error);

#endif
