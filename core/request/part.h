/* SPDX-License-Identifier: MIT */
/*
 * The part of a tensor that a request asks for: permute, slice and shard, as one view with a
 * stride for each axis, as numpy has it. Values never depend on it: an element keeps its place
 * in the full tensor.
 */
#ifndef TI_PART_H
#define TI_PART_H

#include "core/base/error.h"
#include "core/request/spec.h"

/*
 * A view: element (i0, i1, ...) is number base + i0 * stride[0] + i1 * stride[1] + ... of the
 * full tensor. No strides mean anything where 'elems' is 0.
 */
struct ti_view {
    unsigned rank;
    uint64_t shape[TI_MAX_RANK];
    int64_t stride[TI_MAX_RANK];
    uint64_t base;
    uint64_t elems;
};

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

/* The same elements in the same order with as few axes as can be: what loops run over. */
void ti_view_simplify(struct ti_view *view);

/*
 * Calls 'run' for elements [first, first + count) of a simplified view, in order: for as many at
 * a time as are equally far apart, 'stride', from number 'elem' of the full tensor on.
 */
void ti_view_runs(const struct ti_view *view, uint64_t first, uint64_t count,
                  void (*run)(void *state, uint64_t elem, int64_t stride, uint64_t count),
                  void *state);

/* Whether the view is one run of neighbours from 'base' on. Of a simplified view. */
bool ti_view_is_run(const struct ti_view *view);

#endif
