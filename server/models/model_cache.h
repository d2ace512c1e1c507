/* SPDX-License-Identifier: MIT */
/*
 * Finds the model of a request, by its name or token and its variant. What is made for a
 * request, models with another dtype or size of files than their manifest's and all models of
 * tokens, stays in a cache, whose memory is that of --memory; what was used least recently
 * makes way. Any thread may call this.
 */
#ifndef TID_MODEL_CACHE_H
#define TID_MODEL_CACHE_H

#include <stddef.h>

#include "server/models/model_directory.h"
#include "server/work/memory.h"

struct tid_model_cache;

#define TID_MODELS_CACHED_MAX 64

/* Max tensors of a manifest in a URL: strangers have it planned. */
#define TID_TOKEN_TENSORS_MAX 4096

/* NULL if memory runs out. 'memory' must outlive all models. */
struct tid_model_cache *tid_model_cache_make(struct tid_memory *memory);
/* NULL is allowed. */
void tid_model_cache_free(struct tid_model_cache *cache);

/* What has become of a search. */
enum tid_found {
    TID_FOUND,
    TID_FOUND_UNMADE,     /* it has to be made: model_making.h */
    TID_FOUND_NO_MODEL,   /* there is no model of that name, or the token is not one */
    TID_FOUND_NO_VARIANT, /* the model has no such files */
    TID_FOUND_REFUSED,    /* the token's manifest is wrong */
    TID_FOUND_TOO_LARGE,  /* the manifest that was sent does not fit a token */
    TID_FOUND_BUSY,       /* the memory of --memory is in use */
    TID_FOUND_NO_MEMORY,
};

/*
 * Finds a model that is in memory.
 *
 *   name     of one of the directory's, or "~TOKEN"
 *   variant  NULL: the manifest's dtype and size of files
 *   error    says why if the result is NO_MODEL
 *
 * On TID_FOUND '*model' is to be released; on UNMADE '*source', of which it is to be made, or
 * NULL if the token has to be read.
 */
enum tid_found tid_model_find(struct tid_model_cache *cache,
                              struct tid_model_directory *directory, const char *name,
                              size_t name_bytes, const struct tid_variant *variant,
                              const struct tid_model **model,
                              const struct tid_source **source, struct ti_error *error);

/* The following are for model_making.c. */

/*
 * A cached model, to be released; NULL if there is none. 'source', unless NULL, is that of the
 * name now. '*other' is another model's source of that name, to be released, or NULL.
 */
const struct tid_model *tid_model_cache_look(struct tid_model_cache *cache,
                                             const char *name,
                                             const struct tid_source *source,
                                             const struct tid_variant *variant,
                                             const struct tid_source **other);

/* Takes the memory of a new model, and caches it if it is not too large. False, and the model is
   released, if that memory is in use. */
bool tid_model_cache_add(struct tid_model_cache *cache, struct tid_model *model);

#endif
