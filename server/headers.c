/* SPDX-License-Identifier: MIT */
/*
 * Describes a tensor in header fields, so that nobody has to guess its bounds or fans.
 */
#include "headers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/version.h>

#include "number.h"

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

void tid_file_name(const char *tensor_name, const char *extension,
                   char file_name[TID_FILE_NAME_BYTES])
{
    size_t room = TID_FILE_NAME_BYTES - strlen(extension) - 2;
    size_t used = 0;

    /* ".", ".." and hidden files are nobody's intention. */
    while (*tensor_name == '.')
        tensor_name++;
    for (; *tensor_name != '\0' && used < room; tensor_name++)
        file_name[used++] = is_plain(*tensor_name) ? *tensor_name : '_';
    if (used == 0) {
        memcpy(file_name, "tensor", 6);
        used = 6;
    }
    snprintf(file_name + used, TID_FILE_NAME_BYTES - used, ".%s", extension);
}

/* "512,784"; "scalar" as requests spell rank 0. */
static void add_shape(struct tid_reply *reply, const struct ti_plan_info *info)
{
    char text[TI_MAX_RANK * 21 + 1];
    size_t used = 0;

    for (unsigned i = 0; i < info->rank; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRIu64,
                                 i > 0 ? "," : "", info->shape[i]);
    tid_reply_printf(reply, "Tensor-Shape", "%s", info->rank > 0 ? text : "scalar");
}

static void add_number(struct tid_reply *reply, const char *name, double value)
{
    char text[TID_NUMBER_BYTES];

    if (isfinite(value))
        tid_reply_printf(reply, name, "%s", tid_number_text(value, text));
}

void tid_headers_add(struct tid_reply *reply, const struct ti_plan_info *info,
                     enum ti_format format)
{
    char file_name[TID_FILE_NAME_BYTES];

    tid_file_name(info->name, ti_format_extension(format), file_name);
    tid_reply_static(reply, "Content-Type", ti_format_media_type(format));
    tid_reply_printf(reply, "Content-Disposition", "attachment; filename=\"%s\"", file_name);
    tid_reply_static(reply, "Tensor-Spec", TI_SPEC_NAME);
    add_shape(reply, info);
    tid_reply_static(reply, "Tensor-Dtype", ti_dtype_name(info->dtype));
    add_number(reply, "Tensor-Std", info->std);
    add_number(reply, "Tensor-Bound", fmax(fabs(info->low), fabs(info->high)));
    if (info->has_fan_in)
        tid_reply_printf(reply, "Tensor-Fan-In", "%" PRIu64, info->fan_in);
    if (info->has_fan_out)
        tid_reply_printf(reply, "Tensor-Fan-Out", "%" PRIu64, info->fan_out);
    if (info->distribution != TI_DISTRIBUTION_CONSTANT)
        tid_reply_printf(reply, "Tensor-Stream", "0x%016" PRIx64, info->stream);
}
