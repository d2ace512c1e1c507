/* SPDX-License-Identifier: MIT */
/*
 * A file format: the bytes before the elements, or a text made of them. A new one is a file
 * here, a row in TI_FORMATS and its word in params.def.
 */
#ifndef TI_FORMATS_H
#define TI_FORMATS_H

#include "core/request/plan.h"

/* Most bytes that a header has: safetensors', with a name of 1,024 control characters. */
#define TI_HEADER_BYTES_MAX 8192

/* Writes the header of the plan's tensor to 'out' and returns its length. */
typedef size_t ti_format_header(const struct ti_plan *plan,
                                unsigned char out[TI_HEADER_BYTES_MAX]);

ti_format_header ti_format_raw_header, ti_format_npy_header, ti_format_safetensors_header;

/* ti_body_next() of a format without a header: json. */
enum ti_status ti_format_json_next(const struct ti_plan *plan,
                                   struct ti_body_cursor *cursor, size_t capacity_bytes,
                                   char *out, size_t *written, void *workspace);

/*
 * A JSON string (RFC 8259, section 7), with what must be escaped and no more. 'out' has room
 * for 6 bytes a byte and two quotes; returns the length.
 */
size_t ti_json_string(const char *text, size_t n, char *out);

#endif
