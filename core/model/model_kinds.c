/* SPDX-License-Identifier: MIT */
/*
 * Tensors that differ only in their name are one kind: their query is checked once. A kind is
 * found by the text of its query, which has dtype and shape as well.
 */
#include <stdlib.h>
#include <string.h>

#include <tensorinit/spec.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/model/model_parts.h"
#include "core/request/text.h"

#define NO_KIND UINT32_MAX
/* A rule's query, "&dtype=f8_e4m3" and "&shape=" with 32 dims. */
#define QUERY_BYTES (TI_RULE_QUERY_BYTES_MAX + 1024)

/* The kinds by the hashes of their queries: open addressing in a table of a power of 2. */
struct kind_table {
    uint32_t *kinds;
    uint64_t *hashes;
    size_t size;
};

struct maker {
    struct ti_model *model;
    const struct ti_model_options *options;
    struct kind_table table;
    /* for each key the kind of its last tensor, and that one's rule */
    struct last {
        uint32_t kind, rule;
    } * last;
    struct ti_manifest_place *place;
    struct ti_error *error;
};

/* The dtype of the options gives way to one that is certain. */
static bool takes_default(const struct maker *maker, const struct ti_manifest_key *key) {
    if (!key->has_dtype) return true;
    return key->dtype_yields && maker->options->has_dtype &&
           ti_dtype_kind(key->dtype) == TI_DTYPE_KIND_FLOAT;
}

/* Writes the query of a tensor; returns its length, or SIZE_MAX if it does not fit. */
static size_t write_query(const struct maker *maker,
                          const struct ti_manifest_name *tensor, char out[QUERY_BYTES]) {
    const struct ti_manifest *manifest = maker->model->manifest;
    const struct ti_manifest_key *key = &manifest->keys[tensor->key];
    const struct ti_rule *rule = &manifest->rules[tensor->rule];
    const char *name = manifest->names + tensor->name;
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    uint64_t steps = 0;
    if (rule->place_count > 0) {
        ti_name_pattern_match(&rule->pattern, name, strlen(name), captures, &steps);
    }
    size_t used = ti_rule_write(rule, captures, out, TI_RULE_QUERY_BYTES_MAX);
    if (used == SIZE_MAX) return SIZE_MAX;
    while (used > 0 && out[used - 1] == '&') used--;
    if (!rule->has_dtype) {
        const enum ti_dtype dtype =
            takes_default(maker, key) ? maker->options->dtype : key->dtype;
        used += ti_text_put(used > 0 ? "&dtype=" : "dtype=", out + used);
        used += ti_text_put(ti_dtype_name(dtype), out + used);
    }
    used += ti_text_put("&shape=", out + used);
    used += key->rank == 0 ? ti_text_put("scalar", out + used)
                           : ti_text_put_list(key->shape, key->rank, out + used);
    out[used] = '\0';
    return used;
}

/* Adds tensor and rule to an error about a query. */
static void explain(const struct maker *maker, const struct ti_manifest_name *tensor) {
    const struct ti_manifest *manifest = maker->model->manifest;
    struct ti_error *error = maker->error;
    maker->place->tensor = tensor->key;
    maker->place->rule = tensor->rule;
    if (!error || error->code == TI_ENOMEM) return;
    const struct ti_error reason = *error;
    ti_error_set(error, reason.code, reason.field,
                 "tensor '%.200s', rule %u ('%.100s'): %s",
                 manifest->names + tensor->name, (unsigned)tensor->rule + 1,
                 manifest->rules[tensor->rule].pattern.text, reason.text);
}

/* Plans the query once, which checks it. */
static enum ti_status check_query(struct ti_kind *kind, const char *query, size_t bytes,
                                  struct ti_error *error) {
    struct ti_spec *spec;
    struct ti_plan *plan = NULL;
    enum ti_status status = ti_spec_make(&spec);
    if (status != TI_OK) return ti_error_nomem(error);
    status = ti_spec_set_query_lenient(spec, query, bytes, error);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, error);
    ti_spec_free(spec);
    if (status != TI_OK) return status;
    const struct ti_plan_info *info = ti_plan_info(plan);
    kind->info.dtype = info->dtype;
    kind->info.elems = info->elems;
    kind->info.bytes = info->body_bytes;
    kind->info.mean = info->mean;
    kind->info.std = info->std;
    kind->info.ns_per_elem = info->ns_per_elem;
    kind->info.workspace_bytes = info->workspace_bytes;
    kind->info.factor_peak_bytes = info->factor_peak_bytes;
    memcpy(kind->etag, info->etag, sizeof kind->etag);
    ti_plan_free(plan);
    return TI_OK;
}

static enum ti_status make_kind(struct maker *maker,
                                const struct ti_manifest_name *tensor, const char *query,
                                size_t bytes) {
    struct ti_model *model = maker->model;
    const struct ti_manifest_key *key = &model->manifest->keys[tensor->key];
    struct ti_kind kind = {.info = {.rank = key->rank, .shape = key->shape},
                           .has_name = model->manifest->rules[tensor->rule].has_name};
    struct ti_kind *kinds = ti_manifest_grow(model->kinds, model->kind_count,
                                             &model->kind_capacity, sizeof *kinds);
    if (!kinds) return ti_error_nomem(maker->error);
    model->kinds = kinds;
    enum ti_status status = check_query(&kind, query, bytes, maker->error);
    if (status != TI_OK) {
        explain(maker, tensor);
        return status;
    }
    char *copy = malloc(bytes + 1);
    if (!copy) return ti_error_nomem(maker->error);
    memcpy(copy, query, bytes + 1);
    kind.info.query = copy;
    kinds[model->kind_count++] = kind;
    return TI_OK;
}

static enum ti_status grow_table(struct kind_table *table, struct ti_error *error) {
    const size_t size = table->size > 0 ? 2 * table->size : 256;
    struct kind_table grown = {malloc(size * sizeof *grown.kinds),
                               malloc(size * sizeof *grown.hashes), size};
    if (!grown.kinds || !grown.hashes) {
        free(grown.kinds);
        free(grown.hashes);
        return ti_error_nomem(error);
    }
    for (size_t i = 0; i < size; i++) grown.kinds[i] = NO_KIND;
    for (size_t i = 0; i < table->size; i++) {
        if (table->kinds[i] == NO_KIND) continue;
        size_t at = (size_t)table->hashes[i] & (size - 1);
        while (grown.kinds[at] != NO_KIND) at = (at + 1) & (size - 1);
        grown.kinds[at] = table->kinds[i];
        grown.hashes[at] = table->hashes[i];
    }
    free(table->kinds);
    free(table->hashes);
    *table = grown;
    return TI_OK;
}

/* Finds or makes the kind of a tensor. */
static enum ti_status find_kind(struct maker *maker,
                                const struct ti_manifest_name *tensor, uint32_t *kind) {
    char query[QUERY_BYTES];
    struct ti_model *model = maker->model;
    struct kind_table *table = &maker->table;
    enum ti_status status;
    const size_t bytes = write_query(maker, tensor, query);
    if (bytes == SIZE_MAX) {
        ti_error_set(maker->error, TI_EVALUE, NULL, "the query is too long");
        explain(maker, tensor);
        return TI_EVALUE;
    }
    if (2 * model->kind_count >= table->size &&
        (status = grow_table(table, maker->error)) != TI_OK) {
        return status;
    }
    const uint64_t hash = ti_hash_u64(query, bytes);
    size_t at = (size_t)hash & (table->size - 1);
    for (; table->kinds[at] != NO_KIND; at = (at + 1) & (table->size - 1)) {
        if (table->hashes[at] != hash ||
            strcmp(model->kinds[table->kinds[at]].info.query, query) != 0) {
            continue;
        }
        *kind = table->kinds[at];
        return TI_OK;
    }
    status = make_kind(maker, tensor, query, bytes);
    if (status != TI_OK) return status;
    *kind = table->kinds[at] = (uint32_t)(model->kind_count - 1);
    table->hashes[at] = hash;
    return TI_OK;
}

/* What a key says must not contradict the rule. */
static enum ti_status check_key(const struct maker *maker,
                                const struct ti_manifest_name *tensor,
                                const struct ti_kind *kind) {
    const struct ti_manifest_key *key = &maker->model->manifest->keys[tensor->key];
    if (key->stream.text && kind->has_name) {
        ti_error_set(maker->error, TI_EINAPPLICABLE, "name",
                     "the tensor and the rule both have a name");
    } else if (key->has_dtype && key->dtype != kind->info.dtype &&
               !(key->dtype_yields && ti_dtype_kind(key->dtype) == TI_DTYPE_KIND_FLOAT)) {
        ti_error_set(maker->error, TI_EINAPPLICABLE, "dtype",
                     "the tensor has dtype %s, the rule dtype=%s",
                     ti_dtype_name(key->dtype), ti_dtype_name(kind->info.dtype));
    } else {
        return TI_OK;
    }
    explain(maker, tensor);
    return TI_EINAPPLICABLE;
}

static enum ti_status add_tensor(struct maker *maker, uint32_t index) {
    struct ti_model *model = maker->model;
    const struct ti_manifest *manifest = model->manifest;
    const struct ti_manifest_name *tensor = &manifest->tensors[index];
    struct last *last = &maker->last[tensor->key];
    uint32_t kind = last->kind;
    if (last->kind == NO_KIND || last->rule != tensor->rule ||
        manifest->rules[tensor->rule].place_count > 0) {
        enum ti_status status = find_kind(maker, tensor, &kind);
        if (status == TI_OK) status = check_key(maker, tensor, &model->kinds[kind]);
        if (status != TI_OK) return status;
        *last = (struct last){kind, tensor->rule};
    }
    model->kind_of[model->tensor_count] = kind;
    model->tensors[model->tensor_count++] = (struct ti_model_tensor){
        .name = manifest->names + tensor->name,
        .stream_name = tensor->stream ? manifest->names + tensor->stream : NULL,
        .rule = tensor->rule,
    };
    return TI_OK;
}

static bool uses_default(const struct maker *maker, size_t index) {
    const struct ti_manifest *manifest = maker->model->manifest;
    const struct ti_manifest_name *tensor = &manifest->tensors[index];
    return !manifest->rules[tensor->rule].has_dtype &&
           takes_default(maker, &manifest->keys[tensor->key]);
}

/*
 * A dtype that no tensor takes is an error: of all tensors if the manifest has it, else of those
 * that are selected.
 */
static enum ti_status check_default(const struct maker *maker,
                                    const struct ti_selection *selection) {
    const struct ti_manifest *manifest = maker->model->manifest;
    const enum ti_dtype dtype = maker->options->dtype;
    const bool own = manifest->options.has_dtype && manifest->options.dtype == dtype;
    const size_t count = own ? manifest->tensor_count : selection->count;
    if (!maker->options->has_dtype) return TI_OK;
    for (size_t i = 0; i < count; i++) {
        if (uses_default(maker, own ? i : selection->tensors[i])) return TI_OK;
    }
    return ti_error_set(maker->error, TI_EINAPPLICABLE, "dtype",
                        "dtype=%s is of no use: each tensor%s, or its rule, has a dtype",
                        ti_dtype_name(dtype),
                        count < manifest->tensor_count ? " that is selected" : "");
}

static enum ti_status make_all(struct maker *maker,
                               const struct ti_selection *selection) {
    struct ti_model *model = maker->model;
    const size_t key_count = model->manifest->key_count;
    model->tensors = malloc(selection->count * sizeof *model->tensors);
    model->kind_of = malloc(selection->count * sizeof *model->kind_of);
    maker->last = malloc(key_count * sizeof *maker->last);
    if (!model->tensors || !model->kind_of || !maker->last) {
        return ti_error_nomem(maker->error);
    }
    for (size_t i = 0; i < key_count; i++) maker->last[i].kind = NO_KIND;
    enum ti_status status = check_default(maker, selection);
    for (size_t i = 0; status == TI_OK && i < selection->count; i++) {
        if (i % 64 == 0) status = ti_model_go_on(maker->options, maker->error);
        if (status == TI_OK) status = add_tensor(maker, selection->tensors[i]);
    }
    for (size_t i = 0; status == TI_OK && i < selection->count; i++) {
        model->tensors[i].kind = &model->kinds[model->kind_of[i]].info;
    }
    return status;
}

enum ti_status ti_model_make_kinds(struct ti_model *model,
                                   const struct ti_selection *selection,
                                   const struct ti_model_options *options,
                                   struct ti_manifest_place *place,
                                   struct ti_error *error) {
    struct maker maker = {
        .model = model, .options = options, .place = place, .error = error};
    const enum ti_status status = make_all(&maker, selection);
    free(maker.last);
    free(maker.table.kinds);
    free(maker.table.hashes);
    return status;
}
