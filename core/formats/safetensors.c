/* SPDX-License-Identifier: MIT */
/*
 * safetensors, byte for byte what its library writes for one tensor with the metadata
 * that transformers requires: length of the header (64 bits, little-endian), the header
 * in compact JSON, spaces to a multiple of 8, the elements. metadata=full adds keys to the
 * metadata: docs/SPEC.md, "Bodies".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/version.h>

#include "core/base/dtype.h"
#include "core/formats/formats.h"

/* Copies the canonical query of a part to 'out' as that of the full tensor. No value
   contains '&', since names are percent-encoded. */
static size_t full_query(const char *query, char *out) {
    size_t used = 0;
    while (*query) {
        const size_t pair = strcspn(query, "&");
        if (strncmp(query, "permute=", 8) != 0 && strncmp(query, "slice=", 6) != 0) {
            if (used > 0) out[used++] = '&';
            memcpy(out + used, query, pair);
            used += pair;
        }
        query += pair;
        query += *query == '&';
    }
    return used;
}

/* A canonical query has no character that JSON escapes. */
static size_t write_metadata(const struct ti_plan_info *info, char *out,
                             size_t capacity) {
    size_t used = (size_t)snprintf(
        out, capacity,
        ",\"spec\":\"" TI_SPEC_NAME "\",\"query\":\"%s\",\"full_query\":\"", info->query);
    used += full_query(info->query, out + used);
    out[used++] = '"';
    return used;
}

size_t ti_format_safetensors_header(const struct ti_plan_info *info,
                                    const struct ti_format_options *options,
                                    unsigned char out[TI_HEADER_BYTES_MAX]) {
    const char *name = *info->name ? info->name : "tensor";
    char *json = (char *)out + 8;
    const size_t capacity = TI_HEADER_BYTES_MAX - 16;
    size_t used =
        (size_t)snprintf(json, capacity, "{\"__metadata__\":{\"format\":\"pt\"");
    if (options->metadata == TI_METADATA_FULL)
        used += write_metadata(info, json + used, capacity - used);
    used += (size_t)snprintf(json + used, capacity - used, "},");
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
