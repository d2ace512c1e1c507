/* SPDX-License-Identifier: MIT */
/*
 * File formats: a row each in formats.c, which CONTRIBUTING.md says how to add to. body.c
 * makes bodies of them.
 */
#ifndef TI_FORMATS_H
#define TI_FORMATS_H

#include <tensorinit/body.h>

/* Max bytes of a header: safetensors', with a name of 1,024 control characters. */
#define TI_HEADER_BYTES_MAX 8192

/* How format=json arranges the elements, in the order of the words in params.def. */
enum ti_json { TI_JSON_NESTED, TI_JSON_FLAT, TI_JSON_OBJECT };

/* Writes the header of the planned tensor to 'out' and returns its length. */
typedef size_t ti_format_header(const struct ti_plan_info *info,
                                unsigned char out[TI_HEADER_BYTES_MAX]);

/* ti_body_next() of a text format: writes what follows 'cursor' and advances it. */
typedef enum ti_status ti_format_next(const struct ti_plan *plan, enum ti_json json,
                                      struct ti_body_cursor *cursor,
                                      size_t capacity_bytes, char *out, size_t *written,
                                      void *workspace);

struct ti_format_row {
    const char *name, *extension, *media_type;
    /* Binary formats: what precedes the elements; NULL for nothing. */
    ti_format_header *header;
    /* Text formats: all of the body; NULL for binary formats. */
    ti_format_next *next;
};

/* The row of a format, which must exist. */
const struct ti_format_row *ti_format_row(enum ti_format format);

ti_format_header ti_format_npy_header, ti_format_safetensors_header;
ti_format_next ti_format_json_next;

/*
 * Writes a JSON string (RFC 8259, section 7), with what must be escaped and no more, to 'out',
 * which holds 6 bytes for each byte of 'text' and two quotes. Returns the length.
 */
size_t ti_json_string(const char *text, size_t n, char *out);

#endif
