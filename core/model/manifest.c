/* SPDX-License-Identifier: MIT */
/* Taking the members of a manifest, and finding each tensor's rule: <tensorinit/manifest.h>. */
#include "core/model/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <tensorinit/spellings.h>
#include <tensorinit/version.h>

#include "core/base/error.h"
#include "core/request/text.h"

static const struct ti_model_options defaults = {
    .dtype = TI_DTYPE_F32,
    .max_shard_bytes = TI_MAX_SHARD_BYTES_DEFAULT,
};

enum ti_status ti_manifest_make(size_t max_tensors, struct ti_manifest **manifest,
                                struct ti_error *error) {
    struct ti_manifest *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    atomic_init(&made->references, 1);
    made->options = defaults;
    made->max_tensors =
        max_tensors < TI_MANIFEST_TENSORS_MAX ? max_tensors : TI_MANIFEST_TENSORS_MAX;
    *manifest = made;
    return TI_OK;
}

const struct ti_manifest *ti_manifest_share(const struct ti_manifest *manifest) {
    atomic_fetch_add(&((struct ti_manifest *)manifest)->references, 1);
    return manifest;
}

static void clear_key(struct ti_manifest_key *key) {
    ti_braces_clear(&key->key);
    ti_braces_clear(&key->stream);
    free(key->shape);
}

void ti_manifest_free(struct ti_manifest *manifest) {
    if (!manifest || atomic_fetch_sub(&manifest->references, 1) > 1) return;
    for (size_t i = 0; i < manifest->key_count; i++) clear_key(&manifest->keys[i]);
    for (size_t i = 0; i < manifest->rule_count; i++) ti_rule_clear(&manifest->rules[i]);
    free(manifest->keys);
    free(manifest->rules);
    free(manifest->names);
    free(manifest->tensors);
    free(manifest->by_name);
    free(manifest);
}

size_t ti_manifest_memory_bytes(const struct ti_manifest *manifest) {
    size_t bytes =
        sizeof *manifest + manifest->names_capacity +
        manifest->key_capacity * sizeof *manifest->keys +
        manifest->rule_capacity * sizeof *manifest->rules +
        manifest->tensor_count * (sizeof *manifest->tensors + sizeof *manifest->by_name);
    for (size_t i = 0; i < manifest->key_count; i++) {
        const struct ti_manifest_key *key = &manifest->keys[i];
        bytes += ti_braces_memory_bytes(&key->key) +
                 ti_braces_memory_bytes(&key->stream) +
                 (key->rank + 1) * sizeof *key->shape;
    }
    for (size_t i = 0; i < manifest->rule_count; i++) {
        bytes += ti_rule_memory_bytes(&manifest->rules[i]);
    }
    return bytes;
}

const struct ti_model_options *ti_manifest_options(const struct ti_manifest *manifest) {
    return &manifest->options;
}

enum ti_status ti_manifest_set(struct ti_manifest *manifest, const char *option,
                               const char *value, size_t value_bytes,
                               struct ti_error *error) {
    if (strcmp(option, "spec") != 0) {
        return ti_model_options_set(&manifest->options, option, value, value_bytes,
                                    error);
    }
    if (value_bytes == 0) value = "";
    if (ti_text_is(value, value_bytes, TI_SPEC_NAME)) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, "spec",
        "the manifest is for spec %.*s; this program computes " TI_SPEC_NAME,
        value_bytes > 64 ? 64 : (int)value_bytes, value);
}

static enum ti_status misused(struct ti_error *error) {
    return ti_error_set(error, TI_EVALUE, NULL,
                        "the manifest is finished, or the caller's struct_bytes wrong");
}

void *ti_manifest_grow(void *array, size_t count, size_t *capacity, size_t elem_bytes) {
    if (count < *capacity) return array;
    const size_t larger = *capacity > 0 ? 2 * *capacity : 16;
    void *grown = realloc(array, larger * elem_bytes);
    if (grown) *capacity = larger;
    return grown;
}

/* Tensors ---------------------------------------------------------------------------- */

/* The name of each stream has to be that of one tensor. */
static enum ti_status check_stream(const struct ti_manifest_key *key,
                                   struct ti_error *error) {
    bool same = key->key.count == key->stream.count;
    for (unsigned i = 0; same && i < key->key.count; i++) {
        same = key->key.pairs[i].count == key->stream.pairs[i].count;
    }
    if (same) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "name",
                        "name '%.200s' needs the same number of alternatives in its "
                        "braces as tensor '%.200s'",
                        key->stream.text, key->key.text);
}

static enum ti_status read_key(const struct ti_manifest_tensor *tensor,
                               struct ti_manifest_key *key, struct ti_error *error) {
    enum ti_status status;
    if (tensor->rank > TI_MAX_RANK) {
        return ti_error_set(error, TI_EVALUE, "shape",
                            "tensor '%.200s' has %u dims; at most 32 are possible",
                            tensor->key, tensor->rank);
    }
    status = ti_braces_parse(tensor->key, tensor->literal, "tensor", &key->key, error);
    if (status == TI_OK && tensor->stream_name) {
        status = ti_braces_parse(tensor->stream_name, tensor->literal, "name",
                                 &key->stream, error);
        if (status == TI_OK) status = check_stream(key, error);
    }
    if (status == TI_OK && tensor->dtype) {
        struct ti_model_options own = defaults;
        struct ti_error reason;
        status = ti_model_options_set(&own, "dtype", tensor->dtype, strlen(tensor->dtype),
                                      &reason);
        if (status != TI_OK) {
            return ti_error_set(error, status, "dtype", "tensor '%.200s': %s",
                                tensor->key, reason.text);
        }
        key->dtype = own.dtype;
        key->has_dtype = true;
        key->dtype_yields = tensor->dtype_yields;
    }
    if (status != TI_OK) return status;
    key->rank = tensor->rank;
    key->shape = calloc(tensor->rank + 1, sizeof *key->shape);
    if (!key->shape) return ti_error_nomem(error);
    for (unsigned i = 0; i < tensor->rank; i++) key->shape[i] = tensor->shape[i];
    return TI_OK;
}

enum ti_status ti_manifest_add_tensor(struct ti_manifest *manifest,
                                      const struct ti_manifest_tensor *tensor,
                                      struct ti_error *error) {
    if (tensor->struct_bytes < sizeof *tensor || manifest->finished) {
        return misused(error);
    }
    struct ti_manifest_key key = {.rank = 0};
    struct ti_manifest_key *keys =
        ti_manifest_grow(manifest->keys, manifest->key_count, &manifest->key_capacity,
                         sizeof *manifest->keys);
    if (!keys) return ti_error_nomem(error);
    manifest->keys = keys;
    enum ti_status status = read_key(tensor, &key, error);
    if (status == TI_OK) {
        const uint64_t left = manifest->max_tensors - manifest->total;
        const uint64_t total = ti_braces_total(&key.key, left);
        if (total > left) {
            status = ti_error_set(error, TI_ETOOLARGE, "tensors",
                                  "tensor '%.200s': these would be more than %zu tensors",
                                  tensor->key, manifest->max_tensors);
        } else {
            manifest->total += total;
        }
    }
    if (status == TI_OK) {
        keys[manifest->key_count++] = key;
    } else {
        clear_key(&key);
    }
    return status;
}

/* Rules ------------------------------------------------------------------------------ */

enum ti_status ti_manifest_add_rule(struct ti_manifest *manifest, const char *pattern,
                                    const char *query, struct ti_error *error) {
    if (manifest->finished) return misused(error);
    if (manifest->rule_count == TI_MANIFEST_RULES_MAX) {
        return ti_error_set(error, TI_ETOOLARGE, "rules",
                            "a manifest has at most %d rules", TI_MANIFEST_RULES_MAX);
    }
    struct ti_rule *rules =
        ti_manifest_grow(manifest->rules, manifest->rule_count, &manifest->rule_capacity,
                         sizeof *manifest->rules);
    if (!rules) return ti_error_nomem(error);
    manifest->rules = rules;
    const enum ti_status status =
        ti_rule_parse(pattern, query, &rules[manifest->rule_count], error);
    if (status == TI_OK) manifest->rule_count++;
    return status;
}

/* Matching --------------------------------------------------------------------------- */

static enum ti_status check_steps(const struct ti_manifest *manifest, uint64_t steps,
                                  struct ti_error *error) {
    const uint64_t max = (uint64_t)manifest->max_tensors * TI_MATCH_STEPS_PER_TENSOR;
    if (steps <= max) return TI_OK;
    return ti_error_set(error, TI_ETOOLARGE, "rules",
                        "matching %zu tensors with %zu rules takes too long: write fewer "
                        "rules, with fewer stars",
                        manifest->tensor_count, manifest->rule_count);
}

/* The first rule from 'rule' on that matches; rule_count if there is none. */
static size_t first_match(const struct ti_manifest *manifest, const char *name,
                          size_t rule, uint64_t *steps) {
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    const size_t bytes = strlen(name);
    while (rule < manifest->rule_count &&
           !ti_name_pattern_match(&manifest->rules[rule].pattern, name, bytes, captures,
                                  steps)) {
        rule++;
    }
    return rule;
}

static enum ti_status match_tensors(struct ti_manifest *manifest, bool *used,
                                    uint64_t *steps, struct ti_manifest_place *place,
                                    struct ti_error *error) {
    for (size_t i = 0; i < manifest->tensor_count; i++) {
        struct ti_manifest_name *tensor = &manifest->tensors[i];
        const char *name = manifest->names + tensor->name;
        const size_t rule = first_match(manifest, name, 0, steps);
        const enum ti_status status = check_steps(manifest, *steps, error);
        if (status != TI_OK) return status;
        if (rule == manifest->rule_count) {
            place->tensor = tensor->key;
            return ti_error_set(error, TI_EMISSING, "rules",
                                "tensor '%.300s' has no rule: no pattern matches it",
                                name);
        }
        tensor->rule = (uint32_t)rule;
        used[rule] = true;
    }
    return TI_OK;
}

/* Says why a rule is the first for no tensor. */
static enum ti_status refuse_unused(const struct ti_manifest *manifest, size_t rule,
                                    uint64_t steps, struct ti_error *error) {
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    const struct ti_name_pattern *pattern = &manifest->rules[rule].pattern;
    for (size_t i = 0; i < manifest->tensor_count; i++) {
        const struct ti_manifest_name *tensor = &manifest->tensors[i];
        const char *name = manifest->names + tensor->name;
        if (check_steps(manifest, steps, NULL) != TI_OK) break;
        if (!ti_name_pattern_match(pattern, name, strlen(name), captures, &steps)) {
            continue;
        }
        return ti_error_set(error, TI_EVALUE, "rules",
                            "rule %zu ('%.200s') is never used: rule %u ('%.200s') "
                            "matches the same tensors before it, '%.200s' for example",
                            rule + 1, pattern->text, (unsigned)tensor->rule + 1,
                            manifest->rules[tensor->rule].pattern.text, name);
    }
    return ti_error_set(error, TI_EVALUE, "rules",
                        "rule %zu ('%.300s') matches no tensor", rule + 1, pattern->text);
}

static enum ti_status match_rules(struct ti_manifest *manifest,
                                  struct ti_manifest_place *place,
                                  struct ti_error *error) {
    bool used[TI_MANIFEST_RULES_MAX] = {false};
    uint64_t steps = 0;
    enum ti_status status = match_tensors(manifest, used, &steps, place, error);
    for (size_t i = 0; status == TI_OK && i < manifest->rule_count; i++) {
        if (used[i]) continue;
        place->rule = i;
        status = refuse_unused(manifest, i, steps, error);
    }
    return status;
}

enum ti_status ti_manifest_finish(struct ti_manifest *manifest,
                                  struct ti_manifest_place *place,
                                  struct ti_error *error) {
    struct ti_manifest_place own, *at = place ? place : &own;
    *at = (struct ti_manifest_place){SIZE_MAX, SIZE_MAX};
    if (manifest->finished) return misused(error);
    manifest->finished = true;
    if (manifest->key_count == 0) {
        return ti_error_set(error, TI_EMISSING, "tensors", "there are no tensors");
    }
    enum ti_status status = ti_manifest_make_names(manifest, at, error);
    if (status == TI_OK) status = match_rules(manifest, at, error);
    return status;
}
