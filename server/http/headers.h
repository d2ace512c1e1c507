/* SPDX-License-Identifier: MIT */
/*
 * Header fields that describe a tensor.
 */
#ifndef TID_HEADERS_H
#define TID_HEADERS_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>

#include "server/http/response.h"

/* Longest file name that is suggested, extension and NUL included. */
#define TID_FILE_NAME_BYTES 128

/*
 * A file name for a tensor: its name with every byte outside A-Z a-z 0-9 . _ - made '_',
 * no dot in front, "tensor" if nothing remains; cut to length; '.' and the extension.
 * Returns its length.
 */
size_t tid_file_name(const char *tensor_name, const char *extension,
                     char file_name[TID_FILE_NAME_BYTES]);

/* Adds what the answer to GET /v1/tensor says of its body. */
void tid_headers_add(struct tid_response *response, const struct ti_plan_info *info,
                     enum ti_format format);

#endif
