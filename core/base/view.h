/* SPDX-License-Identifier: MIT */
/*
 * Strided views, as numpy has them: which elements of the full tensor a part holds, in order.
 */
#ifndef TI_VIEW_H
#define TI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/spec.h>

/*
 * Element (i0, i1, ...) of the view is element base + i0 * stride[0] + i1 * stride[1] + ... of
 * the full tensor. Strides mean nothing where 'elems' is 0.
 */
struct ti_view {
    unsigned rank;
    uint64_t shape[TI_MAX_RANK];
    int64_t stride[TI_MAX_RANK];
    uint64_t base;
    uint64_t elems;
};

/* Merges axes where that keeps elements and order: loops then run over as few as possible. */
void ti_view_simplify(struct ti_view *view);

/*
 * Calls 'run' for elements [first, first + count) of a simplified view, in order: once for each
 * run of 'count' elements 'stride' apart from element 'elem' of the full tensor.
 */
void ti_view_runs(const struct ti_view *view, uint64_t first, uint64_t count,
                  void (*run)(void *state, uint64_t elem, int64_t stride, uint64_t count),
                  void *state);

/* Whether a simplified view is contiguous from 'base' on. */
bool ti_view_is_run(const struct ti_view *view);

#endif
