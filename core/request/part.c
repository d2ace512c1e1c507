/* SPDX-License-Identifier: MIT */
/* Resolving permute, slice and shard: see part.h. */
#include "core/request/part.h"

static void select_all(const struct ti_spec *spec, struct ti_part *part) {
    part->rank = spec->rank;
    for (unsigned i = 0; i < spec->rank; i++) {
        const struct ti_selection all = {false, 0, spec->shape[i], 1};
        part->axis[i] = i;
        part->dim[i] = spec->shape[i];
        part->selection[i] = all;
    }
}

static enum ti_status permute(const struct ti_spec *spec, struct ti_part *part,
                              struct ti_error *error) {
    const struct ti_axes *axes = &spec->permute;
    uint64_t seen = 0;
    for (unsigned i = 0; i < axes->count; i++) {
        int64_t axis = axes->axis[i] < 0 ? axes->axis[i] + spec->rank : axes->axis[i];
        bool fits = axis >= 0 && axis < spec->rank && axes->count == spec->rank;
        if (!fits || seen >> axis & 1) {
            return ti_error_set(error, TI_EVALUE, "permute",
                                "permute must name each of the %u axes once", spec->rank);
        }
        seen |= (uint64_t)1 << axis;
        part->axis[i] = (unsigned)axis;
        part->dim[i] = part->selection[i].count = spec->shape[axis];
    }
    return TI_OK;
}

/* start:stop:step within a dim, as Python's slice.indices() resolves it. */
static struct ti_selection select_range(const struct ti_slice_item *item, uint64_t dim) {
    const int64_t n = (int64_t)dim, step = item->step;
    const int64_t min = step > 0 ? 0 : -1, max = step > 0 ? n : n - 1;
    int64_t first = step > 0 ? min : max, last = step > 0 ? max : min;
    if (item->has_start) {
        first = item->start < 0 ? item->start + n : item->start;
        if (first < min) first = min;
        if (first > max) first = max;
    }
    if (item->has_stop) {
        last = item->stop < 0 ? item->stop + n : item->stop;
        if (last < min) last = min;
        if (last > max) last = max;
    }
    struct ti_selection selected = {false, 0, 0, 1};
    const uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    if (step > 0 ? last > first : first > last) {
        const uint64_t distance = (uint64_t)(step > 0 ? last - first : first - last);
        selected.start = (uint64_t)first;
        selected.count = (distance - 1) / stride + 1;
        /* The step of one element has no meaning and may be larger than the tensor. */
        if (selected.count > 1) selected.step = step;
    }
    return selected;
}

static enum ti_status select_index(const struct ti_slice_item *item, unsigned axis,
                                   uint64_t dim, struct ti_selection *selected,
                                   struct ti_error *error) {
    int64_t at = item->start < 0 ? item->start + (int64_t)dim : item->start;
    const struct ti_selection one = {true, (uint64_t)at, 1, 1};
    if (at < 0 || (uint64_t)at >= dim) {
        return ti_error_set(error, TI_EVALUE, "slice",
                            "index %lld is outside axis %u, whose size is %llu",
                            (long long)item->start, axis, (unsigned long long)dim);
    }
    *selected = one;
    return TI_OK;
}

static enum ti_status slice(const struct ti_slice *items, struct ti_part *part,
                            struct ti_error *error) {
    const unsigned named = items->count - items->has_ellipsis;
    enum ti_status status = TI_OK;
    if (named > part->rank) {
        return ti_error_set(error, TI_EVALUE, "slice",
                            "slice has %u axes; the tensor has %u dimensions", named,
                            part->rank);
    }
    for (unsigned i = 0, axis = 0; i < items->count && status == TI_OK; i++) {
        const struct ti_slice_item *item = &items->item[i];
        if (item->kind == TI_SLICE_ELLIPSIS) {
            axis += part->rank - named;
        } else if (item->kind == TI_SLICE_INDEX) {
            status =
                select_index(item, axis, part->dim[axis], &part->selection[axis], error);
            axis++;
        } else {
            part->selection[axis] = select_range(item, part->dim[axis]);
            axis++;
        }
    }
    return status;
}

/* Each shard splits the part before it, as torch.chunk does: parts of ceil(n / count). */
static enum ti_status shard(const struct ti_shards *shards, struct ti_part *part,
                            struct ti_error *error) {
    for (unsigned i = 0; i < shards->count; i++) {
        const struct ti_shard *one = &shards->shard[i];
        int64_t axis = one->axis < 0 ? one->axis + part->rank : one->axis;
        if (axis < 0 || axis >= part->rank) {
            return ti_error_set(error, TI_EVALUE, "shard",
                                "axis %lld does not exist; the tensor has %u dimensions",
                                (long long)one->axis, part->rank);
        }
        struct ti_selection *selected = &part->selection[axis];
        const uint64_t n = selected->count;
        const uint64_t size = n / one->count + (n % one->count > 0);
        const bool empty = size == 0 || one->index >= (n - 1) / size + 1;
        const uint64_t start = empty ? 0 : one->index * size;
        selected->start = empty ? 0 : selected->start + start;
        selected->count = empty ? 0 : n - start < size ? n - start : size;
    }
    return TI_OK;
}

static void view(const struct ti_spec *spec, struct ti_part *part) {
    struct ti_view *made = &part->view;
    int64_t stride[TI_MAX_RANK], product = 1;
    for (unsigned i = spec->rank; i-- > 0;) {
        stride[i] = product;
        /* Strides do not matter if a dim is 0; plan.c has checked the product of
           others. */
        if (spec->shape[i] > 0) product *= (int64_t)spec->shape[i];
    }
    made->elems = 1;
    for (unsigned i = 0; i < part->rank; i++) {
        const struct ti_selection *selected = &part->selection[i];
        const int64_t axis_stride = stride[part->axis[i]];
        made->base += selected->start * (uint64_t)axis_stride;
        /* No overflow: plan.c has checked the product, and a 0 stays 0. */
        made->elems *= selected->count;
        if (selected->drops_axis) continue;
        made->shape[made->rank] = selected->count;
        made->stride[made->rank++] = axis_stride * selected->step;
    }
}

enum ti_status ti_part_resolve(const struct ti_spec *spec, struct ti_part *part,
                               struct ti_error *error) {
    enum ti_status status = TI_OK;
    select_all(spec, part);
    if (spec->given[TI_PARAM_slice] && spec->given[TI_PARAM_shard]) {
        return ti_error_set(error, TI_EINAPPLICABLE, "shard",
                            "slice and shard both select a part; give one of them");
    }
    if (spec->given[TI_PARAM_permute]) status = permute(spec, part, error);
    if (status == TI_OK && spec->given[TI_PARAM_slice]) {
        status = slice(&spec->slice, part, error);
    }
    if (status == TI_OK && spec->given[TI_PARAM_shard]) {
        status = shard(&spec->shard, part, error);
    }
    if (status == TI_OK) view(spec, part);
    return status;
}
