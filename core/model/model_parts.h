/* SPDX-License-Identifier: MIT */
/*
 * The members of struct ti_model, and the steps of ti_model_make(): kinds (model_kinds.c),
 * files (model_layout.c), their texts (model_text.c).
 */
#ifndef TI_MODEL_PARTS_H
#define TI_MODEL_PARTS_H

#include <tensorinit/model.h>

#include "core/model/manifest.h"

struct ti_kind {
    struct ti_model_kind info;
    /* entity tag of the plan without name, with seed 0 */
    char etag[33];
    /* the query has the name of the stream */
    bool has_name;
};

/* A file, and where its tensors are in 'order' of the model. */
struct ti_file {
    struct ti_model_file info;
    size_t first;
    bool is_index;
    /* of its text, and of what its tensors are besides */
    char digest[33];
};

struct ti_model {
    const struct ti_manifest *manifest;
    struct ti_kind *kinds;
    size_t kind_count, kind_capacity;
    struct ti_model_tensor *tensors;
    size_t tensor_count;
    struct ti_file *files;
    size_t file_count;
    /* of each tensor its kind */
    uint32_t *kind_of;
    /* indices of tensors: by file, then as they lie in it; and where the entry of each begins
       in the file's text */
    uint32_t *order, *entry_at;
    /* the same for the index, if there is one: by file, then in the manifest's order */
    uint32_t *index_order, *index_at;
    uint64_t elems, bytes;
    char id[33];
};

/* Which tensors of the manifest are in the model: indices in its order, and the same by
   name. */
struct ti_selection {
    uint32_t *tensors, *by_name;
    size_t count;
};

/* TI_OK, or TI_ECANCELLED if options->go_on says so. To be called now and then. */
enum ti_status ti_model_go_on(const struct ti_model_options *options,
                              struct ti_error *error);

/* Fills in tensors and kinds, and checks the query of each; as ti_model_make(). */
enum ti_status ti_model_make_kinds(struct ti_model *model,
                                   const struct ti_selection *selection,
                                   const struct ti_model_options *options,
                                   struct ti_manifest_place *place,
                                   struct ti_error *error);

/* Cuts the tensors into files and gives each its place. 'by_name': indices of tensors. */
enum ti_status ti_model_make_files(struct ti_model *model, const uint32_t *by_name,
                                   uint64_t max_shard_bytes, struct ti_error *error);

/* Fills in the lengths of texts, digests and the id. */
enum ti_status ti_model_make_texts(struct ti_model *model,
                                   const struct ti_model_options *options,
                                   struct ti_error *error);

#endif
