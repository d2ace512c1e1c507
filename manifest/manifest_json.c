/* SPDX-License-Identifier: MIT */
/* Manifests as JSON: see manifest_json.h. */
#include "manifest/manifest_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/spellings.h>

#include "manifest/json_memory.h"
#include "manifest/json_parse.h"
#include "manifest/manifest_error.h"
#include "manifest/tensor_entry.h"

struct reader {
    const char *json;
    size_t bytes;
    const struct tim_checkpoint *checkpoint;
    struct ti_manifest *manifest;
    struct ti_error *error;
    /* of the member that is read: the item that an error is about, or SIZE_MAX */
    size_t item;
};

/* Puts the line of a member, or of an item in it, before the text of the error. */
static void add_line(const char *json, size_t bytes, const char *member, size_t index,
                     struct ti_error *error) {
    const unsigned line = tim_json_line(json, bytes, member, index);
    const struct ti_error reason = *error;
    if (line == 0 || reason.code == TI_ENOMEM) return;
    tim_error(error, reason.code, reason.field, "line %u: %s", line, reason.text);
}

void tim_manifest_explain(const char *json, size_t bytes,
                          const struct ti_manifest_place *place, struct ti_error *error) {
    if (place->rule != SIZE_MAX) {
        add_line(json, bytes, "rules", place->rule, error);
    } else if (place->tensor != SIZE_MAX) {
        add_line(json, bytes, "tensors", place->tensor, error);
    }
}

/* Members that are text or an integer ------------------------------------------------ */

static enum ti_status set_option(struct reader *reader, const char *key,
                                 const json_t *value) {
    char digits[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
        text = digits;
    }
    if (!text) {
        return tim_error(reader->error, TI_EVALUE, key,
                         "%s is neither a string nor an integer", key);
    }
    return ti_manifest_set(reader->manifest, key, text, strlen(text), reader->error);
}

/* What people write about a manifest has no meaning. */
static enum ti_status check_text(struct reader *reader, const char *key,
                                 const json_t *value) {
    size_t index;
    const json_t *item;
    bool valid = json_is_string(value) || json_is_array(value);
    json_array_foreach(value, index, item) valid = valid && json_is_string(item);
    if (valid) return TI_OK;
    return tim_error(reader->error, TI_EVALUE, key,
                     "%s is neither a string nor an array of strings", key);
}

/* Tensors ---------------------------------------------------------------------------- */

static enum ti_status add_tensors(struct reader *reader, const char *key,
                                  const json_t *value) {
    struct tim_tensor_entry entry;
    const char *name;
    json_t *of_name;
    if (reader->checkpoint) {
        return tim_error(reader->error, TI_EINAPPLICABLE, key,
                         "the manifest has tensors, and so has the checkpoint");
    }
    if (!json_is_object(value)) {
        return tim_error(reader->error, TI_EVALUE, key,
                         "tensors is not an object {\"name\": [512, 784]}");
    }
    json_object_foreach((json_t *)value, name, of_name) {
        if (strcmp(name, "__metadata__") == 0) continue;
        reader->item++; /* from SIZE_MAX on */
        enum ti_status status =
            tim_tensor_entry_read(name, of_name, &entry, reader->error);
        if (status == TI_OK) {
            status =
                ti_manifest_add_tensor(reader->manifest, &entry.tensor, reader->error);
        }
        if (status != TI_OK) return status;
    }
    return TI_OK;
}

/* Rules ------------------------------------------------------------------------------ */

static enum ti_status add_rule(struct reader *reader, const json_t *value) {
    const char *pattern = json_string_value(json_array_get(value, 0));
    const char *query = json_string_value(json_array_get(value, 1));
    if (json_array_size(value) != 2 || !pattern || !query) {
        return tim_error(reader->error, TI_EVALUE, "rules",
                         "a rule is not a pattern and a query, [\"*.weight\", "
                         "\"scheme=normal&std=0.02\"]");
    }
    return ti_manifest_add_rule(reader->manifest, pattern, query, reader->error);
}

static enum ti_status add_rules(struct reader *reader, const char *key,
                                const json_t *value) {
    const json_t *rule;
    size_t index;
    if (!json_is_array(value)) {
        return tim_error(reader->error, TI_EVALUE, key, "rules is not an array");
    }
    json_array_foreach(value, index, rule) {
        const enum ti_status status = add_rule(reader, rule);
        if (status == TI_OK) continue;
        const struct ti_error reason = *reader->error;
        reader->item = index;
        return tim_error(reader->error, status, reason.field, "rule %zu: %s", index + 1,
                         reason.text);
    }
    return TI_OK;
}

/* Manifests -------------------------------------------------------------------------- */

static const struct member {
    const char *key;
    enum ti_status (*read)(struct reader *reader, const char *key, const json_t *value);
} members[] = {
    {"$schema", check_text},        {"description", check_text}, {"sources", check_text},
    {"spec", set_option},           {"seed", set_option},        {"dtype", set_option},
    {"max_shard_size", set_option}, {"tensors", add_tensors},    {"rules", add_rules},
};

#define MEMBER_COUNT (sizeof members / sizeof *members)

static enum ti_status refuse_key(struct reader *reader, const char *key) {
    const char *keys[MEMBER_COUNT], *near[TI_NEAR_MAX];
    for (size_t i = 0; i < MEMBER_COUNT; i++) keys[i] = members[i].key;
    const bool is_near = ti_near_names(key, keys, MEMBER_COUNT, near) > 0;
    tim_error(reader->error, TI_EPARAM, "",
              "unknown key '%.64s'%s%s%s; a manifest has seed, dtype, max_shard_size, "
              "tensors, rules, spec, description and sources",
              key, is_near ? ": did you mean '" : "", is_near ? near[0] : "",
              is_near ? "'?" : "");
    add_line(reader->json, reader->bytes, key, SIZE_MAX, reader->error);
    return TI_EPARAM;
}

static enum ti_status read_member(struct reader *reader, const char *key,
                                  const json_t *value) {
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (strcmp(members[i].key, key) != 0) continue;
        reader->item = SIZE_MAX;
        const enum ti_status status = members[i].read(reader, key, value);
        if (status != TI_OK) {
            add_line(reader->json, reader->bytes, key, reader->item, reader->error);
        }
        return status;
    }
    return refuse_key(reader, key);
}

static enum ti_status finish(struct reader *reader) {
    struct ti_manifest_place place;
    enum ti_status status = TI_OK;
    if (reader->checkpoint) {
        status = tim_checkpoint_add(reader->checkpoint, reader->manifest, reader->error);
    }
    if (status != TI_OK) return status;
    status = ti_manifest_finish(reader->manifest, &place, reader->error);
    if (status != TI_OK) {
        tim_manifest_explain(reader->json, reader->bytes, &place, reader->error);
    }
    return status;
}

enum ti_status tim_manifest_read(const char *json, size_t bytes, size_t max_tensors,
                                 const struct tim_checkpoint *checkpoint,
                                 struct ti_manifest **manifest, struct ti_error *error) {
    struct reader reader = {
        .json = json, .bytes = bytes, .checkpoint = checkpoint, .error = error};
    json_t *object, *value;
    const char *key;
    enum ti_status status = tim_json_object(json, bytes, "the manifest", &object, error);
    if (status != TI_OK) return status;
    status = ti_manifest_make(max_tensors, &reader.manifest, error);
    json_object_foreach(object, key, value) {
        if (status == TI_OK) status = read_member(&reader, key, value);
    }
    json_decref(object);
    if (status == TI_OK) status = finish(&reader);
    if (status == TI_OK) {
        *manifest = reader.manifest;
    } else {
        ti_manifest_free(reader.manifest);
    }
    return status;
}

char *tim_manifest_shorten(const char *json, size_t bytes) {
    tim_json_memory_begin();
    json_t *object = json_loadb(json, bytes, 0, NULL);
    char *text = NULL;
    if (!tim_json_memory_failed()) {
        json_object_del(object, "$schema");
        json_object_del(object, "description");
        json_object_del(object, "sources");
        text = json_dumps(object, JSON_COMPACT);
    }
    json_decref(object);
    return text;
}
