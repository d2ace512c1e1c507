/* SPDX-License-Identifier: MIT */
/*
 * One spelling for each request: parameters in the order of params.def, values in one form,
 * defaults left out, shard turned into the slice that it is.
 */
#include "core/request/canonical.h"

#include <math.h>
#include <string.h>

#include <tensorinit/number.h>

#include "core/request/params.h"
#include "core/request/text.h"

struct source {
    const struct ti_spec *spec;
    const struct ti_scheme *scheme;
    const struct ti_part *part;
};

/* One writer a kind: the value's text, without a NUL; its length, 0 to leave it out. */
typedef size_t writer(const struct source *from, enum ti_param param, char *out);

static size_t write_shape(const struct source *from, enum ti_param param, char *out) {
    const struct ti_spec *spec = from->spec;
    size_t used = 0;
    (void)param;
    if (spec->rank == 0) return ti_text_put("scalar", out);
    for (unsigned i = 0; i < spec->rank; i++) {
        if (i > 0) out[used++] = ',';
        used += ti_text_put_u64(spec->shape[i], out + used);
    }
    return used;
}

static size_t write_scheme(const struct source *from, enum ti_param param, char *out) {
    (void)param;
    return ti_text_put(from->scheme->info.name, out);
}

static size_t write_seed(const struct source *from, enum ti_param param, char *out) {
    (void)param;
    return ti_text_put_u64(from->spec->seed, out);
}

/* Percent-encoded but for RFC 3986's unreserved characters. */
static size_t write_name(const struct source *from, enum ti_param param, char *out) {
    static const char unreserved[] = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz";
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0;
    (void)param;
    for (size_t i = 0; i < from->spec->name_bytes; i++) {
        const unsigned char c = (unsigned char)from->spec->name[i];
        if (memchr(unreserved, c, sizeof unreserved - 1)) {
            out[used++] = (char)c;
        } else {
            out[used++] = '%';
            out[used++] = hex[c >> 4];
            out[used++] = hex[c & 15];
        }
    }
    return used;
}

static size_t write_permute(const struct source *from, enum ti_param param, char *out) {
    size_t used = 0;
    bool moved = false;
    (void)param;
    for (unsigned i = 0; i < from->part->rank; i++) {
        if (i > 0) out[used++] = ',';
        used += ti_text_put_u64(from->part->axis[i], out + used);
        moved |= from->part->axis[i] != i;
    }
    return moved ? used : 0;
}

static size_t write_taken(const struct ti_taken *taken, uint64_t dim, char *out) {
    const uint64_t start = taken->start;
    const uint64_t last = start + (taken->count - 1) * (uint64_t)taken->step;
    const bool backwards = taken->step < 0;
    size_t used = 0;
    if (taken->index) return ti_text_put_u64(start, out);
    if (taken->count == 0 && dim > 0) return ti_text_put("0:0", out);
    if (backwards || start > 0) used = ti_text_put_u64(start, out);
    out[used++] = ':';
    if (backwards && last > 0) used += ti_text_put_u64(last - 1, out + used);
    if (!backwards && dim > 0 && last + 1 < dim) {
        used += ti_text_put_u64(last + 1, out + used);
    }
    if (taken->step != 1) {
        used += ti_text_put(backwards ? ":-" : ":", out + used);
        used += ti_text_put_u64(
            backwards ? 0 - (uint64_t)taken->step : (uint64_t)taken->step, out + used);
    }
    return used;
}

/* Whatever asked for it; axes at the end of which all is taken are left out. */
static size_t write_slice(const struct source *from, enum ti_param param, char *out) {
    size_t used = 0, kept = 0;
    (void)param;
    for (unsigned i = 0; i < from->part->rank; i++) {
        if (i > 0) out[used++] = ',';
        const size_t item =
            write_taken(&from->part->taken[i], from->part->dim[i], out + used);
        const bool all = item == 1 && out[used] == ':';
        used += item;
        if (!all) kept = used;
    }
    return kept;
}

static size_t write_shard(const struct source *from, enum ti_param param, char *out) {
    (void)from, (void)param, (void)out;
    return 0; /* written as slice */
}

static size_t write_choice(const struct source *from, enum ti_param param, char *out) {
    size_t n;
    const char *word =
        ti_words_at(ti_param_get(param)->accepts, from->spec->value[param].choice, &n);
    memcpy(out, word, n);
    return n;
}

static size_t write_flag(const struct source *from, enum ti_param param, char *out) {
    return ti_text_put(from->spec->value[param].flag ? "true" : "false", out);
}

static size_t write_count(const struct source *from, enum ti_param param, char *out) {
    return ti_text_put_u64(from->spec->value[param].count, out);
}

#define write_index write_count

/* Negative axes counted from the first. */
static size_t write_axes(const struct source *from, enum ti_param param, char *out) {
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

/* Only frameworks' parameters are of this kind, and none is left in a resolved spec. */
static size_t write_integer(const struct source *from, enum ti_param param, char *out) {
    (void)from, (void)param, (void)out;
    return 0;
}

static size_t write_number(const struct source *from, enum ti_param param, char *out) {
    return ti_number_text(from->spec->value[param].number + 0.0, out); /* no -0 */
}

static size_t write_constant(const struct source *from, enum ti_param param, char *out) {
    const struct ti_integer *integer = &from->spec->constant;
    if (!integer->valid) return write_number(from, param, out);
    const size_t sign = ti_text_put(integer->negative ? "-" : "", out);
    return sign + ti_text_put_u64(integer->magnitude, out + sign);
}

static size_t write_truncation(const struct source *from, enum ti_param param,
                               char *out) {
    const struct ti_truncation cut = from->spec->truncation;
    (void)param;
    if (isinf(cut.low) && isinf(cut.high)) return ti_text_put("none", out);
    if (cut.low == -cut.high) return ti_number_text(cut.high, out);
    size_t used =
        isinf(cut.low) ? ti_text_put("-inf", out) : ti_number_text(cut.low, out);
    out[used++] = ',';
    return used + (isinf(cut.high) ? ti_text_put("inf", out + used)
                                   : ti_number_text(cut.high, out + used));
}

static const struct {
    writer *write;
    bool has_default; /* 'fallback' is the default in canonical form */
} rows[] = {
#define DEFAULT_shape false
#define DEFAULT_scheme false
#define DEFAULT_seed true
#define DEFAULT_name false
#define DEFAULT_permute false
#define DEFAULT_slice false
#define DEFAULT_shard false
#define DEFAULT_choice true
#define DEFAULT_flag true
#define DEFAULT_count true
#define DEFAULT_index true
#define DEFAULT_integer false
#define DEFAULT_axes false /* "none" says where the fans are, too */
#define DEFAULT_number true
#define DEFAULT_constant true
#define DEFAULT_truncation true
#define TI_PARAM(name, kind, group, accepts, fallback, meaning)                          \
    {write_##kind, DEFAULT_##kind},
#include "core/request/params.def"
#undef TI_PARAM
};

/*
 * Whether the text is the parameter's default: the scheme's, if it has one of its own, else
 * that of params.def.
 */
static bool is_default(const struct ti_scheme *scheme, const struct ti_param_info *param,
                       const char *text, size_t n) {
    const char *defaults = scheme->info.defaults, *pair;
    struct ti_text_list pairs = {defaults, defaults + strlen(defaults)};
    const size_t name_bytes = strlen(param->name);
    size_t length;
    while (*defaults && ti_text_next(&pairs, '&', &pair, &length)) {
        if (length > name_bytes && memcmp(pair, param->name, name_bytes) == 0 &&
            pair[name_bytes] == '=') {
            return length == name_bytes + 1 + n &&
                   memcmp(pair + name_bytes + 1, text, n) == 0;
        }
    }
    return ti_text_is(text, n, param->fallback);
}

size_t ti_canonical_query(const struct ti_spec *spec, const struct ti_part *part,
                          char out[TI_CANONICAL_BYTES_MAX]) {
    const struct source from = {spec, ti_scheme_at(spec->scheme), part};
    size_t used = 0;
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const enum ti_param param = (enum ti_param)i;
        const struct ti_param_info *info = ti_param_get(i);
        const bool always = param == TI_PARAM_scheme;
        const bool shard = param == TI_PARAM_slice && spec->given[TI_PARAM_shard];
        if (!spec->given[i] && !always && !shard) continue;
        size_t start = used;
        if (used > 0) out[used++] = '&';
        used += ti_text_put(info->name, out + used);
        out[used++] = '=';
        const char *text = out + used;
        const size_t n = rows[i].write(&from, param, out + used);
        const bool left_out =
            n == 0 || (rows[i].has_default && is_default(from.scheme, info, text, n));
        used = left_out ? start : used + n;
    }
    out[used] = '\0';
    return used;
}
