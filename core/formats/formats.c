/* SPDX-License-Identifier: MIT */
/* The table of file formats: rows of TI_FORMATS, with the functions that write them. */
#include "core/formats/formats.h"

#include <stddef.h>

/* The functions of a format: {header, next}. A format with neither is the elements
   alone. */
#define FUNCTIONS_RAW NULL, NULL
#define FUNCTIONS_NPY ti_format_npy_header, NULL
#define FUNCTIONS_SAFETENSORS ti_format_safetensors_header, NULL
#define FUNCTIONS_JSON NULL, ti_format_json_next

static const struct ti_format_row format_rows[TI_FORMAT_COUNT] = {
#define TI_FORMAT(id, name, extension, media_type)                                       \
    {name, extension, media_type, FUNCTIONS_##id},
    TI_FORMATS(TI_FORMAT)
#undef TI_FORMAT
};

const struct ti_format_row *ti_format_row(enum ti_format format) {
    return &format_rows[format];
}

/* For public functions, which accept any number: one that is not a format has the name
   "". */
static const struct ti_format_row *row_of(enum ti_format format) {
    static const struct ti_format_row none = {"", "", "", NULL, NULL};
    return (unsigned)format < TI_FORMAT_COUNT ? &format_rows[format] : &none;
}

const char *ti_format_name(enum ti_format format) { return row_of(format)->name; }
const char *ti_format_extension(enum ti_format format) {
    return row_of(format)->extension;
}
const char *ti_format_media_type(enum ti_format format) {
    return row_of(format)->media_type;
}
bool ti_format_is_text(enum ti_format format) { return row_of(format)->next; }
