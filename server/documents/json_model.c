/* SPDX-License-Identifier: MIT */
/* See json_model.h. */
#include "server/documents/json_model.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/version.h>

#include "server/documents/json_text.h"
#include "server/http/digits.h"

char *tid_model_path(const struct tid_model *model, const struct tid_variant *variant,
                     const char *prefix) {
    struct tid_buffer buffer = {0};
    char text[TID_VARIANT_BYTES];
    tid_variant_write(variant, text);
    tid_buffer_printf(&buffer, "%s/v1/models/%s/%s", prefix, model->source->name, text);
    return tid_buffer_take(&buffer);
}

/* What a list of models says of each. */
static json_t *summary(const struct tid_model *model, const char *prefix) {
    const struct tid_variant variant = tid_source_variant(model->source);
    json_t *object = json_object();
    char *path = tid_model_path(model, &variant, prefix);
    const bool complete =
        path && tid_json_set_text(object, "name", model->source->name) &&
        tid_json_set_text(object, "path", path) &&
        tid_json_set_u64(object, "parameters", ti_model_elems(model->model)) &&
        tid_json_set_u64(object, "bytes", ti_model_bytes(model->model)) &&
        tid_json_set_u64(object, "tensors", ti_model_tensor_count(model->model));
    free(path);
    if (complete) return object;
    json_decref(object);
    return NULL;
}

char *tid_json_models(const struct tid_model *const *models, size_t count,
                      const char *prefix) {
    json_t *object = json_object(), *list = json_array();
    char *text = NULL;
    bool complete = json_object_set_new(object, "models", list) == 0;
    for (size_t i = 0; complete && i < count; i++)
        complete = json_array_append_new(list, summary(models[i], prefix)) == 0;
    if (complete) text = tid_json_text(object);
    json_decref(object);
    return text;
}

/* The document of a model -------------------------------------------------------------- */

static void add_text(struct tid_buffer *buffer, const char *text) {
    tid_buffer_add(buffer, text, strlen(text));
}

/* Appends an object in one line, and frees it. */
static void add_line(struct tid_buffer *buffer, json_t *object, bool complete) {
    char *text = complete ? tid_json_line(object) : NULL;
    if (text)
        add_text(buffer, text);
    else
        buffer->failed = true;
    free(text);
    json_decref(object);
}

static void add_file(struct tid_buffer *buffer, const struct tid_json_file *file,
                     const char *path) {
    json_t *object = json_object();
    json_t *location = json_sprintf("%s/%s", path, file->name);
    const bool complete = tid_json_set_text(object, "name", file->name) &&
                          tid_json_set_u64(object, "bytes", file->bytes) &&
                          tid_json_set_text(object, "etag", file->etag) &&
                          json_object_set_new(object, "path", location) == 0;
    add_line(buffer, object, complete);
}

/* The members that stand before the lists; without the brace that ends the object. */
static json_t *head(const struct tid_model *model, const struct tid_variant *variant,
                    const char *path) {
    const struct ti_model *files = model->model;
    char seed[TID_DIGITS_BYTES], revision[TID_VARIANT_BYTES];
    char commit[TID_COMMIT_DIGITS + 1];
    json_t *object = json_object();
    tid_digits_u64(variant->seed, seed);
    tid_variant_write(variant, revision);
    tid_commit_write(variant, model->check, commit);
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "name", model->source->name) &&
        tid_json_set_text(object, "id", ti_model_id(files)) &&
        tid_json_set_text(object, "path", path) &&
        tid_json_set_text(object, "seed", seed) &&
        tid_json_set_text(object, "revision", revision) &&
        tid_json_set_text(object, "commit", commit) &&
        tid_json_set_u64(object, "parameters", ti_model_elems(files)) &&
        tid_json_set_u64(object, "bytes", ti_model_bytes(files)))
        return object;
    json_decref(object);
    return NULL;
}

char *tid_json_created(const struct tid_model *model, const struct tid_variant *variant,
                       const char *prefix) {
    char *path = tid_model_path(model, variant, prefix);
    json_t *object = path ? head(model, variant, path) : NULL;
    json_t *files = json_array();
    char *text = NULL;
    bool complete = object && json_object_set(object, "files", files) == 0;
    for (size_t i = 0; complete && ti_model_file(model->model, i); i++)
        complete = json_array_append_new(
                       files, json_string(ti_model_file(model->model, i)->name)) == 0;
    if (complete) text = tid_json_text(object);
    json_decref(files);
    json_decref(object);
    free(path);
    return text;
}

void tid_json_model_begin(struct tid_buffer *buffer, const struct tid_model *model,
                          const struct tid_variant *variant, const char *prefix,
                          const struct tid_json_file *files, size_t count) {
    char *path = tid_model_path(model, variant, prefix);
    json_t *object = path ? head(model, variant, path) : NULL;
    char *text = object ? tid_json_text(object) : NULL;
    if (text) {
        /* Without the end, "\n}\n". */
        tid_buffer_add(buffer, text, strlen(text) - 3);
        add_text(buffer, ",\n  \"files\": [");
        for (size_t i = 0; i < count; i++) {
            add_text(buffer, i > 0 ? ",\n    " : "\n    ");
            add_file(buffer, &files[i], path);
        }
        add_text(buffer, "\n  ],\n  \"tensors\": [");
    } else {
        buffer->failed = true;
    }
    free(text);
    json_decref(object);
    free(path);
}

/* What the plan of the tensor says. */
static bool set_plan(json_t *object, const struct tid_model *model, uint64_t seed,
                     size_t tensor) {
    struct ti_plan *plan;
    if (ti_model_plan(model->model, seed, tensor, &plan, NULL) != TI_OK) return false;
    const struct ti_plan_info *info = ti_plan_info(plan);
    const bool set = tid_json_set_text(object, "query", info->query) &&
                     tid_json_set_real(object, "mean", info->mean) &&
                     tid_json_set_real(object, "std", info->std) &&
                     tid_json_set_real(object, "low", info->low) &&
                     tid_json_set_real(object, "high", info->high);
    ti_plan_free(plan);
    return set;
}

void tid_json_model_tensor(struct tid_buffer *buffer, const struct tid_model *model,
                           uint64_t seed, size_t tensor) {
    const struct ti_model_tensor *info = ti_model_tensor(model->model, tensor);
    const struct ti_model_kind *kind = info->kind;
    json_t *object = json_object();
    const bool complete =
        tid_json_set_text(object, "name", info->name) &&
        tid_json_set_text(object, "dtype", ti_dtype_name(kind->dtype)) &&
        tid_json_set_shape(object, "shape", kind->rank, kind->shape) &&
        tid_json_set_u64(object, "parameters", kind->elems) &&
        tid_json_set_u64(object, "bytes", kind->bytes) &&
        set_plan(object, model, seed, tensor) &&
        tid_json_set_u64(object, "rule", (uint64_t)info->rule + 1) &&
        tid_json_set_text(object, "file",
                          ti_model_file(model->model, info->file)->name) &&
        tid_json_set_u64(object, "offset", info->offset);
    add_text(buffer, tensor > 0 ? ",\n    " : "\n    ");
    add_line(buffer, object, complete);
}

void tid_json_model_end(struct tid_buffer *buffer) { add_text(buffer, "\n  ]\n}\n"); }
