/* SPDX-License-Identifier: MIT */
/* Documents about models: /v1/models and what is below it. */
#ifndef TID_JSON_MODEL_H
#define TID_JSON_MODEL_H

#include <stddef.h>

#include "server/documents/buffer.h"
#include "server/models/model_source.h"

/* A file of a model, for lists in documents. */
struct tid_json_file {
    const char *name; /* borrowed from the model */
    char etag[33];
    uint64_t bytes;
};

/* All models, as text from malloc(); NULL if memory runs out. */
char *tid_json_models(const struct tid_model *const *models, size_t count,
                      const char *prefix);

/* A model that a manifest has been sent of: what and where it is. As tid_json_models(). */
char *tid_json_created(const struct tid_model *model, const struct tid_variant *variant,
                       const char *prefix);

/*
 * Of the document of a model, whose tensors may be many: the beginning up to the list of
 * tensors, a member of that list, the end. Appended to 'buffer', which reports when memory runs
 * out.
 */
void tid_json_model_begin(struct tid_buffer *buffer, const struct tid_model *model,
                          const struct tid_variant *variant, const char *prefix,
                          const struct tid_json_file *files, size_t count);
void tid_json_model_tensor(struct tid_buffer *buffer, const struct tid_model *model,
                           uint64_t seed, size_t tensor);
void tid_json_model_end(struct tid_buffer *buffer);

/* The path of a model's files, without a slash at the end; NUL-terminated, from malloc(). */
char *tid_model_path(const struct tid_model *model, const struct tid_variant *variant,
                     const char *prefix);

#endif
