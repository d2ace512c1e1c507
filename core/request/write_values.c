/* SPDX-License-Identifier: MIT */
/* Writing canonical parameter values, one function for each kind: see kinds.h. */
#include "core/request/kinds.h"

#include <math.h>
#include <string.h>

#include <tensorinit/number.h>

#include "core/request/params.h"
#include "core/request/query.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"
#include "core/request/words.h"

size_t ti_write_shape(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    const struct ti_spec *spec = from->spec;
    (void)param;
    return spec->rank == 0 ? ti_text_put("scalar", out)
                           : ti_text_put_list(spec->shape, spec->rank, out);
}

size_t ti_write_scheme(const struct ti_canonical_source *from, enum ti_param param,
                       char *out) {
    (void)param;
    return ti_text_put(from->scheme->info.name, out);
}

size_t ti_write_seed(const struct ti_canonical_source *from, enum ti_param param,
                     char *out) {
    (void)param;
    return ti_text_put_u64(from->spec->seed, out);
}

size_t ti_write_name(const struct ti_canonical_source *from, enum ti_param param,
                     char *out) {
    (void)param;
    return (size_t)(ti_query_encode_all(from->spec->name, from->spec->name_bytes, out) -
                    out);
}

size_t ti_write_permute(const struct ti_canonical_source *from, enum ti_param param,
                        char *out) {
    size_t used = 0;
    bool permuted = false;
    (void)param;
    for (unsigned i = 0; i < from->part->rank; i++) {
        if (i > 0) out[used++] = ',';
        used += ti_text_put_u64(from->part->axis[i], out + used);
        permuted |= from->part->axis[i] != i;
    }
    return permuted ? used : 0;
}

static size_t write_selection(const struct ti_selection *selected, uint64_t dim,
                              char *out) {
    const uint64_t start = selected->start;
    const uint64_t last = start + (selected->count - 1) * (uint64_t)selected->step;
    const bool backwards = selected->step < 0;
    size_t used = 0;
    if (selected->drops_axis) return ti_text_put_u64(start, out);
    if (selected->count == 0 && dim > 0) return ti_text_put("0:0", out);
    if (backwards || start > 0) used = ti_text_put_u64(start, out);
    out[used++] = ':';
    if (backwards && last > 0) used += ti_text_put_u64(last - 1, out + used);
    if (!backwards && dim > 0 && last + 1 < dim) {
        used += ti_text_put_u64(last + 1, out + used);
    }
    if (selected->step != 1) {
        used += ti_text_put(backwards ? ":-" : ":", out + used);
        used += ti_text_put_u64(backwards ? 0 - (uint64_t)selected->step
                                          : (uint64_t)selected->step,
                                out + used);
    }
    return used;
}

/* The part as a slice, whether slice or shard selects it. Leaves out full axes at the
   end. */
size_t ti_write_slice(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    size_t used = 0, needed = 0;
    (void)param;
    for (unsigned i = 0; i < from->part->rank; i++) {
        if (i > 0) out[used++] = ',';
        const size_t item =
            write_selection(&from->part->selection[i], from->part->dim[i], out + used);
        const bool all = item == 1 && out[used] == ':';
        used += item;
        if (!all) needed = used;
    }
    return needed;
}

size_t ti_write_shard(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    (void)from, (void)param, (void)out;
    return 0; /* written as slice */
}

size_t ti_write_choice(const struct ti_canonical_source *from, enum ti_param param,
                       char *out) {
    size_t n;
    const char *word =
        ti_words_at(ti_param_get(param)->accepts, from->spec->value[param].choice, &n);
    memcpy(out, word, n);
    return n;
}

size_t ti_write_flag(const struct ti_canonical_source *from, enum ti_param param,
                     char *out) {
    return ti_text_put(from->spec->value[param].flag ? "true" : "false", out);
}

size_t ti_write_count(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    return ti_text_put_u64(from->spec->value[param].count, out);
}

size_t ti_write_index(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    return ti_write_count(from, param, out);
}

/* Counts negative axes from the first one. */
size_t ti_write_axes(const struct ti_canonical_source *from, enum ti_param param,
                     char *out) {
    const struct ti_axes *axes = &from->spec->axes[ti_spec_axis_list(param)];
    size_t used = 0;
    if (axes->count == 0) return ti_text_put("none", out);
    for (unsigned i = 0; i < axes->count; i++) {
        const int64_t axis = axes->axis[i];
        if (i > 0) out[used++] = ',';
        used += ti_text_put_u64((uint64_t)(axis < 0 ? axis + from->spec->rank : axis),
                                out + used);
    }
    return used;
}

/* An index of axis 0, counted from the first. Frameworks' parameters of this kind are not in
   canonical requests. */
size_t ti_write_integer(const struct ti_canonical_source *from, enum ti_param param,
                        char *out) {
    const int64_t index = from->spec->value[param].integer;
    if (ti_param_get(param)->framework) return 0;
    return ti_text_put_u64((index < 0 ? from->spec->shape[0] : 0) + (uint64_t)index, out);
}

/* No -0: 0 is the same request. */
static size_t write_number(double number, char *out) {
    return ti_number_text(number + 0.0, out);
}

size_t ti_write_number(const struct ti_canonical_source *from, enum ti_param param,
                       char *out) {
    return write_number(from->spec->value[param].number, out);
}

/* The infinities have no canonical form: a request without a bound leaves it out. */
size_t ti_write_bound(const struct ti_canonical_source *from, enum ti_param param,
                      char *out) {
    (void)from, (void)param, (void)out;
    return 0;
}

size_t ti_write_constant(const struct ti_canonical_source *from, enum ti_param param,
                         char *out) {
    const struct ti_integer *integer = &from->spec->constant;
    const double number = from->spec->value[param].number;
    if (isinf(number)) return ti_text_put(number < 0 ? "-inf" : "inf", out);
    if (!integer->valid) return ti_write_number(from, param, out);
    const size_t sign = ti_text_put(integer->negative ? "-" : "", out);
    return sign + ti_text_put_u64(integer->magnitude, out + sign);
}

size_t ti_write_truncation(const struct ti_canonical_source *from, enum ti_param param,
                           char *out) {
    const struct ti_truncation cut = from->spec->truncation;
    (void)param;
    if (isinf(cut.low) && isinf(cut.high)) return ti_text_put("none", out);
    if (cut.low == -cut.high) return write_number(cut.high, out);
    size_t used = isinf(cut.low) ? ti_text_put("-inf", out) : write_number(cut.low, out);
    out[used++] = ',';
    return used + (isinf(cut.high) ? ti_text_put("inf", out + used)
                                   : write_number(cut.high, out + used));
}
