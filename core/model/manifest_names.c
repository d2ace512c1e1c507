/* SPDX-License-Identifier: MIT */
/*
 * The names of a manifest's tensors, in their order, each once. Neighbouring keys that are
 * equal up to their first braces are expanded together, and so on: of "h.{0..1}.a" and
 * "h.{0..1}.b" h.0.a, h.0.b, h.1.a, h.1.b, which is the order of a model's state_dict().
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/model/manifest.h"

static enum ti_status add_text(struct ti_manifest *manifest, const char *text, size_t n,
                               uint32_t *offset, struct ti_error *error) {
    size_t capacity = manifest->names_capacity;
    while (manifest->names_bytes + n + 1 > capacity) {
        capacity = capacity > 0 ? 2 * capacity : 4096;
    }
    if (manifest->names_bytes + n + 1 > TI_MANIFEST_NAMES_BYTES_MAX) {
        return ti_error_set(error, TI_ETOOLARGE, "tensors",
                            "the names of all tensors are longer than %zu bytes together",
                            TI_MANIFEST_NAMES_BYTES_MAX);
    }
    if (capacity > manifest->names_capacity) {
        char *grown = realloc(manifest->names, capacity);
        if (!grown) return ti_error_nomem(error);
        manifest->names = grown;
        manifest->names_capacity = capacity;
    }
    memcpy(manifest->names + manifest->names_bytes, text, n + 1);
    *offset = (uint32_t)manifest->names_bytes;
    manifest->names_bytes += n + 1;
    return TI_OK;
}

/* Writes the text of one choice to the names. */
static enum ti_status add_name(struct ti_manifest *manifest,
                               const struct ti_braces *braces, const uint64_t *choices,
                               uint32_t *offset, struct ti_error *error) {
    char name[TI_MAX_NAME_BYTES + 1];
    const size_t n = ti_braces_write(braces, choices, name, sizeof name);
    if (n == SIZE_MAX || n == 0) {
        return ti_error_set(error, TI_EVALUE, "tensors",
                            "'%.200s' makes a name that is %s", braces->text,
                            n == 0 ? "empty" : "longer than 1024 bytes");
    }
    if (strcmp(name, "__metadata__") == 0) {
        return ti_error_set(error, TI_EVALUE, "tensors",
                            "safetensors files reserve the name __metadata__");
    }
    return add_text(manifest, name, n, offset, error);
}

static enum ti_status add_tensor(struct ti_manifest *manifest, size_t key,
                                 const uint64_t *choices, struct ti_error *error) {
    const struct ti_manifest_key *from = &manifest->keys[key];
    struct ti_manifest_name tensor = {.key = (uint32_t)key};
    enum ti_status status = add_name(manifest, &from->key, choices, &tensor.name, error);
    if (status == TI_OK && from->stream.text) {
        status = add_name(manifest, &from->stream, choices, &tensor.stream, error);
    }
    if (status == TI_OK) manifest->tensors[manifest->tensor_count++] = tensor;
    return status;
}

struct expansion {
    struct ti_manifest *manifest;
    struct ti_manifest_place *place;
    struct ti_error *error;
    uint64_t choices[TI_BRACES_MAX];
};

/* Expands keys ['first', 'end'), which are equal up to their pair of braces 'pair'. */
static enum ti_status expand(struct expansion *expansion, size_t first, size_t end,
                             unsigned pair) {
    const struct ti_manifest_key *keys = expansion->manifest->keys;
    enum ti_status status = TI_OK;
    while (status == TI_OK && first < end) {
        const struct ti_braces *braces = &keys[first].key;
        size_t next = first + 1;
        if (braces->count == pair) {
            status = add_tensor(expansion->manifest, first, expansion->choices,
                                expansion->error);
            if (status != TI_OK) expansion->place->tensor = first;
            first = next;
            continue;
        }
        while (next < end && keys[next].key.count > pair &&
               ti_braces_same_pair(braces, &keys[next].key, pair)) {
            next++;
        }
        for (uint64_t i = 0; i < braces->pairs[pair].count && status == TI_OK; i++) {
            expansion->choices[pair] = i;
            status = expand(expansion, first, next, pair + 1);
        }
        first = next;
    }
    return status;
}

struct sorted {
    const char *name;
    uint32_t tensor;
};

/* Names by their bytes; equal ones, which are an error, by their place. */
static int compare(const void *left, const void *right) {
    const struct sorted *a = left, *b = right;
    const int order = strcmp(a->name, b->name);
    if (order != 0) return order;
    return a->tensor < b->tensor ? -1 : a->tensor > b->tensor;
}

static enum ti_status sort(struct ti_manifest *manifest, struct sorted *sorted,
                           struct ti_manifest_place *place, struct ti_error *error) {
    const size_t count = manifest->tensor_count;
    for (size_t i = 0; i < count; i++) {
        sorted[i].name = manifest->names + manifest->tensors[i].name;
        sorted[i].tensor = (uint32_t)i;
    }
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++) {
        manifest->by_name[i] = sorted[i].tensor;
        if (i == 0 || strcmp(sorted[i - 1].name, sorted[i].name) != 0) continue;
        const struct ti_manifest_key *keys = manifest->keys;
        place->tensor = manifest->tensors[sorted[i].tensor].key;
        return ti_error_set(
            error, TI_EDUPLICATE, "tensors",
            "two tensors have the name '%.300s': of '%.200s' and of '%.200s'",
            sorted[i].name, keys[manifest->tensors[sorted[i - 1].tensor].key].key.text,
            keys[place->tensor].key.text);
    }
    return TI_OK;
}

static enum ti_status sort_names(struct ti_manifest *manifest,
                                 struct ti_manifest_place *place,
                                 struct ti_error *error) {
    struct sorted *sorted = malloc(manifest->tensor_count * sizeof *sorted);
    manifest->by_name = malloc(manifest->tensor_count * sizeof *manifest->by_name);
    const enum ti_status status = sorted && manifest->by_name
                                      ? sort(manifest, sorted, place, error)
                                      : ti_error_nomem(error);
    free(sorted);
    return status;
}

enum ti_status ti_manifest_make_names(struct ti_manifest *manifest,
                                      struct ti_manifest_place *place,
                                      struct ti_error *error) {
    struct expansion expansion = {.manifest = manifest, .place = place, .error = error};
    uint32_t empty;
    manifest->tensors = malloc((size_t)manifest->total * sizeof *manifest->tensors);
    if (!manifest->tensors) return ti_error_nomem(error);
    enum ti_status status = add_text(manifest, "", 0, &empty, error);
    if (status == TI_OK) status = expand(&expansion, 0, manifest->key_count, 0);
    if (status == TI_OK) status = sort_names(manifest, place, error);
    return status;
}
