/* SPDX-License-Identifier: MIT */
/* Tensors of a checkpoint: see checkpoint.h. */
#include "manifest/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "manifest/json_parse.h"
#include "manifest/manifest_error.h"
#include "manifest/tensor_entry.h"

struct tim_checkpoint {
    /* {name: entry}, of all headers; and of the index {name: file}, or NULL */
    json_t *tensors, *weight_map;
    /* the files of the index */
    json_t *files;
};

static enum ti_status no_memory(struct ti_error *error) {
    return tim_error(error, TI_ENOMEM, "", "not enough memory");
}

struct tim_checkpoint *tim_checkpoint_make(void) {
    struct tim_checkpoint *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->tensors = json_object();
    made->files = json_object();
    if (made->tensors && made->files) return made;
    tim_checkpoint_free(made);
    return NULL;
}

void tim_checkpoint_free(struct tim_checkpoint *checkpoint) {
    if (!checkpoint) return;
    json_decref(checkpoint->tensors);
    json_decref(checkpoint->weight_map);
    json_decref(checkpoint->files);
    free(checkpoint);
}

static enum ti_status list_files(struct tim_checkpoint *checkpoint,
                                 struct ti_error *error) {
    const char *name;
    json_t *file;
    json_object_foreach(checkpoint->weight_map, name, file) {
        if (!json_is_string(file)) {
            return tim_error(error, TI_EVALUE, "", "the index has no file for '%.200s'",
                             name);
        }
        if (json_object_set(checkpoint->files, json_string_value(file), file) != 0) {
            return no_memory(error);
        }
    }
    return TI_OK;
}

enum ti_status tim_checkpoint_index(struct tim_checkpoint *checkpoint, const char *json,
                                    size_t bytes, struct ti_error *error) {
    json_t *index;
    enum ti_status status = tim_json_object(json, bytes, "the index", &index, error);
    if (status != TI_OK) return status;
    json_t *map = json_object_get(index, "weight_map");
    if (json_is_object(map)) {
        json_decref(checkpoint->weight_map);
        checkpoint->weight_map = json_incref(map);
        status = list_files(checkpoint, error);
    } else {
        status = tim_error(error, TI_EVALUE, "", "the index has no weight_map");
    }
    json_decref(index);
    return status;
}

const char *tim_checkpoint_file(const struct tim_checkpoint *checkpoint, size_t index) {
    const char *name;
    json_t *file;
    json_object_foreach(checkpoint->files, name, file) {
        if (index-- == 0) return name;
    }
    return NULL;
}

enum ti_status tim_checkpoint_header(struct tim_checkpoint *checkpoint, const char *file,
                                     const char *json, size_t bytes,
                                     struct ti_error *error) {
    json_t *header, *entry;
    const char *name;
    enum ti_status status = tim_json_object(json, bytes, "the header", &header, error);
    if (status != TI_OK) {
        const struct ti_error reason = *error;
        return tim_error(error, status, "", "%.200s: %s", file, reason.text);
    }
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        if (json_object_get(checkpoint->tensors, name)) {
            status = tim_error(error, TI_EDUPLICATE, "",
                               "%.200s: another file has a tensor '%.200s' as well", file,
                               name);
            break;
        }
        if (json_object_set(checkpoint->tensors, name, entry) != 0) {
            status = no_memory(error);
            break;
        }
    }
    json_decref(header);
    return status;
}

/* The names are as they are, and the dtypes of floats give way to the manifest's. */
static enum ti_status add_tensor(const char *name, const json_t *value,
                                 struct ti_manifest *manifest, struct ti_error *error) {
    struct tim_tensor_entry entry;
    const enum ti_status status = tim_tensor_entry_read(name, value, &entry, error);
    if (status != TI_OK) return status;
    entry.tensor.literal = true;
    entry.tensor.dtype_yields = true;
    return ti_manifest_add_tensor(manifest, &entry.tensor, error);
}

enum ti_status tim_checkpoint_add(const struct tim_checkpoint *checkpoint,
                                  struct ti_manifest *manifest, struct ti_error *error) {
    json_t *order = checkpoint->weight_map ? checkpoint->weight_map : checkpoint->tensors;
    const char *name;
    json_t *value;
    if (json_object_size(order) == 0) {
        return tim_error(error, TI_EMISSING, "", "the checkpoint has no tensors");
    }
    json_object_foreach(order, name, value) {
        const json_t *entry = json_object_get(checkpoint->tensors, name);
        if (!entry) {
            return tim_error(
                error, TI_EMISSING, "",
                "the checkpoint's index has tensor '%.200s', %.200s does not", name,
                json_string_value(value));
        }
        const enum ti_status status = add_tensor(name, entry, manifest, error);
        if (status == TI_OK) continue;
        const struct ti_error reason = *error;
        return tim_error(error, status, reason.field, "in the checkpoint: %s",
                         reason.text);
    }
    return TI_OK;
}
