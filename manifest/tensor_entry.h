/* SPDX-License-Identifier: MIT */
/* What a manifest or a header of safetensors says about one tensor. */
#ifndef TIM_TENSOR_ENTRY_H
#define TIM_TENSOR_ENTRY_H

#include <jansson.h>

#include <tensorinit/manifest.h>
#include <tensorinit/spec.h>

struct tim_tensor_entry {
    struct ti_manifest_tensor tensor;
    uint64_t shape[TI_MAX_RANK];
};

/*
 * Reads [4096, 4096] or {"shape": [4096, 4096], "dtype": "F32", "name": "x"}, in which
 * "data_offsets" have no meaning. 'entry' borrows texts of 'key' and 'value', and points into
 * itself.
 */
enum ti_status tim_tensor_entry_read(const char *key, const json_t *value,
                                     struct tim_tensor_entry *entry,
                                     struct ti_error *error);

#endif
