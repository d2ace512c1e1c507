/* SPDX-License-Identifier: MIT */
/* The members of struct ti_manifest: manifest.c takes them, manifest_names.c makes names. */
#ifndef TI_MODEL_MANIFEST_H
#define TI_MODEL_MANIFEST_H

#include <stdatomic.h>

#include <tensorinit/manifest.h>
#include <tensorinit/spec.h>

#include "core/model/braces.h"
#include "core/model/rule.h"

/* Of each tensor that a manifest may have: how many steps its patterns may take. */
#define TI_MATCH_STEPS_PER_TENSOR 2000

/* What ti_manifest_add_tensor() was given. */
struct ti_manifest_key {
    struct ti_braces key;
    /* stream_name; without text if there is none */
    struct ti_braces stream;
    unsigned rank;
    uint64_t *shape;
    bool has_dtype, dtype_yields;
    enum ti_dtype dtype;
};

/* A tensor: offsets of NUL-terminated texts in 'names', and indices. */
struct ti_manifest_name {
    uint32_t name;
    /* 0 for none: the first text is "" */
    uint32_t stream;
    uint32_t key, rule;
};

struct ti_manifest {
    atomic_uint references;
    struct ti_model_options options;
    size_t max_tensors;
    struct ti_manifest_key *keys;
    size_t key_count, key_capacity;
    /* how many tensors the keys stand for */
    uint64_t total;
    struct ti_rule *rules;
    size_t rule_count, rule_capacity;

    /* from ti_manifest_finish() on */
    bool finished;
    char *names;
    size_t names_bytes, names_capacity;
    struct ti_manifest_name *tensors;
    size_t tensor_count;
    /* indices of 'tensors' in the order of their names' bytes */
    uint32_t *by_name;
};

/* One more user, who calls ti_manifest_free() as well. */
const struct ti_manifest *ti_manifest_share(const struct ti_manifest *manifest);

/* Memory that it uses. */
size_t ti_manifest_memory_bytes(const struct ti_manifest *manifest);

/* Makes 'names', 'tensors' and 'by_name'; as ti_manifest_finish(). */
enum ti_status ti_manifest_make_names(struct ti_manifest *manifest,
                                      struct ti_manifest_place *place,
                                      struct ti_error *error);

/* Grows an array of 'count' elements for one more; NULL if memory runs out. */
void *ti_manifest_grow(void *array, size_t count, size_t *capacity, size_t elem_bytes);

#endif
