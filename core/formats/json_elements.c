/* SPDX-License-Identifier: MIT */
/*
 * json: the elements as text, in nested arrays, one array, or an object with what there is to
 * know of the tensor and one array. Made piece by piece, so that no tensor is too large.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/decimal.h"
#include "core/base/dtype.h"
#include "core/formats/formats.h"

/* Most bytes of an item: brackets of every axis on both sides, a number, a comma. */
#define ITEM_BYTES_MAX (2 * TI_MAX_RANK + TI_DECIMAL_BYTES_MAX + 8)

/*
 * Elements computed at a time. Kernels compute whole tiles: a piece ends where a tile does,
 * and what there is no room for is computed again.
 */
#define TASK 256

enum section { SECTION_BEFORE, SECTION_ITEMS, SECTION_AFTER, SECTION_END };

/*
 * The arrays around the items: 'every[k]' items are in one array of level k. Where a dim is 0
 * the items are the empty arrays of that dim, and no element is ever requested.
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

static char *put_text(char *out, const char *text) {
    while (*text) *out++ = *text++;
    return out;
}

static char *put_brackets(char *out, char bracket, unsigned count) {
    for (; count > 0; count--) *out++ = bracket;
    return out;
}

static char *put_unsigned(char *out, uint64_t number) {
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
    } while (number /= 10);
    while (count > 0) *out++ = digits[--count];
    return out;
}

static char *put_integer(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    const size_t bits = 8 * ti_dtype_bytes(dtype);
    const bool is_signed = ti_dtype_kind(dtype) == TI_DTYPE_KIND_SIGNED;
    uint64_t value = 0;
    memcpy(&value, elem, bits / 8);
    if (ti_dtype_kind(dtype) == TI_DTYPE_KIND_BOOL)
        return put_text(out, value ? "true" : "false");
    /* Numbers of 64 bits are text: most readers would make binary64 of them. */
    if (bits == 64) *out++ = '"';
    if (is_signed && value >> (bits - 1)) {
        *out++ = '-';
        value = (0 - value) << (64 - bits) >> (64 - bits);
    }
    out = put_unsigned(out, value);
    if (bits == 64) *out++ = '"';
    return out;
}

static char *put_narrow(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    const struct ti_decimal_type type = {(int)format->fraction_bits + 1,
                                         1 - format->bias - (int)format->fraction_bits};
    return out + ti_decimal_narrow((float)ti_dtype_value(dtype, elem), type, out);
}

/* Some elements of one type, a comma behind each. */
struct run {
    const unsigned char *elems;
    size_t count;
    char *out;
    const char *limit; /* beyond it no element may begin */
};

/*
 * Writes as many elements as there is room for, and takes them off the run. 'put' is known
 * where this is called, so that each type has a loop of its own.
 */
static inline void put_run(struct run *run, size_t bytes, enum ti_dtype dtype,
                           char *(*put)(enum ti_dtype dtype, const unsigned char *elem,
                                        char *out)) {
    char *out = run->out;
    size_t done = 0;
    for (; done < run->count && out <= run->limit; done++) {
        out = put(dtype, run->elems + done * bytes, out);
        *out++ = ',';
    }
    run->elems += done * bytes;
    run->count -= done;
    run->out = out;
}

static inline char *put_f32(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    float value;
    (void)dtype;
    memcpy(&value, elem, sizeof value);
    return out + ti_decimal_f32(value, out);
}

static inline char *put_f64(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    double value;
    (void)dtype;
    memcpy(&value, elem, sizeof value);
    return out + ti_decimal_f64(value, out);
}

static inline char *put_empty(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    (void)dtype;
    (void)elem;
    return put_text(out, "[]");
}

/* The upper half of a binary32 number. */
static inline char *put_bf16(enum ti_dtype dtype, const unsigned char *elem, char *out) {
    const uint32_t bits = (uint32_t)elem[1] << 24 | (uint32_t)elem[0] << 16;
    float value;
    (void)dtype;
    memcpy(&value, &bits, sizeof value);
    return out + ti_decimal_narrow(value, TI_DECIMAL_BF16, out);
}

static void put_elements(struct run *run, enum ti_dtype dtype) {
    const size_t bytes = ti_dtype_bytes(dtype);
    if (dtype == TI_DTYPE_F32)
        put_run(run, 4, dtype, put_f32);
    else if (dtype == TI_DTYPE_F64)
        put_run(run, 8, dtype, put_f64);
    else if (dtype == TI_DTYPE_BF16)
        put_run(run, 2, dtype, put_bf16);
    else if (ti_dtype_kind(dtype) == TI_DTYPE_KIND_FLOAT)
        put_run(run, bytes, dtype, put_narrow);
    else
        put_run(run, bytes, dtype, put_integer);
}

/* How many arrays begin before item n, and end behind item n - 1. */
static unsigned arrays_at(const struct arrays *arrays, uint64_t n) {
    unsigned count = 0;
    while (count < arrays->levels && n % arrays->every[arrays->levels - 1 - count] == 0)
        count++;
    return count;
}

/*
 * At most 'count' items from '*item' on, and as many as fit before 'end', with their brackets
 * and commas; '*item' is then the next one. Returns the end of the text.
 */
static char *put_items(const struct arrays *arrays, enum ti_dtype dtype, uint64_t *item,
                       size_t count, const unsigned char *elems, char *out,
                       const char *end) {
    const uint64_t row = arrays->levels > 0 ? arrays->every[arrays->levels - 1] : 1;
    uint64_t in_row = *item % row;
    struct run run = {elems, 0, out, end - ITEM_BYTES_MAX + TI_MAX_RANK};
    while (count > 0 && run.out <= end - ITEM_BYTES_MAX) {
        if (in_row == 0) run.out = put_brackets(run.out, '[', arrays_at(arrays, *item));
        const size_t now = count < row - in_row ? count : (size_t)(row - in_row);
        run.count = now;
        if (arrays->empty)
            put_run(&run, 1, dtype, put_empty);
        else
            put_elements(&run, dtype);
        const size_t done = now - run.count;
        *item += done;
        in_row += done;
        count -= done;
        if (in_row < row) continue;
        in_row = 0;
        run.out = put_brackets(run.out - 1, ']', arrays_at(arrays, *item));
        if (*item < arrays->items) *run.out++ = ',';
    }
    return run.out;
}

static size_t repeat(char *out, char c, unsigned count) {
    memset(out, c, count);
    return count;
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

/* As many items as there is room for, and as the cursor allows. */
static enum ti_status next_items(const struct ti_plan *plan, const struct arrays *arrays,
                                 struct ti_body_cursor *cursor, size_t capacity,
                                 char *out, size_t *used, void *workspace) {
    unsigned char elems[TASK * 8];
    const uint64_t first = cursor->elem;
    while (cursor->elem < arrays->items) {
        uint64_t left = arrays->items - cursor->elem;
        if (cursor->max_elems > 0) {
            const uint64_t allowed = cursor->max_elems - (cursor->elem - first);
            if (allowed < left) left = allowed;
        }
        if (left == 0 || capacity - *used < ITEM_BYTES_MAX) return TI_OK;
        size_t now = TASK - (size_t)(cursor->elem % TASK);
        if (now > left) now = (size_t)left;
        if (!arrays->empty) {
            uint64_t ready;
            enum ti_status status = ti_plan_prepare(plan, cursor->elem, arrays->items,
                                                    INFINITY, workspace, &ready);
            if (status != TI_OK) return status;
            if (now > ready) now = (size_t)ready;
            status = ti_plan_fill(plan, cursor->elem, now, elems, workspace);
            if (status != TI_OK) return status;
        }
        *used = (size_t)(put_items(arrays, ti_plan_info(plan)->dtype, &cursor->elem, now,
                                   elems, out + *used, out + capacity) -
                         out);
    }
    if (*used + 2 <= capacity) {
        if (arrays->items == 0) *used += (size_t)sprintf(out + *used, "[]");
        cursor->section = SECTION_AFTER;
    }
    return TI_OK;
}

enum ti_status ti_format_json_next(const struct ti_plan *plan,
                                   const struct ti_format_options *options,
                                   struct ti_body_cursor *cursor, size_t capacity_bytes,
                                   char *out, size_t *written, void *workspace) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const enum ti_json json = options->json;
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
