/* SPDX-License-Identifier: MIT */
/*
 * A model as it was given to the server: its manifest, and the files beside it, all of them in
 * memory. Of it models are made, of which each has its own dtype and size of files.
 * Immutable; any thread may share it.
 */
#ifndef TID_MODEL_SOURCE_H
#define TID_MODEL_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/model.h>

#include "server/models/model_variant.h"

/* The first half of the SHA-256 in hex, with its NUL: the entity tag of what is in memory. */
#define TID_CONTENT_TAG_BYTES 33
void tid_content_tag(const char *data, size_t bytes, char tag[TID_CONTENT_TAG_BYTES]);

/* A file that is served as it is; manifest.json is one. */
struct tid_beside {
    char *name;
    const char *media_type; /* static */
    char etag[TID_CONTENT_TAG_BYTES];
    char *data;
    size_t bytes;
};

struct tid_source {
    atomic_uint references;
    char *name; /* as in paths: "gpt2" or "~TOKEN" */
    struct ti_manifest *manifest;
    struct tid_beside *files; /* by name */
    size_t file_count;
};

/* Max of a model's name: that of a repository of the Hugging Face Hub. */
#define TID_MODEL_NAME_MAX 96

/*
 * Whether a text can be the name of a model: letters, digits and "._-", not "." first, no
 * "..". "--" stands for the slash of a repository, as in the Hub's caches.
 */
bool tid_model_name_is_valid(const char *name, size_t bytes);

/* The same of a file beside a manifest: it needs no encoding in a URL. */
bool tid_file_name_is_valid(const char *name, size_t bytes);

/*
 * Makes a source of a manifest.
 *
 *   json         from malloc(), 'bytes' long; belongs to the source, also on failure
 *   max_tensors  what the manifest may have
 *
 * Returns TI_OK and '*source', to be released by tid_source_release(); as tim_manifest_read().
 */
TI_MUST_USE enum ti_status tid_source_make(const char *name, size_t name_bytes,
                                           char *json, size_t bytes, size_t max_tensors,
                                           struct tid_source **source,
                                           struct ti_error *error);

/* The same of a manifest that has been read of 'json', and belongs to the source, also on
   failure: NULL if memory runs out. */
struct tid_source *tid_source_of(const char *name, size_t name_bytes, char *json,
                                 size_t bytes, struct ti_manifest *manifest);

/* Adds a file, before the source is shared. 'data' as 'json'. False if out of memory. */
bool tid_source_add(struct tid_source *source, const char *name, char *data,
                    size_t bytes);

const struct tid_source *tid_source_share(const struct tid_source *source);
/* NULL is allowed. */
void tid_source_release(const struct tid_source *source);

/* A file beside the manifest; NULL if there is none of that name. */
const struct tid_beside *tid_source_find(const struct tid_source *source,
                                         const char *name, size_t bytes);

/* A model made of a source. As immutable. */
struct tid_memory;
struct tid_model {
    atomic_uint references;
    const struct tid_source *source;
    struct tid_variant variant; /* without the seed */
    struct ti_model *model;
    uint32_t check; /* changes with the content of any file */
    /* The maxima of all tensors, as struct ti_model_kind has them. */
    double ns_per_byte;
    size_t workspace_bytes, factor_peak_bytes;
    struct tid_memory *memory; /* from which 'taken_bytes' were taken */
    size_t taken_bytes;
};

/* Which model to make of a source. */
struct tid_model_order {
    struct tid_variant variant;
    /* the text whose lines errors name; NULL: manifest.json */
    const char *text;
    size_t text_bytes;
    /* as struct ti_model_options has them */
    bool (*go_on)(void *state);
    void *state;
};

/*
 * Makes a model. '*model' is to be released by tid_model_release(). Returns TI_OK; TI_EVALUE if
 * the variant has a part that is the manifest's own anyway; as ti_model_make().
 */
TI_MUST_USE enum ti_status tid_model_make(const struct tid_source *source,
                                          const struct tid_model_order *order,
                                          struct tid_model **model,
                                          struct ti_error *error);
const struct tid_model *tid_model_share(const struct tid_model *model);
/* NULL is allowed. Gives the memory back when no one has the model any more. */
void tid_model_release(const struct tid_model *model);

/* What a byte of a tensor takes to generate, in nanoseconds. */
double tid_kind_ns_per_byte(const struct ti_model_kind *kind);

/* The variant of a model's source with the manifest's dtype and size of files. */
struct tid_variant tid_source_variant(const struct tid_source *source);

#endif
