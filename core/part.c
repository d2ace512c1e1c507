/* SPDX-License-Identifier: MIT */
/* Which part of the tensor is asked for: see part.h. */
#include "core/part.h"

static void whole(const struct ti_spec *spec, struct ti_view *view) {
    int64_t stride = 1;
    view->rank = spec->rank;
    view->base = 0;
    for (unsigned i = spec->rank; i-- > 0;) {
        view->shape[i] = spec->shape[i];
        view->stride[i] = stride;
        /* Dims of 0 leave nothing to stride over; the plan has checked the others. */
        if (spec->shape[i] > 0) stride *= (int64_t)spec->shape[i];
    }
}

static enum ti_status permute(const struct ti_axes *axes, struct ti_view *view,
                              struct ti_error *error) {
    const struct ti_view before = *view;
    uint64_t seen = 0;
    for (unsigned i = 0; i < axes->count; i++) {
        int64_t axis = axes->axis[i] < 0 ? axes->axis[i] + view->rank : axes->axis[i];
        bool fits = axis >= 0 && axis < view->rank;
        if (!fits || axes->count != view->rank || seen >> axis & 1) {
            return ti_error_set(error, TI_EVALUE, "permute",
                                "permute must name each of the %u axes once", view->rank);
        }
        seen |= (uint64_t)1 << axis;
        view->shape[i] = before.shape[axis];
        view->stride[i] = before.stride[axis];
    }
    return TI_OK;
}

/* start:stop:step within a dim, as Python's slice.indices() resolves it. */
static void resolve_range(const struct ti_slice_item *item, uint64_t dim, uint64_t *start,
                          uint64_t *count) {
    const int64_t n = (int64_t)dim, step = item->step;
    const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? n : n - 1;
    int64_t first = step > 0 ? lowest : highest, last = step > 0 ? highest : lowest;
    if (item->has_start) {
        first = item->start < 0 ? item->start + n : item->start;
        if (first < lowest) first = lowest;
        if (first > highest) first = highest;
    }
    if (item->has_stop) {
        last = item->stop < 0 ? item->stop + n : item->stop;
        if (last < lowest) last = lowest;
        if (last > highest) last = highest;
    }
    const uint64_t distance = step > 0 ? (last > first ? (uint64_t)(last - first) : 0)
                                       : (first > last ? (uint64_t)(first - last) : 0);
    const uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    *start = first < 0 ? 0 : (uint64_t)first;
    *count = distance == 0 ? 0 : (distance - 1) / stride + 1;
}

static enum ti_status slice(const struct ti_slice *items, struct ti_view *view,
                            struct ti_error *error) {
    const struct ti_view before = *view;
    const unsigned named = items->count - items->has_ellipsis;
    unsigned axis = 0, kept = 0;
    if (named > before.rank) {
        return ti_error_set(error, TI_EVALUE, "slice",
                            "slice has %u axes, the tensor has %u", named, before.rank);
    }
    for (unsigned i = 0; i < items->count; i++) {
        const struct ti_slice_item *item = &items->item[i];
        if (item->kind == TI_SLICE_ELLIPSIS) {
            for (unsigned k = before.rank - named; k > 0; k--, axis++, kept++) {
                view->shape[kept] = before.shape[axis];
                view->stride[kept] = before.stride[axis];
            }
            continue;
        }
        const uint64_t dim = before.shape[axis];
        const int64_t stride = before.stride[axis++];
        if (item->kind == TI_SLICE_INDEX) {
            int64_t at = item->start < 0 ? item->start + (int64_t)dim : item->start;
            if (at < 0 || (uint64_t)at >= dim) {
                return ti_error_set(
                    error, TI_EVALUE, "slice",
                    "index %lld is outside axis %u, which has %llu elements",
                    (long long)item->start, axis - 1, (unsigned long long)dim);
            }
            view->base += (uint64_t)(at * stride);
        } else {
            uint64_t start;
            resolve_range(item, dim, &start, &view->shape[kept]);
            /* One element has no stride: a step may be anything, also beyond the tensor. */
            view->stride[kept] = view->shape[kept] > 1 ? stride * item->step : stride;
            if (view->shape[kept] > 0) view->base += start * (uint64_t)stride;
            kept++;
        }
    }
    for (; axis < before.rank; axis++, kept++) {
        view->shape[kept] = before.shape[axis];
        view->stride[kept] = before.stride[axis];
    }
    view->rank = kept;
    return TI_OK;
}

/* Each splits what is left, as torch.chunk does: all parts of ceil(n / count) but the last. */
static enum ti_status shard(const struct ti_shards *shards, struct ti_view *view,
                            struct ti_error *error) {
    for (unsigned i = 0; i < shards->count; i++) {
        const struct ti_shard *one = &shards->shard[i];
        int64_t axis = one->axis < 0 ? one->axis + view->rank : one->axis;
        if (axis < 0 || axis >= view->rank) {
            return ti_error_set(error, TI_EVALUE, "shard",
                                "there is no axis %lld: the tensor has %u",
                                (long long)one->axis, view->rank);
        }
        const uint64_t n = view->shape[axis];
        const uint64_t size = n / one->count + (n % one->count > 0);
        uint64_t left = 0;
        if (size > 0 && one->index <= n / size) {
            const uint64_t start = one->index * size;
            left = n - start < size ? n - start : size;
            if (left > 0) view->base += start * (uint64_t)view->stride[axis];
        }
        view->shape[axis] = left;
    }
    return TI_OK;
}

enum ti_status ti_part_resolve(const struct ti_spec *spec, struct ti_view *view,
                               struct ti_error *error) {
    enum ti_status status = TI_OK;
    whole(spec, view);
    if (spec->given[TI_PARAM_slice] && spec->given[TI_PARAM_shard]) {
        return ti_error_set(error, TI_EINAPPLICABLE, "shard",
                            "slice and shard both say which part; give one");
    }
    if (spec->given[TI_PARAM_permute]) status = permute(&spec->permute, view, error);
    if (status == TI_OK && spec->given[TI_PARAM_slice]) {
        status = slice(&spec->slice, view, error);
    }
    if (status == TI_OK && spec->given[TI_PARAM_shard]) {
        status = shard(&spec->shard, view, error);
    }
    view->elems = 1;
    for (unsigned i = 0; i < view->rank; i++) {
        view->elems = view->shape[i] == 0 ? 0 : view->elems * view->shape[i];
        if (view->elems == 0) break;
    }
    return status;
}

void ti_view_simplify(struct ti_view *view) {
    unsigned kept = 0;
    if (view->elems == 0) {
        view->rank = 0;
        return;
    }
    for (unsigned i = 0; i < view->rank; i++) {
        const uint64_t dim = view->shape[i];
        const int64_t stride = view->stride[i];
        if (dim == 1) continue;
        /* An outer axis whose steps end where the next one's begin is the same axis. */
        if (kept > 0 && view->stride[kept - 1] == stride * (int64_t)dim) {
            view->shape[kept - 1] *= dim;
            view->stride[kept - 1] = stride;
        } else {
            view->shape[kept] = dim;
            view->stride[kept++] = stride;
        }
    }
    view->rank = kept;
}

bool ti_view_is_run(const struct ti_view *view) {
    return view->rank == 0 || (view->rank == 1 && view->stride[0] == 1);
}
