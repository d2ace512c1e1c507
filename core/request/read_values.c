/* SPDX-License-Identifier: MIT */
/* Reading parameter values, one function for each kind: see kinds.h. */
#include "core/request/kinds.h"

#include <math.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"
#include "core/request/words.h"

bool ti_read_shape(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    struct ti_text_list list = {text, text + n};
    uint64_t shape[TI_MAX_RANK];
    unsigned rank = 0;
    (void)param;
    if (ti_text_is(text, n, "scalar")) {
        spec->rank = 0;
        return true;
    }
    while (ti_text_next(&list, ',', &text, &n)) {
        if (rank == TI_MAX_RANK || !ti_text_u64(text, n, &shape[rank++])) return false;
    }
    memcpy(spec->shape, shape, rank * sizeof *shape);
    spec->rank = rank;
    return true;
}

bool ti_read_scheme(struct ti_spec *spec, enum ti_param param, const char *text,
                    size_t n) {
    size_t index;
    const struct ti_alias *alias = NULL;
    (void)param;
    if (!ti_scheme_find(text, n, &index)) {
        alias = ti_alias_find(text, n);
        if (!alias || n >= sizeof spec->framework_name) return false;
        index = ti_alias_scheme(alias);
        memcpy(spec->framework_name, text, n);
        spec->framework_name[n] = '\0';
    }
    spec->scheme = index;
    spec->alias = alias;
    return true;
}

bool ti_read_seed(struct ti_spec *spec, enum ti_param param, const char *text, size_t n) {
    (void)param;
    return ti_text_seed(text, n, &spec->seed);
}

bool ti_read_name(struct ti_spec *spec, enum ti_param param, const char *text, size_t n) {
    (void)param;
    if (n > TI_MAX_NAME_BYTES || !ti_text_is_utf8(text, n)) return false;
    memcpy(spec->name, text, n);
    spec->name[n] = '\0';
    spec->name_bytes = n;
    return true;
}

static bool read_axis_list(const char *text, size_t n, struct ti_axes *axes) {
    struct ti_text_list list = {text, text + n};
    axes->count = 0;
    while (ti_text_next(&list, ',', &text, &n)) {
        if (axes->count == TI_MAX_RANK ||
            !ti_text_i64(text, n, &axes->axis[axes->count++])) {
            return false;
        }
    }
    return true;
}

bool ti_read_permute(struct ti_spec *spec, enum ti_param param, const char *text,
                     size_t n) {
    struct ti_axes axes = {0};
    (void)param;
    if (!read_axis_list(text, n, &axes)) return false;
    spec->permute = axes;
    return true;
}

enum ti_axis_list ti_spec_axis_list(enum ti_param param) {
    switch (param) {
#define LIST(name)                                                                       \
    case TI_PARAM_##name:                                                                \
        return TI_AXES_##name;
        LIST(in_axis)
        LIST(out_axis)
        LIST(batch_axis)
        LIST(input_axes)
        LIST(output_axes)
#undef LIST
    default:
        return TI_AXES_fan_in_axes;
    }
}

bool ti_read_axes(struct ti_spec *spec, enum ti_param param, const char *text, size_t n) {
    struct ti_axes axes = {0};
    if (!ti_text_is(text, n, "none") && !read_axis_list(text, n, &axes)) return false;
    spec->axes[ti_spec_axis_list(param)] = axes;
    return true;
}

/* start:stop:step, each of which may be absent; or an index. */
static bool read_slice_item(const char *text, size_t n, struct ti_slice_item *item) {
    struct ti_text_list list = {text, text + n};
    item->step = 1;
    item->kind = memchr(text, ':', n) ? TI_SLICE_RANGE : TI_SLICE_INDEX;
    if (item->kind == TI_SLICE_INDEX) return ti_text_i64(text, n, &item->start);
    for (int i = 0; ti_text_next(&list, ':', &text, &n); i++) {
        int64_t *const value[] = {&item->start, &item->stop, &item->step};
        if (i > 2 || (n > 0 && !ti_text_i64(text, n, value[i]))) return false;
        if (i == 0) item->has_start = n > 0;
        if (i == 1) item->has_stop = n > 0;
    }
    return item->step != 0 && item->step != INT64_MIN;
}

bool ti_read_slice(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    struct ti_text_list list = {text, text + n};
    struct ti_slice slice = {0};
    (void)param;
    while (ti_text_next(&list, ',', &text, &n)) {
        if (slice.count == TI_MAX_RANK + 1) return false;
        struct ti_slice_item *item = &slice.item[slice.count++];
        if (ti_text_is(text, n, "...")) {
            if (slice.has_ellipsis) return false;
            slice.has_ellipsis = true;
            item->kind = TI_SLICE_ELLIPSIS;
        } else if (!read_slice_item(text, n, item)) {
            return false;
        }
    }
    spec->slice = slice;
    return true;
}

/* axis:index/count */
static bool read_one_shard(const char *text, size_t n, struct ti_shard *shard) {
    struct ti_text_list list = {text, text + n};
    const char *field;
    size_t length;
    if (!ti_text_next(&list, ':', &field, &length) || !list.at ||
        !ti_text_i64(field, length, &shard->axis) ||
        !ti_text_next(&list, '/', &field, &length) || !list.at ||
        !ti_text_u64(field, length, &shard->index)) {
        return false;
    }
    return ti_text_u64(list.at, (size_t)(list.end - list.at), &shard->count) &&
           shard->index < shard->count;
}

bool ti_read_shard(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    struct ti_text_list list = {text, text + n};
    struct ti_shards shards = {0};
    (void)param;
    while (ti_text_next(&list, ',', &text, &n)) {
        if (shards.count == TI_MAX_SHARDS) return false;
        if (!read_one_shard(text, n, &shards.shard[shards.count++])) return false;
    }
    spec->shard = shards;
    return true;
}

bool ti_read_choice(struct ti_spec *spec, enum ti_param param, const char *text,
                    size_t n) {
    unsigned word;
    if (!ti_words_find(ti_param_get(param)->accepts, text, n, &word) &&
        !ti_alias_word_find(param, text, n, &word)) {
        return false;
    }
    spec->value[param].choice = word;
    return true;
}

bool ti_read_flag(struct ti_spec *spec, enum ti_param param, const char *text, size_t n) {
    if (ti_text_is(text, n, "true") || ti_text_is(text, n, "1")) {
        spec->value[param].flag = true;
    } else if (ti_text_is(text, n, "false") || ti_text_is(text, n, "0")) {
        spec->value[param].flag = false;
    } else {
        return false;
    }
    return true;
}

bool ti_read_count(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    uint64_t count;
    if (!ti_text_u64(text, n, &count) || count == 0) return false;
    spec->value[param].count = count;
    return true;
}

bool ti_read_index(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    return ti_text_u64(text, n, &spec->value[param].count);
}

bool ti_read_integer(struct ti_spec *spec, enum ti_param param, const char *text,
                     size_t n) {
    return ti_text_i64(text, n, &spec->value[param].integer);
}

bool ti_read_number(struct ti_spec *spec, enum ti_param param, const char *text,
                    size_t n) {
    return ti_text_number(text, n, &spec->value[param].number);
}

/* A number or one of the infinities. */
static bool read_extended(const char *text, size_t n, double *value) {
    if (ti_text_is(text, n, "-inf")) {
        *value = -INFINITY;
        return true;
    }
    if (ti_text_is(text, n, "inf")) {
        *value = INFINITY;
        return true;
    }
    return ti_text_number(text, n, value);
}

bool ti_read_bound(struct ti_spec *spec, enum ti_param param, const char *text,
                   size_t n) {
    return read_extended(text, n, &spec->value[param].number);
}

bool ti_read_constant(struct ti_spec *spec, enum ti_param param, const char *text,
                      size_t n) {
    const size_t sign = n > 0 && (text[0] == '-' || text[0] == '+');
    struct ti_integer integer = {0};
    if (!read_extended(text, n, &spec->value[param].number)) return false;
    integer.valid = ti_text_u64(text + sign, n - sign, &integer.magnitude);
    integer.negative = integer.magnitude > 0 && text[0] == '-';
    spec->constant = integer;
    return true;
}

/* A bound in sigmas: a number or the infinity of its side. */
static bool read_sigmas(const char *text, size_t n, const char *infinity, double infinite,
                        double *bound) {
    if (ti_text_is(text, n, infinity)) {
        *bound = infinite;
        return true;
    }
    return ti_text_number(text, n, bound);
}

bool ti_read_truncation(struct ti_spec *spec, enum ti_param param, const char *text,
                        size_t n) {
    struct ti_truncation cut = {-INFINITY, INFINITY};
    const char *comma = memchr(text, ',', n);
    (void)param;
    if (comma) {
        size_t low = (size_t)(comma - text);
        if (!read_sigmas(text, low, "-inf", -INFINITY, &cut.low) ||
            !read_sigmas(comma + 1, n - low - 1, "inf", INFINITY, &cut.high)) {
            return false;
        }
    } else if (!ti_text_is(text, n, "none")) {
        if (!ti_text_number(text, n, &cut.high)) return false;
        cut.low = -cut.high;
    }
    if (!ti_truncation_is_valid(cut)) return false;
    spec->truncation = cut;
    return true;
}
