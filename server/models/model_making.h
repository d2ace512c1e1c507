/* SPDX-License-Identifier: MIT */
/*
 * Making a model that a request needs and that is not in memory: reading the manifest, planning
 * its tensors. It takes tens of milliseconds for a manifest in a URL, and seconds for the
 * largest, so a thread of the pool does it (http/deferred.h).
 */
#ifndef TID_MODEL_MAKING_H
#define TID_MODEL_MAKING_H

#include "server/http/deferred.h"
#include "server/models/model_cache.h"

struct tid_model_making {
    struct tid_deferred deferred;
    struct tid_model_cache *cache;
    char *name;
    struct tid_variant variant;
    const struct tid_source *source; /* NULL: it has to be read first */
    /* A manifest that has been sent, whose lines errors name: a copy; or NULL. */
    char *sent;
    size_t sent_bytes;
    /* The result. */
    enum tid_found found;
    struct ti_error error;
    const struct tid_model *model; /* on TID_FOUND; a reference */
};

/*
 * Of a model that tid_model_find() has not found: 'source' is its, and becomes that of the
 * making, also on failure. NULL if memory runs out.
 */
struct tid_model_making *tid_model_making_make(struct tid_model_cache *cache,
                                               const char *name, size_t name_bytes,
                                               const struct tid_variant *variant,
                                               const struct tid_source *source);

/* Of a manifest that has been sent; the model gets the name of its token. */
struct tid_model_making *tid_model_making_of(struct tid_model_cache *cache,
                                             const char *json, size_t bytes);

#endif
