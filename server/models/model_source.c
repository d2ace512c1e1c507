/* SPDX-License-Identifier: MIT */
/* See model_source.h. */
#include "server/models/model_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>
#include <tensorinit/version.h>

#include "manifest/manifest_json.h"
#include "server/work/memory.h"

#define MANIFEST_NAME "manifest.json"

/* Names ------------------------------------------------------------------------------ */

static bool is_plain(const char *name, size_t bytes, size_t max) {
    if (bytes == 0 || bytes > max || name[0] == '.') return false;
    for (size_t i = 0; i < bytes; i++) {
        const char c = name[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

bool tid_model_name_is_valid(const char *name, size_t bytes) {
    if (!is_plain(name, bytes, TID_MODEL_NAME_MAX)) return false;
    for (size_t i = 1; i < bytes; i++) {
        if (name[i - 1] == '.' && name[i] == '.') return false;
    }
    return true;
}

bool tid_file_name_is_valid(const char *name, size_t bytes) {
    return is_plain(name, bytes, 255);
}

/* Files beside the manifest ---------------------------------------------------------- */

static const char *media_type_of(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {{".json", "application/json"},
                 {".txt", "text/plain; charset=utf-8"},
                 {".md", "text/plain; charset=utf-8"},
                 {".jinja", "text/plain; charset=utf-8"}};
    const size_t bytes = strlen(name);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const size_t n = strlen(types[i].ending);
        if (bytes > n && strcmp(name + bytes - n, types[i].ending) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

void tid_content_tag(const char *data, size_t bytes, char tag[TID_CONTENT_TAG_BYTES]) {
    struct sha256_ctx hash;
    uint8_t digest[(TID_CONTENT_TAG_BYTES - 1) / 2];
    sha256_init(&hash);
    sha256_update(&hash, bytes, (const uint8_t *)data);
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(tag + 2 * i, 3, "%02x", digest[i]);
}

bool tid_source_add(struct tid_source *source, const char *name, char *data,
                    size_t bytes) {
    const size_t grown = (source->file_count + 1) * sizeof *source->files;
    struct tid_beside *files = realloc(source->files, grown);
    char *copy = strdup(name);
    size_t at = source->file_count;
    if (files) source->files = files;
    if (!files || !copy) {
        free(copy);
        free(data);
        return false;
    }
    for (; at > 0 && strcmp(files[at - 1].name, name) > 0; at--)
        files[at] = files[at - 1];
    files[at] = (struct tid_beside){
        .name = copy, .media_type = media_type_of(name), .data = data, .bytes = bytes};
    source->file_count++;
    tid_content_tag(data, bytes, files[at].etag);
    return true;
}

const struct tid_beside *tid_source_find(const struct tid_source *source,
                                         const char *name, size_t bytes) {
    for (size_t i = 0; i < source->file_count; i++) {
        if (strlen(source->files[i].name) == bytes &&
            memcmp(source->files[i].name, name, bytes) == 0)
            return &source->files[i];
    }
    return NULL;
}

/* Sources ---------------------------------------------------------------------------- */

static enum ti_status no_memory(struct ti_error *error) {
    *error = (struct ti_error){.code = TI_ENOMEM, .text = "out of memory"};
    return TI_ENOMEM;
}

static void source_free(struct tid_source *source) {
    for (size_t i = 0; i < source->file_count; i++) {
        free(source->files[i].name);
        free(source->files[i].data);
    }
    free(source->files);
    ti_manifest_free(source->manifest);
    free(source->name);
    free(source);
}

struct tid_source *tid_source_of(const char *name, size_t name_bytes, char *json,
                                 size_t bytes, struct ti_manifest *manifest) {
    struct tid_source *made = calloc(1, sizeof *made);
    if (!made) {
        free(json);
        ti_manifest_free(manifest);
        return NULL;
    }
    atomic_init(&made->references, 1);
    made->manifest = manifest;
    made->name = strndup(name, name_bytes);
    if (tid_source_add(made, MANIFEST_NAME, json, bytes) && made->name) return made;
    source_free(made);
    return NULL;
}

enum ti_status tid_source_make(const char *name, size_t name_bytes, char *json,
                               size_t bytes, size_t max_tensors,
                               struct tid_source **source, struct ti_error *error) {
    struct ti_manifest *manifest;
    const enum ti_status status =
        tim_manifest_read(json, bytes, max_tensors, NULL, &manifest, error);
    if (status != TI_OK) {
        free(json);
        return status;
    }
    struct tid_source *made = tid_source_of(name, name_bytes, json, bytes, manifest);
    if (!made) return no_memory(error);
    *source = made;
    return TI_OK;
}

/* The counter is the only part of it that changes. */
static struct tid_source *counted(const struct tid_source *source) {
    return (struct tid_source *)(uintptr_t)source;
}

const struct tid_source *tid_source_share(const struct tid_source *source) {
    atomic_fetch_add(&counted(source)->references, 1);
    return source;
}

void tid_source_release(const struct tid_source *source) {
    if (source && atomic_fetch_sub(&counted(source)->references, 1) == 1)
        source_free(counted(source));
}

/* Models ----------------------------------------------------------------------------- */

struct tid_variant tid_source_variant(const struct tid_source *source) {
    return (struct tid_variant){.seed = ti_manifest_options(source->manifest)->seed};
}

/* A hash of all that the files of the model have, but the seed. */
static uint32_t check_of(const struct tid_model *model) {
    const struct tid_source *source = model->source;
    struct sha256_ctx hash;
    uint8_t digest[4];
    sha256_init(&hash);
    sha256_update(&hash, sizeof TI_SPEC_NAME, (const uint8_t *)TI_SPEC_NAME);
    sha256_update(&hash, 32, (const uint8_t *)ti_model_id(model->model));
    for (size_t i = 0; i < source->file_count; i++) {
        const char *name = source->files[i].name;
        sha256_update(&hash, strlen(name) + 1, (const uint8_t *)name);
        sha256_update(&hash, 32, (const uint8_t *)source->files[i].etag);
    }
    sha256_digest(&hash, sizeof digest, digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
           (uint32_t)digest[2] << 8 | digest[3];
}

double tid_kind_ns_per_byte(const struct ti_model_kind *kind) {
    return kind->ns_per_elem / (double)ti_dtype_bytes(kind->dtype);
}

static void set_maxima(struct tid_model *model) {
    const struct ti_model_kind *kind;
    for (size_t i = 0; (kind = ti_model_kind(model->model, i)); i++) {
        const double ns = tid_kind_ns_per_byte(kind);
        if (kind->bytes == 0) continue;
        if (ns > model->ns_per_byte) model->ns_per_byte = ns;
        if (kind->workspace_bytes > model->workspace_bytes)
            model->workspace_bytes = kind->workspace_bytes;
        if (kind->factor_peak_bytes > model->factor_peak_bytes)
            model->factor_peak_bytes = kind->factor_peak_bytes;
    }
}

/* What the manifest says anyway is left out of URLs. */
static enum ti_status refuse_own(const char *field, struct ti_error *error) {
    *error = (struct ti_error){.code = TI_EVALUE};
    snprintf(error->field, sizeof error->field, "%s", field);
    snprintf(error->text, sizeof error->text,
             "files have one URL: the manifest's own %s is left out of it", field);
    return TI_EVALUE;
}

static enum ti_status check_variant(const struct ti_model_options *own,
                                    const struct tid_variant *variant,
                                    struct ti_error *error) {
    if (variant->has_dtype && own->has_dtype && variant->dtype == own->dtype)
        return refuse_own("dtype", error);
    if (variant->max_shard_bytes == own->max_shard_bytes)
        return refuse_own("max_shard_size", error);
    return TI_OK;
}

/* Makes the files of a variant. */
static enum ti_status make_files(const struct tid_source *source,
                                 const struct tid_model_order *order,
                                 struct ti_model **model, struct ti_error *error) {
    struct ti_model_options options = *ti_manifest_options(source->manifest);
    const struct tid_variant *variant = &order->variant;
    struct ti_manifest_place place;
    options.go_on = order->go_on;
    options.state = order->state;
    if (variant->has_dtype) {
        options.has_dtype = true;
        options.dtype = variant->dtype;
    }
    if (variant->max_shard_bytes > 0) options.max_shard_bytes = variant->max_shard_bytes;
    const enum ti_status status =
        ti_model_make(source->manifest, &options, model, &place, error);
    if (status == TI_OK) return TI_OK;
    const struct tid_beside *json =
        tid_source_find(source, MANIFEST_NAME, strlen(MANIFEST_NAME));
    tim_manifest_explain(order->text ? order->text : json->data,
                         order->text ? order->text_bytes : json->bytes, &place, error);
    return status;
}

/*
 * Without a dtype of the manifest, tensors are f32, unless they are of a checkpoint that says
 * something else: whether f32 changes anything shows in the files.
 */
static enum ti_status check_f32(const struct tid_source *source,
                                const struct tid_model_order *order,
                                const struct tid_model *model, struct ti_error *error) {
    struct tid_model_order without = *order;
    struct ti_model *other;
    if (!without.variant.has_dtype || without.variant.dtype != TI_DTYPE_F32) return TI_OK;
    without.variant.has_dtype = false;
    const enum ti_status status = make_files(source, &without, &other, error);
    if (status != TI_OK) return status;
    const bool same = strcmp(ti_model_id(other), ti_model_id(model->model)) == 0;
    ti_model_free(other);
    return same ? refuse_own("dtype", error) : TI_OK;
}

enum ti_status tid_model_make(const struct tid_source *source,
                              const struct tid_model_order *order,
                              struct tid_model **model, struct ti_error *error) {
    enum ti_status status =
        check_variant(ti_manifest_options(source->manifest), &order->variant, error);
    if (status != TI_OK) return status;
    struct tid_model *made = calloc(1, sizeof *made);
    if (!made) return no_memory(error);
    atomic_init(&made->references, 1);
    made->source = tid_source_share(source);
    made->variant = order->variant;
    made->variant.seed = 0;
    status = make_files(source, order, &made->model, error);
    if (status == TI_OK) status = check_f32(source, order, made, error);
    if (status != TI_OK) {
        tid_model_release(made);
        return status;
    }
    made->check = check_of(made);
    set_maxima(made);
    *model = made;
    return TI_OK;
}

static struct tid_model *counted_model(const struct tid_model *model) {
    return (struct tid_model *)(uintptr_t)model;
}

const struct tid_model *tid_model_share(const struct tid_model *model) {
    atomic_fetch_add(&counted_model(model)->references, 1);
    return model;
}

void tid_model_release(const struct tid_model *model) {
    if (!model || atomic_fetch_sub(&counted_model(model)->references, 1) > 1) return;
    struct tid_model *last = counted_model(model);
    if (last->taken_bytes > 0)
        tid_memory_give(last->memory, TID_MEMORY_RESPONSE, last->taken_bytes);
    ti_model_free(last->model);
    tid_source_release(last->source);
    free(last);
}
