/* SPDX-License-Identifier: MIT */
/* The entry of one tensor: see tensor_entry.h. */
#include "manifest/tensor_entry.h"

#include <string.h>

#include "manifest/manifest_error.h"

static enum ti_status read_shape(const char *key, const json_t *value,
                                 struct tim_tensor_entry *entry, struct ti_error *error) {
    const size_t rank = json_array_size(value);
    if (!json_is_array(value)) {
        return tim_error(
            error, TI_EVALUE, "shape",
            "the shape of tensor '%.200s' is not an array, such as [512, 784]", key);
    }
    if (rank > TI_MAX_RANK) {
        return tim_error(error, TI_EVALUE, "shape",
                         "tensor '%.200s' has %zu dims; at most %d are possible", key,
                         rank, TI_MAX_RANK);
    }
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(value, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0) {
            return tim_error(error, TI_EVALUE, "shape",
                             "dim %zu of tensor '%.200s' is not an integer of 0 or more",
                             i + 1, key);
        }
        entry->shape[i] = (uint64_t)json_integer_value(dim);
    }
    entry->tensor.rank = (unsigned)rank;
    entry->tensor.shape = entry->shape;
    return TI_OK;
}

static enum ti_status read_text(const char *key, const char *member, const json_t *value,
                                const char **text, struct ti_error *error) {
    *text = json_string_value(value);
    if (*text) return TI_OK;
    return tim_error(error, TI_EVALUE, member,
                     "the %s of tensor '%.200s' is not a string", member, key);
}

static enum ti_status read_member(const char *key, const char *member, json_t *value,
                                  struct tim_tensor_entry *entry,
                                  struct ti_error *error) {
    if (strcmp(member, "shape") == 0) return read_shape(key, value, entry, error);
    if (strcmp(member, "dtype") == 0) {
        return read_text(key, member, value, &entry->tensor.dtype, error);
    }
    if (strcmp(member, "name") == 0) {
        return read_text(key, member, value, &entry->tensor.stream_name, error);
    }
    if (strcmp(member, "data_offsets") == 0) return TI_OK;
    return tim_error(
        error, TI_EPARAM, "tensors",
        "tensor '%.200s' has the unknown key '%.64s'; it has shape, dtype and "
        "name",
        key, member);
}

enum ti_status tim_tensor_entry_read(const char *key, const json_t *value,
                                     struct tim_tensor_entry *entry,
                                     struct ti_error *error) {
    enum ti_status status = TI_OK;
    const char *member;
    json_t *of_member;
    entry->tensor =
        (struct ti_manifest_tensor){.struct_bytes = sizeof entry->tensor, .key = key};
    if (json_is_array(value)) return read_shape(key, value, entry, error);
    if (!json_is_object(value)) {
        return tim_error(
            error, TI_EVALUE, "tensors",
            "tensor '%.200s' is neither a shape, [512, 784], nor an object with "
            "shape, dtype or name",
            key);
    }
    json_object_foreach((json_t *)value, member, of_member) {
        status = read_member(key, member, of_member, entry, error);
        if (status != TI_OK) return status;
    }
    if (entry->tensor.shape) return TI_OK;
    return tim_error(error, TI_EMISSING, "shape", "tensor '%.200s' has no shape", key);
}
