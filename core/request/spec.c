/* SPDX-License-Identifier: MIT */
/* Parameters from text into a struct ti_spec, each checked by itself. */
#include "core/request/spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"

enum ti_status ti_spec_make(struct ti_spec **spec) {
    struct ti_spec *made = calloc(1, sizeof *made);
    if (!made) return TI_ENOMEM;
    *spec = made;
    return TI_OK;
}

void ti_spec_free(struct ti_spec *spec) { free(spec); }

/*
 * One reader a kind: true and the value stored if the text is of that kind. A reader changes
 * nothing else of the spec, so that a refused value leaves it as it was.
 */
typedef bool reader(struct ti_spec *spec, enum ti_param param, const char *text,
                    size_t n);

static bool read_shape(struct ti_spec *spec, enum ti_param param, const char *text,
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
    memcpy(spec->shape, shape, sizeof shape);
    spec->rank = rank;
    return true;
}

static bool read_scheme(struct ti_spec *spec, enum ti_param param, const char *text,
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

static bool read_seed(struct ti_spec *spec, enum ti_param param, const char *text,
                      size_t n) {
    (void)param;
    return ti_text_seed(text, n, &spec->seed);
}

static bool read_name(struct ti_spec *spec, enum ti_param param, const char *text,
                      size_t n) {
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

static bool read_permute(struct ti_spec *spec, enum ti_param param, const char *text,
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
#undef LIST
    default:
        return TI_AXES_output_axes;
    }
}

static bool read_axes(struct ti_spec *spec, enum ti_param param, const char *text,
                      size_t n) {
    struct ti_axes axes = {0};
    if (!ti_text_is(text, n, "none") && !read_axis_list(text, n, &axes)) return false;
    spec->axes[ti_spec_axis_list(param)] = axes;
    return true;
}

/* start:stop:step, each of which may be absent, or an index. */
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

static bool read_slice(struct ti_spec *spec, enum ti_param param, const char *text,
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

static bool read_shard(struct ti_spec *spec, enum ti_param param, const char *text,
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

static bool read_choice(struct ti_spec *spec, enum ti_param param, const char *text,
                        size_t n) {
    unsigned word;
    if (!ti_words_find(ti_param_get(param)->accepts, text, n, &word) &&
        !ti_alias_word_find(param, text, n, &word)) {
        return false;
    }
    spec->value[param].choice = word;
    return true;
}

static bool read_flag(struct ti_spec *spec, enum ti_param param, const char *text,
                      size_t n) {
    if (ti_text_is(text, n, "true") || ti_text_is(text, n, "1")) {
        spec->value[param].flag = true;
    } else if (ti_text_is(text, n, "false") || ti_text_is(text, n, "0")) {
        spec->value[param].flag = false;
    } else {
        return false;
    }
    return true;
}

static bool read_count(struct ti_spec *spec, enum ti_param param, const char *text,
                       size_t n) {
    uint64_t count;
    if (!ti_text_u64(text, n, &count) || count == 0) return false;
    spec->value[param].count = count;
    return true;
}

static bool read_index(struct ti_spec *spec, enum ti_param param, const char *text,
                       size_t n) {
    return ti_text_u64(text, n, &spec->value[param].count);
}

static bool read_integer(struct ti_spec *spec, enum ti_param param, const char *text,
                         size_t n) {
    return ti_text_i64(text, n, &spec->value[param].integer);
}

static bool read_number(struct ti_spec *spec, enum ti_param param, const char *text,
                        size_t n) {
    return ti_text_number(text, n, &spec->value[param].number);
}

static bool read_constant(struct ti_spec *spec, enum ti_param param, const char *text,
                          size_t n) {
    const size_t sign = n > 0 && (text[0] == '-' || text[0] == '+');
    struct ti_integer integer = {0};
    if (!read_number(spec, param, text, n)) return false;
    integer.valid = ti_text_u64(text + sign, n - sign, &integer.magnitude);
    integer.negative = integer.magnitude > 0 && text[0] == '-';
    spec->constant = integer;
    return true;
}

/* A bound in sigmas: a number or, on its own side, an infinity. */
static bool read_sigmas(const char *text, size_t n, const char *infinity, double infinite,
                        double *bound) {
    if (ti_text_is(text, n, infinity)) {
        *bound = infinite;
        return true;
    }
    return ti_text_number(text, n, bound);
}

static bool read_truncation(struct ti_spec *spec, enum ti_param param, const char *text,
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

static reader *const readers[] = {
#define TI_PARAM(name, kind, group, accepts, fallback, meaning) read_##kind,
#include "core/request/params.def"
#undef TI_PARAM
};

/* What is said of a refused value, where PyTorch's and Keras' users know words for it. */
static const struct {
    enum ti_param param;
    const char *words;
} refusals[] = {
    {TI_PARAM_nonlinearity, "Unsupported nonlinearity"},
    {TI_PARAM_mode, "Invalid `mode` argument:"},
    {TI_PARAM_distribution, "Invalid `distribution` argument:"},
};

static enum ti_status refuse(enum ti_param param, const char *value, size_t value_bytes,
                             struct ti_error *error) {
    const struct ti_param_info *info = ti_param_get(param);
    const int shown = value_bytes > 64 ? 64 : (int)value_bytes;
    char words[64];
    snprintf(words, sizeof words, "%s does not take", info->name);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].param != param) continue;
        snprintf(words, sizeof words, "%s", refusals[i].words);
    }
    return ti_error_set(
        error, TI_EVALUE, info->name, "%s '%.*s'; it takes %s%s%s", words, shown, value,
        ti_param_is_choice(param) ? "one of " : "", info->accepts,
        ti_alias_has_words(param) ? ", or with a framework's name that framework's words"
                                  : "");
}

enum ti_status ti_spec_set(struct ti_spec *spec, const char *param, const char *value,
                           size_t value_bytes, struct ti_error *error) {
    enum ti_param which;
    if (!ti_param_find(param, strlen(param), &which)) {
        return ti_error_set(error, TI_EPARAM, param,
                            "there is no parameter '%.64s'; there are: %s", param,
                            ti_param_names());
    }
    if (spec->given[which]) {
        return ti_error_set(error, TI_EDUPLICATE, param, "%s is given more than once",
                            param);
    }
    const struct ti_float_state state = ti_float_enter();
    const bool read = readers[which](spec, which, value, value_bytes);
    ti_float_leave(state);
    if (!read) return refuse(which, value, value_bytes, error);
    spec->given[which] = true;
    return TI_OK;
}
