/* SPDX-License-Identifier: MIT */
/* Strided views of a tensor: see view.h. */
#include "core/base/view.h"

void ti_view_simplify(struct ti_view *view) {
    unsigned rank = 0;
    if (view->elems == 0) {
        view->rank = 0;
        return;
    }
    for (unsigned i = 0; i < view->rank; i++) {
        const uint64_t dim = view->shape[i];
        const int64_t stride = view->stride[i];
        if (dim == 1) continue;
        /* Merge with the axis before if its step is as long as all of this axis. */
        if (rank > 0 && view->stride[rank - 1] == stride * (int64_t)dim) {
            view->shape[rank - 1] *= dim;
            view->stride[rank - 1] = stride;
        } else {
            view->shape[rank] = dim;
            view->stride[rank++] = stride;
        }
    }
    view->rank = rank;
}

bool ti_view_is_run(const struct ti_view *view) {
    return view->rank == 0 || (view->rank == 1 && view->stride[0] == 1);
}

void ti_view_runs(const struct ti_view *view, uint64_t first, uint64_t count,
                  void (*run)(void *state, uint64_t elem, int64_t stride, uint64_t count),
                  void *state) {
    uint64_t index[TI_MAX_RANK], elem = view->base;
    if (view->rank == 0) {
        if (count > 0) run(state, elem, 1, count);
        return;
    }
    const unsigned last = view->rank - 1;
    const int64_t stride = view->stride[last];
    for (unsigned i = view->rank; i-- > 0; first /= view->shape[i]) {
        index[i] = first % view->shape[i];
        elem += index[i] * (uint64_t)view->stride[i];
    }
    while (count > 0) {
        const uint64_t left = view->shape[last] - index[last];
        const uint64_t now = left < count ? left : count;
        run(state, elem, stride, now);
        count -= now;
        elem += now * (uint64_t)stride;
        index[last] += now;
        /* Carry into the outer axes. */
        for (unsigned i = last; i > 0 && index[i] == view->shape[i]; i--) {
            elem -= view->shape[i] * (uint64_t)view->stride[i];
            elem += (uint64_t)view->stride[i - 1];
            index[i] = 0;
            index[i - 1]++;
        }
    }
}
