/* SPDX-License-Identifier: MIT */
/*
 * safetensors, byte for byte what its library writes for one tensor with the metadata
 * that transformers requires: length of the header (64 bits, little-endian), the header
 * in compact JSON, spaces to a multiple of 8, the elements.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/formats/formats.h"

size_t ti_format_safetensors_header(const struct ti_plan_info *info,
                                    unsigned char out[TI_HEADER_BYTES_MAX]) {
    const char *name = *info->name ? info->name : "tensor";
    char *json = (char *)out + 8;
    const size_t capacity = TI_HEADER_BYTES_MAX - 16;
    size_t used =
        (size_t)snprintf(json, capacity, "{\"__metadata__\":{\"format\":\"pt\"},");
    used += ti_json_string(name, strlen(name), json + used);
    used +=
        (size_t)snprintf(json + used, capacity - used, ":{\"dtype\":\"%s\",\"shape\":[",
                         ti_dtype_safetensors(info->dtype));
    for (unsigned i = 0; i < info->rank; i++) {
        used += (size_t)snprintf(json + used, capacity - used,
                                 i ? ",%" PRIu64 : "%" PRIu64, info->shape[i]);
    }
    used += (size_t)snprintf(json + used, capacity - used,
                             "],\"data_offsets\":[0,%" PRIu64 "]}}", info->body_bytes);
    while (used % 8 != 0) json[used++] = ' ';
    for (int i = 0; i < 8; i++) out[i] = (unsigned char)((uint64_t)used >> 8 * i);
    return 8 + used;
}
