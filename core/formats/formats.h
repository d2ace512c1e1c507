/* SPDX-License-Identifier: MIT */
/*
 * A file format: the bytes before and after the elements. A new one is a file here, a row in
 * TI_FORMATS and its word in params.def.
 */
#ifndef TI_FORMATS_H
#define TI_FORMATS_H

#include "core/plan.h"

/* Most bytes that a header has: NPY's, 32 dims of 20 digits. */
#define TI_HEADER_BYTES_MAX 1024

/* Writes the header of the plan's tensor to 'out' and returns its length. */
typedef size_t ti_format_header(const struct ti_plan *plan,
                                unsigned char out[TI_HEADER_BYTES_MAX]);

ti_format_header ti_format_raw_header, ti_format_npy_header;

#endif
