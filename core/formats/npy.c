/* SPDX-License-Identifier: MIT */
/*
 * NPY version 1.0, byte for byte what numpy.save writes (numpy.lib.format): magic,
 * version, length of the header, and a Python dict that is padded so that the elements
 * start at a multiple of 64 bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/formats/formats.h"

#define PREFIX_BYTES 10
#define ALIGNMENT 64

/* numpy pads the first axis so that it can grow to the longest number in place. */
#define GROWTH_DIGITS 21

/* A Python tuple: (), (3,), (2, 3). */
static int write_shape(const struct ti_plan_info *info, char *out, size_t capacity) {
    int used = snprintf(out, capacity, "(");
    for (unsigned i = 0; i < info->rank; i++) {
        used += snprintf(out + used, capacity - (size_t)used,
                         i ? ", %" PRIu64 : "%" PRIu64, info->shape[i]);
    }
    return used +
           snprintf(out + used, capacity - (size_t)used, info->rank == 1 ? ",)" : ")");
}

size_t ti_format_npy_header(const struct ti_plan_info *info,
                            const struct ti_format_options *options,
                            unsigned char out[TI_HEADER_BYTES_MAX]) {
    /* 32 dims of 20 digits with their commas are less than 800 bytes. */
    char dict[1024];
    (void)options;
    int used =
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': ",
                 ti_dtype_npy_descr(info->dtype));
    used += write_shape(info, dict + used, sizeof dict - (size_t)used);
    used += snprintf(dict + used, sizeof dict - (size_t)used, ", }");
    if (info->rank > 0) {
        int digits = snprintf(NULL, 0, "%" PRIu64, info->shape[0]);
        used += snprintf(dict + used, sizeof dict - (size_t)used, "%*s",
                         GROWTH_DIGITS - digits, "");
    }
    /* With the line feed at the end. numpy pads by 1 to 64 bytes, not by 0 to 63. */
    size_t length = (size_t)used + 1;
    length += ALIGNMENT - (PREFIX_BYTES + length) % ALIGNMENT;
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)length;
    out[9] = (unsigned char)(length >> 8);
    memset(out + PREFIX_BYTES, ' ', length);
    memcpy(out + PREFIX_BYTES, dict, (size_t)used);
    out[PREFIX_BYTES + length - 1] = '\n';
    return PREFIX_BYTES + length;
}
