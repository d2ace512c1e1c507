/* SPDX-License-Identifier: MIT */
/* Making a model of a manifest, and what it says about itself: <tensorinit/model.h>. */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/model/model_parts.h"

/* Finds the tensors that the options select: 'new_index' has, for each of the manifest's
   tensors, its index in the model or UINT32_MAX. */
static void select_tensors(const struct ti_manifest *manifest,
                           const struct ti_name_pattern *only,
                           struct ti_selection *selection, uint32_t *new_index) {
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    uint64_t steps = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < manifest->tensor_count; i++) {
        const char *name = manifest->names + manifest->tensors[i].name;
        new_index[i] = UINT32_MAX;
        if (only && !ti_name_pattern_match(only, name, strlen(name), captures, &steps)) {
            continue;
        }
        selection->tensors[count] = (uint32_t)i;
        new_index[i] = count++;
    }
    selection->count = count;
    count = 0;
    for (size_t i = 0; i < manifest->tensor_count; i++) {
        const uint32_t index = new_index[manifest->by_name[i]];
        if (index != UINT32_MAX) selection->by_name[count++] = index;
    }
}

static enum ti_status make_selection(const struct ti_manifest *manifest, const char *only,
                                     struct ti_selection *selection,
                                     struct ti_error *error) {
    struct ti_name_pattern pattern = {.text = NULL};
    const size_t count = manifest->tensor_count;
    if (only) {
        struct ti_error why;
        const enum ti_status status = ti_name_pattern_parse(only, &pattern, &why);
        if (status != TI_OK)
            return ti_error_set(error, status, "only", "only: %s", why.text);
    }
    uint32_t *new_index = malloc(count * sizeof *new_index);
    selection->tensors = malloc(count * sizeof *selection->tensors);
    selection->by_name = malloc(count * sizeof *selection->by_name);
    enum ti_status status = TI_OK;
    if (new_index && selection->tensors && selection->by_name) {
        select_tensors(manifest, only ? &pattern : NULL, selection, new_index);
        if (selection->count == 0) {
            status = ti_error_set(error, TI_EVALUE, "only",
                                  "only: '%.200s' matches no tensor", only);
        }
    } else {
        status = ti_error_nomem(error);
    }
    free(new_index);
    ti_name_pattern_clear(&pattern);
    return status;
}

static enum ti_status make(struct ti_model *model, const struct ti_model_options *options,
                           struct ti_manifest_place *place, struct ti_error *error) {
    struct ti_selection selection = {NULL, NULL, 0};
    enum ti_status status =
        make_selection(model->manifest, options->only, &selection, error);
    if (status == TI_OK)
        status = ti_model_make_kinds(model, &selection, options, place, error);
    if (status == TI_OK) {
        status = ti_model_make_files(model, selection.by_name, options->max_shard_bytes,
                                     error);
    }
    if (status == TI_OK) status = ti_model_make_texts(model, options, error);
    free(selection.tensors);
    free(selection.by_name);
    return status;
}

enum ti_status ti_model_make(const struct ti_manifest *manifest,
                             const struct ti_model_options *options,
                             struct ti_model **model, struct ti_manifest_place *place,
                             struct ti_error *error) {
    struct ti_manifest_place own, *at = place ? place : &own;
    *at = (struct ti_manifest_place){SIZE_MAX, SIZE_MAX};
    if (!manifest->by_name || options->max_shard_bytes == 0) {
        return ti_error_set(error, TI_EVALUE, "max_shard_size",
                            "the manifest is not finished, or max_shard_size is 0");
    }
    struct ti_model *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    made->manifest = ti_manifest_share(manifest);
    const enum ti_status status = make(made, options, at, error);
    if (status == TI_OK) {
        *model = made;
    } else {
        ti_model_free(made);
    }
    return status;
}

void ti_model_free(struct ti_model *model) {
    if (!model) return;
    for (size_t i = 0; i < model->kind_count; i++) {
        free((char *)model->kinds[i].info.query);
    }
    free(model->kinds);
    free(model->kind_of);
    free(model->tensors);
    free(model->files);
    free(model->order);
    free(model->entry_at);
    free(model->index_order);
    free(model->index_at);
    ti_manifest_free((struct ti_manifest *)model->manifest);
    free(model);
}

const char *ti_model_id(const struct ti_model *model) { return model->id; }
uint64_t ti_model_elems(const struct ti_model *model) { return model->elems; }
uint64_t ti_model_bytes(const struct ti_model *model) { return model->bytes; }

size_t ti_model_memory_bytes(const struct ti_model *model) {
    const size_t lists = model->index_order ? 5 : 3; /* of 32-bit numbers */
    size_t bytes =
        sizeof *model + ti_manifest_memory_bytes(model->manifest) +
        model->kind_capacity * sizeof *model->kinds +
        model->file_count * sizeof *model->files +
        model->tensor_count * (sizeof *model->tensors + lists * sizeof *model->order);
    for (size_t i = 0; i < model->kind_count; i++) {
        bytes += strlen(model->kinds[i].info.query) + 1;
    }
    return bytes;
}

size_t ti_model_tensor_count(const struct ti_model *model) { return model->tensor_count; }

const struct ti_model_tensor *ti_model_tensor(const struct ti_model *model,
                                              size_t index) {
    return index < model->tensor_count ? &model->tensors[index] : NULL;
}

size_t ti_model_kind_count(const struct ti_model *model) { return model->kind_count; }

const struct ti_model_kind *ti_model_kind(const struct ti_model *model, size_t index) {
    return index < model->kind_count ? &model->kinds[index].info : NULL;
}

size_t ti_model_file_count(const struct ti_model *model) { return model->file_count; }

const struct ti_model_file *ti_model_file(const struct ti_model *model, size_t index) {
    return index < model->file_count ? &model->files[index].info : NULL;
}

size_t ti_model_find_file(const struct ti_model *model, const char *name) {
    for (size_t i = 0; i < model->file_count; i++) {
        if (strcmp(model->files[i].info.name, name) == 0) return i;
    }
    return SIZE_MAX;
}
