/* SPDX-License-Identifier: MIT */
/*
 * Describes a tensor in header fields: see tensor_fields.h.
 */
#include "server/http/tensor_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/number.h>
#include <tensorinit/version.h>

#include "server/http/digits.h"

static bool is_safe(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

size_t tid_file_name(const char *tensor_name, const char *extension,
                     char file_name[TID_FILE_NAME_BYTES]) {
    const size_t extension_bytes = strlen(extension);
    const size_t name_bytes_max = TID_FILE_NAME_BYTES - extension_bytes - 2;
    size_t used = 0;
    /* Neither ".", nor "..", nor a hidden file. */
    while (*tensor_name == '.') tensor_name++;
    for (; *tensor_name != '\0' && used < name_bytes_max; tensor_name++)
        file_name[used++] = is_safe(*tensor_name) ? *tensor_name : '_';
    if (used == 0) {
        memcpy(file_name, "tensor", 6);
        used = 6;
    }
    file_name[used++] = '.';
    memcpy(file_name + used, extension, extension_bytes + 1);
    return used + extension_bytes;
}

static void add_disposition(struct tid_response *response,
                            const struct ti_plan_info *info, enum ti_format format) {
    static const char before[] = "attachment; filename=\"";
    char text[sizeof before + TID_FILE_NAME_BYTES];
    size_t used = sizeof before - 1;
    memcpy(text, before, used);
    used += tid_file_name(info->name, ti_format_extension(format), text + used);
    text[used++] = '"';
    tid_response_copy(response, "Content-Disposition", text, used);
}

/* "512,784"; "scalar" for rank 0, as in requests. */
static void add_shape(struct tid_response *response, const char *name, unsigned rank,
                      const uint64_t *shape) {
    char text[TI_MAX_RANK * 21 + TID_DIGITS_BYTES] = "scalar";
    size_t used = rank > 0 ? 0 : strlen(text);
    for (unsigned i = 0; i < rank; i++) {
        if (i > 0) text[used++] = ',';
        used += tid_digits_u64(shape[i], text + used);
    }
    tid_response_copy(response, name, text, used);
}

static void add_shapes(struct tid_response *response, const struct ti_plan_info *info) {
    add_shape(response, "Tensor-Shape", info->rank, info->shape);
    if (info->rank != info->full_rank ||
        memcmp(info->shape, info->full_shape, info->rank * sizeof *info->shape) != 0)
        add_shape(response, "Tensor-Full-Shape", info->full_rank, info->full_shape);
}

static void add_f64(struct tid_response *response, const char *name, double value) {
    char text[TI_NUMBER_TEXT_BYTES];
    if (isfinite(value))
        tid_response_copy(response, name, text, ti_number_text(value, text));
}

static void add_u64(struct tid_response *response, const char *name, uint64_t value) {
    char text[TID_DIGITS_BYTES];
    tid_response_copy(response, name, text, tid_digits_u64(value, text));
}

static void add_stream(struct tid_response *response, uint64_t stream) {
    char text[TID_DIGITS_BYTES];
    tid_response_copy(response, "Tensor-Stream", text, tid_digits_hex(stream, text));
}

void tid_tensor_fields_add(struct tid_response *response, const struct ti_plan_info *info,
                           enum ti_format format) {
    tid_response_static(response, "Content-Type", ti_format_media_type(format));
    add_disposition(response, info, format);
    tid_response_static(response, "Tensor-Spec", TI_SPEC_NAME);
    add_shapes(response, info);
    tid_response_static(response, "Tensor-Dtype", ti_dtype_name(info->dtype));
    add_f64(response, "Tensor-Std", info->std);
    add_f64(response, "Tensor-Bound", fmax(fabs(info->low), fabs(info->high)));
    if (info->has_fan_in) add_u64(response, "Tensor-Fan-In", info->fan_in);
    if (info->has_fan_out) add_u64(response, "Tensor-Fan-Out", info->fan_out);
    if (info->random) add_stream(response, info->stream);
}

void tid_warning_fields_add(struct tid_response *response,
                            const struct ti_warning *warnings, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        char text[TI_WARNING_BYTES + 40];
        const int used =
            snprintf(text, sizeof text, "%s: %s", warnings[i].field, warnings[i].text);
        tid_response_copy(response, "Tensor-Warning", text, (size_t)used);
    }
}
