/* SPDX-License-Identifier: MIT */
/*
 * Header fields that describe a tensor: Content-Type, Content-Disposition and Tensor-*.
 * They tell a client shape, dtype, fans and bounds even if the body is raw.
 */
#ifndef TID_TENSOR_FIELDS_H
#define TID_TENSOR_FIELDS_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>
#include <tensorinit/warnings.h>

#include "server/http/response.h"

/* Maximum size of a suggested file name, with its extension and NUL. */
#define TID_FILE_NAME_BYTES 128

/*
 * Writes a safe file name for a tensor (RFC 6266 section 4.3) and returns its length: the
 * tensor's name without leading dots, or "tensor" if that is empty, and the extension.
 * Bytes other than A-Z a-z 0-9 . _ - become '_'; a long name is truncated.
 */
size_t tid_file_name(const char *tensor_name, const char *extension,
                     char file_name[TID_FILE_NAME_BYTES]);

/* Adds the fields to a response of GET /v1/tensor. */
void tid_tensor_fields_add(struct tid_response *response, const struct ti_plan_info *info,
                           enum ti_format format);

/* Adds a field Tensor-Warning for each warning: "name: No name is given: ...". */
void tid_warning_fields_add(struct tid_response *response,
                            const struct ti_warning *warnings, unsigned count);

#endif
