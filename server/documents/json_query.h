/* SPDX-License-Identifier: MIT */
/* Parameters as a JSON object, for POST requests. */
#ifndef TID_JSON_QUERY_H
#define TID_JSON_QUERY_H

#include <stddef.h>

#include <tensorinit/status.h>

#include "server/documents/buffer.h"

/*
 * Appends to '*query' the parameters of {"shape": [512, 784], "transposed": true}, each
 * after a '&' unless it is the first: "shape=512%2C784&transposed=true". Values are
 * strings, numbers, booleans, or arrays of strings and numbers, which are joined by
 * commas. A real is as JSON readers have it: the nearest binary64.
 *
 * Returns TI_OK; TI_EVALUE if this is not such an object, TI_EDUPLICATE if a member is
 * there twice, TI_ENOMEM if the parser had no memory. 'query' reports its own.
 */
TI_MUST_USE enum ti_status tid_json_query(const char *json, size_t json_bytes,
                                          struct tid_buffer *query,
                                          struct ti_error *error);

#endif
