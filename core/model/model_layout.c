/* SPDX-License-Identifier: MIT */
/*
 * Which file each tensor is in, and where. Cut as huggingface_hub's
 * split_state_dict_into_shards_factory() does (serialization/_base.py), ordered as safetensors'
 * serializer does (safetensors/src/tensor.rs, prepare()).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/model/model_parts.h"

/* Larger bodies have no offsets in 63 bits. */
#define BYTES_MAX (((uint64_t)1 << 63) - 1)

/* The number of a file that was being filled: of those of tensors [first, end) that wait for it. */
static void number(struct ti_model *model, size_t first, size_t end, unsigned file) {
    for (size_t i = first; i < end; i++) {
        if (model->tensors[i].file == UINT32_MAX) model->tensors[i].file = file;
    }
}

/*
 * Gives each tensor the number of its file; returns how many there are. A tensor that is larger
 * than a file may be is one of its own, which comes before the one that is being filled.
 */
static unsigned cut(struct ti_model *model, uint64_t max_shard_bytes) {
    unsigned files = 0, current = 0;
    bool has_current = false;
    uint64_t current_bytes = 0;
    for (size_t i = 0; i < model->tensor_count; i++) {
        const uint64_t bytes = model->tensors[i].kind->bytes;
        /* The number of the file that is being filled is known when it is full. */
        if (bytes > max_shard_bytes) {
            model->tensors[i].file = files++;
            continue;
        }
        if (current_bytes + bytes > max_shard_bytes) {
            number(model, current, i, files++);
            has_current = false;
            current_bytes = 0;
        }
        if (!has_current) current = (unsigned)i;
        has_current = true;
        model->tensors[i].file = UINT32_MAX;
        current_bytes += bytes;
    }
    if (has_current) number(model, current, model->tensor_count, files++);
    return files;
}

/* One file has another name than several, and no index. */
static void name_file(struct ti_model *model, size_t file, unsigned count) {
    struct ti_model_file *info = &model->files[file].info;
    if (count == 1) {
        snprintf(info->name, sizeof info->name, "model.safetensors");
    } else if (file == count) {
        snprintf(info->name, sizeof info->name, "model.safetensors.index.json");
        model->files[file].is_index = true;
    } else {
        snprintf(info->name, sizeof info->name, "model-%05zu-of-%05u.safetensors",
                 file + 1, count);
    }
}

/* How many tensors each file has, and where they begin. */
static void count_tensors(struct ti_model *model) {
    size_t first = 0;
    for (size_t i = 0; i < model->tensor_count; i++) {
        model->files[model->tensors[i].file].info.tensor_count++;
    }
    for (size_t i = 0; i < model->file_count; i++) {
        model->files[i].first = first;
        first += model->files[i].info.tensor_count;
    }
}

/* Distributes the tensors of 'from' to their files, in their order. 'next' has an element for
   each file. */
static void sort_by_file(const struct ti_model *model, const uint32_t *from, uint32_t *to,
                         size_t *next) {
    for (size_t i = 0; i < model->file_count; i++) next[i] = model->files[i].first;
    for (size_t i = 0; i < model->tensor_count; i++) {
        const uint32_t tensor = from ? from[i] : (uint32_t)i;
        to[next[model->tensors[tensor].file]++] = tensor;
    }
}

/* Sorts the tensors of 'from' by dtype, those of safetensors' largest alignment first. */
static void sort_by_dtype(const struct ti_model *model, const uint32_t *from,
                          uint32_t *to) {
    size_t next[TI_DTYPE_COUNT + 1] = {0};
    for (size_t i = 0; i < model->tensor_count; i++) {
        next[ti_dtype_safetensors_rank(model->tensors[i].kind->dtype) + 1]++;
    }
    for (size_t i = 1; i <= TI_DTYPE_COUNT; i++) next[i] += next[i - 1];
    for (size_t i = 0; i < model->tensor_count; i++) {
        to[next[ti_dtype_safetensors_rank(model->tensors[from[i]].kind->dtype)]++] =
            from[i];
    }
}

static enum ti_status place_tensors(struct ti_model *model, struct ti_error *error) {
    for (size_t i = 0; i < model->tensor_count; i++) {
        const struct ti_model_kind *kind = model->tensors[i].kind;
        if (kind->bytes > BYTES_MAX - model->bytes) {
            return ti_error_set(error, TI_ETOOLARGE, "tensors",
                                "all tensors together are larger than 2^63-1 bytes");
        }
        model->bytes += kind->bytes;
        model->elems += kind->elems;
    }
    for (size_t i = 0; i < model->tensor_count; i++) {
        struct ti_model_tensor *tensor = &model->tensors[model->order[i]];
        struct ti_model_file *file = &model->files[tensor->file].info;
        tensor->offset =
            file->bytes; /* behind the header: model_text.c adds its length */
        file->bytes += tensor->kind->bytes;
    }
    return TI_OK;
}

static enum ti_status sort(struct ti_model *model, const uint32_t *by_name,
                           struct ti_error *error) {
    const size_t count = model->tensor_count;
    uint32_t *by_dtype = malloc(count * sizeof *by_dtype);
    size_t *next = malloc(model->file_count * sizeof *next);
    enum ti_status status = TI_OK;
    if (by_dtype && next) {
        sort_by_dtype(model, by_name, by_dtype);
        sort_by_file(model, by_dtype, model->order, next);
        if (model->index_order) sort_by_file(model, NULL, model->index_order, next);
    } else {
        status = ti_error_nomem(error);
    }
    free(by_dtype);
    free(next);
    return status;
}

enum ti_status ti_model_make_files(struct ti_model *model, const uint32_t *by_name,
                                   uint64_t max_shard_bytes, struct ti_error *error) {
    const size_t count = model->tensor_count;
    const unsigned cuts = cut(model, max_shard_bytes);
    model->file_count = cuts > 1 ? (size_t)cuts + 1 : 1;
    model->files = calloc(model->file_count, sizeof *model->files);
    model->order = malloc(count * sizeof *model->order);
    model->entry_at = malloc(count * sizeof *model->entry_at);
    if (cuts > 1) {
        model->index_order = malloc(count * sizeof *model->index_order);
        model->index_at = malloc(count * sizeof *model->index_at);
    }
    if (!model->files || !model->order || !model->entry_at ||
        (cuts > 1 && (!model->index_order || !model->index_at))) {
        return ti_error_nomem(error);
    }
    for (size_t i = 0; i < model->file_count; i++) name_file(model, i, cuts);
    count_tensors(model);
    const enum ti_status status = sort(model, by_name, error);
    return status == TI_OK ? place_tensors(model, error) : status;
}
