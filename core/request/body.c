/* SPDX-License-Identifier: MIT */
/* Header and elements as one sequence of bytes: include/tensorinit/body.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/formats/formats.h"
#include "core/request/plan.h"

struct ti_body {
    const struct ti_plan *plan;
    uint64_t bytes;
    size_t header_bytes;
    unsigned char header[];
};

enum ti_status ti_body_make(const struct ti_plan *plan, struct ti_body **body,
                            struct ti_error *error) {
    unsigned char header[TI_HEADER_BYTES_MAX];
    ti_format_header *const write_header = ti_format_row(plan->format)->header;
    const size_t header_bytes =
        write_header ? write_header(&plan->info, &plan->options, header) : 0;
    if (plan->info.body_bytes > INT64_MAX - header_bytes) {
        return ti_error_set(error, TI_ETOOLARGE, "shape",
                            "header and elements are more than 2^63-1 bytes");
    }
    struct ti_body *made = malloc(sizeof *made + header_bytes);
    if (!made) return ti_error_nomem(error);
    made->plan = plan;
    made->header_bytes = header_bytes;
    made->bytes = header_bytes + plan->info.body_bytes;
    memcpy(made->header, header, header_bytes);
    *body = made;
    return TI_OK;
}

void ti_body_free(struct ti_body *body) { free(body); }
enum ti_format ti_body_format(const struct ti_body *body) { return body->plan->format; }

bool ti_body_has_length(const struct ti_body *body) {
    return !ti_format_is_text(body->plan->format);
}

uint64_t ti_body_bytes(const struct ti_body *body) {
    return ti_body_has_length(body) ? body->bytes : 0;
}

uint64_t ti_body_header_bytes(const struct ti_body *body) { return body->header_bytes; }

/* A part of one element, through a buffer. */
static enum ti_status read_within(const struct ti_plan *plan, uint64_t elem, size_t skip,
                                  size_t count_bytes, unsigned char *out,
                                  void *workspace) {
    unsigned char element[8];
    enum ti_status status = ti_plan_fill(plan, elem, 1, element, workspace);
    if (status == TI_OK) memcpy(out, element + skip, count_bytes);
    return status;
}

enum ti_status ti_body_read(const struct ti_body *body, uint64_t offset,
                            size_t count_bytes, void *out, void *workspace) {
    const struct ti_plan *plan = body->plan;
    const size_t elem_bytes = ti_dtype_bytes(plan->info.dtype);
    enum ti_status status = TI_OK;
    unsigned char *to = out;
    if (!ti_body_has_length(body)) return TI_ERANGE;
    if (offset > body->bytes || count_bytes > body->bytes - offset) return TI_ERANGE;
    if (offset < body->header_bytes) {
        size_t now = body->header_bytes - (size_t)offset;
        if (now > count_bytes) now = count_bytes;
        memcpy(to, body->header + offset, now);
        to += now, offset += now, count_bytes -= now;
    }
    if (count_bytes == 0) return TI_OK;

    uint64_t elem = (offset - body->header_bytes) / elem_bytes;
    size_t skip = (size_t)((offset - body->header_bytes) % elem_bytes);
    if (skip > 0) {
        size_t now = elem_bytes - skip < count_bytes ? elem_bytes - skip : count_bytes;
        status = read_within(plan, elem++, skip, now, to, workspace);
        to += now, count_bytes -= now;
    }
    const size_t elems = count_bytes / elem_bytes, rest = count_bytes % elem_bytes;
    if (status == TI_OK) status = ti_plan_fill(plan, elem, elems, to, workspace);
    if (status == TI_OK && rest > 0) {
        status =
            read_within(plan, elem + elems, 0, rest, to + elems * elem_bytes, workspace);
    }
    return status;
}

enum ti_status ti_body_prepare(const struct ti_body *body, uint64_t offset,
                               uint64_t end_offset, double max_ns, void *workspace,
                               uint64_t *count_bytes) {
    const size_t elem_bytes = ti_dtype_bytes(body->plan->info.dtype);
    const uint64_t header = body->header_bytes;
    if (!ti_body_has_length(body)) return TI_ERANGE;
    if (offset > end_offset || end_offset > body->bytes) return TI_ERANGE;
    uint64_t count = end_offset - offset;
    if (end_offset > header) {
        const uint64_t first = offset > header ? (offset - header) / elem_bytes : 0;
        const uint64_t end = (end_offset - header - 1) / elem_bytes + 1;
        uint64_t elems;
        const enum ti_status status =
            ti_plan_prepare(body->plan, first, end, max_ns, workspace, &elems);
        if (status != TI_OK) return status;
        const uint64_t to = header + (first + elems) * elem_bytes;
        if (elems == 0)
            count = 0;
        else if (to < end_offset)
            count = to - offset;
    }
    *count_bytes = count;
    return TI_OK;
}

enum ti_status ti_body_next(const struct ti_body *body, struct ti_body_cursor *cursor,
                            size_t capacity_bytes, void *out, size_t *bytes_written,
                            void *workspace) {
    if (capacity_bytes < TI_BODY_CAPACITY_MIN) return TI_ERANGE;
    ti_format_next *const next = ti_format_row(body->plan->format)->next;
    if (next) {
        return next(body->plan, &body->plan->options, cursor, capacity_bytes, out,
                    bytes_written, workspace);
    }
    if (cursor->offset > body->bytes) return TI_ERANGE;
    uint64_t ready;
    enum ti_status status =
        ti_body_prepare(body, cursor->offset, body->bytes, INFINITY, workspace, &ready);
    if (status != TI_OK) return status;
    const size_t now = ready < capacity_bytes ? (size_t)ready : capacity_bytes;
    status = ti_body_read(body, cursor->offset, now, out, workspace);
    if (status != TI_OK) return status;
    cursor->offset += now;
    *bytes_written = now;
    return TI_OK;
}
