/* SPDX-License-Identifier: MIT */
/*
 * File formats: one row each in formats.c; CONTRIBUTING.md says how to add one. Called by
 * core/request/body.c.
 */
#ifndef TI_FORMATS_H
#define TI_FORMATS_H

#include <tensorinit/body.h>

/* Max bytes of a header: safetensors', with a name of 1,024 control characters and two
   canonical queries (core/request/canonical.h). */
#define TI_HEADER_BYTES_MAX 24576

/* Arrangement of the elements in format=json, in the order of the words in params.def. */
enum ti_json { TI_JSON_NESTED, TI_JSON_FLAT, TI_JSON_OBJECT };

/* What the header of format=safetensors says of the tensor, likewise. */
enum ti_metadata { TI_METADATA_NONE, TI_METADATA_FULL };

/* Parameters of single formats. */
struct ti_format_options {
    enum ti_json json;
    enum ti_metadata metadata;
};

/* Writes the header of the planned tensor to 'out' and returns its length. */
typedef size_t ti_format_header(const struct ti_plan_info *info,
                                const struct ti_format_options *options,
                                unsigned char out[TI_HEADER_BYTES_MAX]);

/* ti_body_next() of a text format: writes what follows 'cursor' and advances it. */
typedef enum ti_status ti_format_next(const struct ti_plan *plan,
                                      const struct ti_format_options *options,
                                      struct ti_body_cursor *cursor,
                                      size_t capacity_bytes, char *out,
                                      size_t *bytes_written, void *workspace);

struct ti_format_row {
    const char *name, *extension, *media_type;
    /* binary formats: writes the bytes before the elements; NULL for none */
    ti_format_header *header;
    /* text formats: writes all of the body; NULL for binary formats */
    ti_format_next *next;
};

/* The row of a format, which must exist. */
const struct ti_format_row *ti_format_row(enum ti_format format);

ti_format_header ti_format_npy_header, ti_format_safetensors_header;
ti_format_next ti_format_json_next;

/*
 * Writes a JSON string (RFC 8259, section 7) to 'out' and escapes only what must be
 * escaped. 'out' has 6 bytes for each byte of 'text' and 2 for the quotes. Returns the
 * length.
 */
size_t ti_json_string(const char *text, size_t n, char *out);

#endif
