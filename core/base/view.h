/* SPDX-License-Identifier: MIT */
/*
 * Strided views, as in numpy: which elements of the full tensor a part has, in order.
 */
#ifndef TI_VIEW_H
#define TI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/spec.h>

/*
 * Element (i0, i1, ...) of the view is element base + i0 * stride[0] + i1 * stride[1] +
 * ... of the full tensor.
 */
struct ti_view {
    unsigned rank;
    uint64_t shape[TI_MAX_RANK];
    /* without meaning if 'elems' is 0 */
    int64_t stride[TI_MAX_RANK];
    uint64_t base;
    /* product of 'shape' */
    uint64_t elems;
};

/* Merges axes, without changing the elements or their order, for fewer and longer
   loops. */
void ti_view_simplify(struct ti_view *view);

/*
 * Splits elements [first, first + count) of a simplified view into runs: calls 'run', in
 * order, for 'count' elements that start at element 'elem' of the full tensor and are
 * 'stride' apart.
 */
void ti_view_runs(const struct ti_view *view, uint64_t first, uint64_t count,
                  void (*run)(void *state, uint64_t elem, int64_t stride, uint64_t count),
                  void *state);

/* Whether a simplified view is contiguous from 'base' on. */
bool ti_view_is_run(const struct ti_view *view);

#endif
