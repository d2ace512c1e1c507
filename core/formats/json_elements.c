/* SPDX-License-Identifier: MIT */
/*
 * json: the elements as text, in nested arrays, one array, or an object with what there is to
 * know of the tensor and one array. Made piece by piece, so that no tensor is too large.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/decimal.h"
#include "core/base/dtype.h"
#include "core/formats/formats.h"

/* Most bytes of an item: brackets of every axis on both sides, a number, a comma. */
#define ITEM_BYTES_MAX (2 * TI_MAX_RANK + TI_DECIMAL_BYTES_MAX + 8)

/* Elements computed at a time. */
#define PIECE 512

enum section { SECTION_BEFORE, SECTION_ITEMS, SECTION_AFTER, SECTION_END };

/*
 * The arrays around the items: 'every[k]' items are in one array of level k. Where a dim is 0
 * the items are the empty arrays of that dim, and no element is ever asked for.
 */
struct arrays {
    unsigned levels;
    uint64_t every[TI_MAX_RANK + 1];
    uint64_t items;
    bool empty;
};

static struct arrays arrays_of(const struct ti_plan_info *info, enum ti_json json) {
    struct arrays arrays = {0};
    if (json != TI_JSON_NESTED) {
        arrays.levels = 1;
        arrays.every[0] = arrays.items = info->elems;
        return arrays;
    }
    while (arrays.levels < info->rank && info->shape[arrays.levels] > 0) arrays.levels++;
    arrays.empty = arrays.levels < info->rank;
    arrays.items = 1;
    for (unsigned i = arrays.levels; i-- > 0;) {
        arrays.items *= info->shape[i];
        arrays.every[i] = arrays.items;
    }
    return arrays;
}

static size_t write_integer(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    const size_t bits = 8 * ti_dtype_bytes(dtype);
    uint64_t value = 0;
    memcpy(&value, elem, bits / 8);
    if (ti_dtype_kind(dtype) == TI_DTYPE_KIND_BOOL) {
        return (size_t)sprintf(out, "%s", value ? "true" : "false");
    }
    /* Numbers of 64 bits are text: most readers would make binary64 of them. */
    const char *quote = bits == 64 ? "\"" : "";
    if (ti_dtype_kind(dtype) == TI_DTYPE_KIND_UNSIGNED) {
        return (size_t)sprintf(out, "%s%" PRIu64 "%s", quote, value, quote);
    }
    int64_t number = (int64_t)(value << (64 - bits)) >> (64 - bits);
    return (size_t)sprintf(out, "%s%" PRId64 "%s", quote, number, quote);
}

static size_t write_element(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    float single;
    if (dtype == TI_DTYPE_F32) {
        memcpy(&single, elem, sizeof single);
        return ti_decimal_f32(single, out);
    }
    if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT)
        return write_integer(dtype, elem, out);
    const double value = ti_dtype_value(dtype, elem);
    if (dtype == TI_DTYPE_F64) return ti_decimal_f64(value, out);
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    const struct ti_decimal_type type = {(int)format->fraction_bits + 1,
                                         1 - format->bias - (int)format->fraction_bits};
    return ti_decimal_narrow((float)value, type, out);
}

static size_t repeat(char *out, char c, unsigned count) {
    memset(out, c, count);
    return count;
}

/* Items from 'first' on, 'count' of them, with their brackets and commas. */
static size_t write_items(const struct arrays *arrays, enum ti_dtype dtype,
                          uint64_t first, size_t count, const unsigned char *elems,
                          char *out) {
    const size_t bytes = ti_dtype_bytes(dtype);
    const uint64_t row = arrays->levels > 0 ? arrays->every[arrays->levels - 1] : 1;
    uint64_t in_row = first % row;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (in_row == 0) {
            unsigned open = 0;
            while (open < arrays->levels &&
                   (first + i) % arrays->every[arrays->levels - 1 - open] == 0) {
                open++;
            }
            used += repeat(out + used, '[', open);
        }
        if (arrays->empty) {
            used += (size_t)sprintf(out + used, "[]");
        } else {
            used += write_element(dtype, elems + i * bytes, out + used);
        }
        if (++in_row == row) {
            unsigned close = 0;
            while (close < arrays->levels &&
                   (first + i + 1) % arrays->every[arrays->levels - 1 - close] == 0) {
                close++;
            }
            used += repeat(out + used, ']', close);
            in_row = 0;
        }
        if (first + i + 1 < arrays->items) out[used++] = ',';
    }
    return used;
}

static size_t write_shape(unsigned rank, const uint64_t *shape, char *out) {
    size_t used = repeat(out, '[', 1);
    for (unsigned i = 0; i < rank; i++) {
        used += (size_t)sprintf(out + used, i ? ",%" PRIu64 : "%" PRIu64, shape[i]);
    }
    return used + repeat(out + used, ']', 1);
}

static size_t write_before(const struct ti_plan_info *info, enum ti_json json,
                           char *out) {
    if (json != TI_JSON_OBJECT) return 0;
    size_t used = (size_t)sprintf(out, "{\"shape\":");
    used += write_shape(info->rank, info->shape, out + used);
    used += (size_t)sprintf(out + used,
                            ",\"dtype\":\"%s\",\"scheme\":\"%s\",\"seed\":\"%" PRIu64
                            "\",\"name\":",
                            ti_dtype_name(info->dtype), info->scheme, info->seed);
    used += ti_json_string(info->name, strlen(info->name), out + used);
    return used + (size_t)sprintf(out + used, ",\"data\":");
}

static size_t write_after(enum ti_json json, char *out) {
    return (size_t)sprintf(out, json == TI_JSON_OBJECT ? "}\n" : "\n");
}

/* As many items as there is room for. */
static enum ti_status next_items(const struct ti_plan *plan, const struct arrays *arrays,
                                 struct ti_body_cursor *cursor, size_t room, char *out,
                                 size_t *used, void *workspace) {
    unsigned char elems[PIECE * 8];
    while (cursor->elem < arrays->items) {
        const uint64_t left = arrays->items - cursor->elem;
        size_t now = (room - *used) / ITEM_BYTES_MAX;
        if (now > PIECE) now = PIECE;
        if (now > left) now = (size_t)left;
        if (now == 0) return TI_OK;
        if (!arrays->empty) {
            enum ti_status status =
                ti_plan_fill(plan, cursor->elem, now, elems, workspace);
            if (status != TI_OK) return status;
        }
        *used += write_items(arrays, ti_plan_info(plan)->dtype, cursor->elem, now, elems,
                             out + *used);
        cursor->elem += now;
    }
    if (*used + 2 <= room) {
        if (arrays->items == 0) *used += (size_t)sprintf(out + *used, "[]");
        cursor->section = SECTION_AFTER;
    }
    return TI_OK;
}

enum ti_status ti_format_json_next(const struct ti_plan *plan, enum ti_json json,
                                   struct ti_body_cursor *cursor, size_t capacity_bytes,
                                   char *out, size_t *written, void *workspace) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const struct arrays arrays = arrays_of(info, json);
    struct ti_body_cursor next = *cursor;
    size_t used = 0;
    if (cursor->elem > arrays.items || cursor->section > SECTION_END) return TI_ERANGE;
    if (next.section == SECTION_BEFORE) {
        used += write_before(info, json, out);
        next.section = SECTION_ITEMS;
    }
    if (next.section == SECTION_ITEMS) {
        enum ti_status status =
            next_items(plan, &arrays, &next, capacity_bytes - 8, out, &used, workspace);
        if (status != TI_OK) return status;
    }
    if (next.section == SECTION_AFTER) {
        used += write_after(json, out + used);
        next.section = SECTION_END;
    }
    next.offset += used;
    *cursor = next;
    *written = used;
    return TI_OK;
}
