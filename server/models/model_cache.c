/* SPDX-License-Identifier: MIT */
/* See model_cache.h. */
#include "server/models/model_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cache uses no more than this part of the memory. */
#define MEMORY_PART 8

struct tid_model_cache {
    struct tid_memory *memory;
    pthread_mutex_t lock; /* of the rest */
    /* The one that was used last is the last. */
    const struct tid_model *models[TID_MODELS_CACHED_MAX];
    size_t count, bytes;
};

struct tid_model_cache *tid_model_cache_make(struct tid_memory *memory) {
    struct tid_model_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return NULL;
    cache->memory = memory;
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

/* Takes a model out of the cache; the caller then has its reference. */
static const struct tid_model *take_out(struct tid_model_cache *cache, size_t index) {
    const struct tid_model *model = cache->models[index];
    cache->count--;
    memmove(cache->models + index, cache->models + index + 1,
            (cache->count - index) * sizeof *cache->models);
    cache->bytes -= model->taken_bytes;
    return model;
}

static void put_last(struct tid_model_cache *cache, const struct tid_model *model) {
    cache->models[cache->count++] = model;
    cache->bytes += model->taken_bytes;
}

/* Lets the one go that was used least recently; false if there is none. */
static bool evict(struct tid_model_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    const struct tid_model *model = cache->count > 0 ? take_out(cache, 0) : NULL;
    pthread_mutex_unlock(&cache->lock);
    tid_model_release(model);
    return model != NULL;
}

void tid_model_cache_free(struct tid_model_cache *cache) {
    if (!cache) return;
    while (evict(cache)) continue;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static bool is_variant(const struct tid_model *model, const struct tid_variant *variant) {
    return model->variant.has_dtype == variant->has_dtype &&
           (!variant->has_dtype || model->variant.dtype == variant->dtype) &&
           model->variant.max_shard_bytes == variant->max_shard_bytes;
}

static bool has_name(const struct tid_model *model, const char *name, size_t bytes) {
    return strlen(model->source->name) == bytes &&
           memcmp(model->source->name, name, bytes) == 0;
}

/*
 * A cached model, shared; NULL if there is none. 'source', unless NULL, is that of the name
 * today: a name may have had another one before. '*source_found' gets the source of any model
 * of that name otherwise, shared, or NULL.
 */
static const struct tid_model *look_up(struct tid_model_cache *cache, const char *name,
                                       size_t bytes, const struct tid_source *source,
                                       const struct tid_variant *variant,
                                       const struct tid_source **source_found) {
    const struct tid_model *found = NULL;
    *source_found = NULL;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = cache->count; i-- > 0 && !found;) {
        const struct tid_model *model = cache->models[i];
        if (source ? model->source != source : !has_name(model, name, bytes)) continue;
        if (is_variant(model, variant)) {
            found = tid_model_share(model);
            put_last(cache, take_out(cache, i));
        } else if (!*source_found) {
            *source_found = tid_source_share(model->source);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (found) {
        tid_source_release(*source_found);
        *source_found = NULL;
    }
    return found;
}

/* What a model uses, besides what its source uses anyway. */
static size_t bytes_of(const struct tid_model *model) {
    size_t bytes = sizeof *model + ti_model_memory_bytes(model->model);
    for (size_t i = 0; i < model->source->file_count; i++)
        bytes += model->source->files[i].bytes;
    return bytes;
}

/* Whether a model that takes so much can be cached, once others have made way. */
static bool make_space(struct tid_model_cache *cache, size_t bytes) {
    const size_t max_bytes = cache->memory->limit_bytes / MEMORY_PART;
    for (;;) {
        pthread_mutex_lock(&cache->lock);
        const bool fits = cache->count < TID_MODELS_CACHED_MAX && bytes <= max_bytes &&
                          cache->bytes <= max_bytes - bytes;
        pthread_mutex_unlock(&cache->lock);
        if (fits) return true;
        if (bytes > max_bytes || !evict(cache)) return false;
    }
}

const struct tid_model *tid_model_cache_look(struct tid_model_cache *cache,
                                             const char *name,
                                             const struct tid_source *source,
                                             const struct tid_variant *variant,
                                             const struct tid_source **other) {
    return look_up(cache, name, strlen(name), source, variant, other);
}

bool tid_model_cache_add(struct tid_model_cache *cache, struct tid_model *model) {
    const size_t bytes = bytes_of(model);
    const bool fits = make_space(cache, bytes);
    while (!tid_memory_take(cache->memory, TID_MEMORY_RESPONSE, bytes)) {
        if (!evict(cache)) {
            tid_model_release(model);
            return false;
        }
    }
    model->memory = cache->memory;
    model->taken_bytes = bytes;
    pthread_mutex_lock(&cache->lock);
    if (fits && cache->count < TID_MODELS_CACHED_MAX)
        put_last(cache, tid_model_share(model));
    pthread_mutex_unlock(&cache->lock);
    return true;
}

/*
 * A model of a token: the manifest is in the name, and has been read if there is a source.
 */
static enum tid_found find_token(struct tid_model_cache *cache, const char *name,
                                 size_t bytes, const struct tid_variant *variant,
                                 const struct tid_model **model,
                                 const struct tid_source **source) {
    *model = look_up(cache, name, bytes, NULL, variant, source);
    return *model ? TID_FOUND : TID_FOUND_UNMADE;
}

enum tid_found tid_model_find(struct tid_model_cache *cache,
                              struct tid_model_directory *directory, const char *name,
                              size_t name_bytes, const struct tid_variant *variant,
                              const struct tid_model **model,
                              const struct tid_source **source, struct ti_error *error) {
    static const struct tid_variant own;
    const struct tid_source *none;
    *source = NULL;
    if (!variant) variant = &own;
    if (name_bytes > 0 && name[0] == '~')
        return find_token(cache, name, name_bytes, variant, model, source);
    const struct tid_model *listed = tid_models_get(directory, name, name_bytes);
    if (!listed) {
        *error = (struct ti_error){.code = TI_EVALUE};
        snprintf(error->text, sizeof error->text,
                 "There is no model of that name; GET /v1/models lists them.");
        return TID_FOUND_NO_MODEL;
    }
    if (is_variant(listed, variant)) {
        *model = listed;
        return TID_FOUND;
    }
    *model = look_up(cache, name, name_bytes, listed->source, variant, &none);
    tid_source_release(none);
    if (!*model) *source = tid_source_share(listed->source);
    tid_model_release(listed);
    return *model ? TID_FOUND : TID_FOUND_UNMADE;
}
