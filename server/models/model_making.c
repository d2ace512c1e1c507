/* SPDX-License-Identifier: MIT */
/* See model_making.h. */
#include "server/models/model_making.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest_json.h"
#include "server/models/model_token.h"

static enum tid_found refuse(struct ti_error *error, enum tid_found found,
                             const char *text) {
    *error = (struct ti_error){.code = TI_EVALUE};
    snprintf(error->text, sizeof error->text, "%s", text);
    return found;
}

/* The source that a token has in itself. */
static enum tid_found read_token(struct tid_model_making *making) {
    struct ti_error *error = &making->error;
    const size_t chars = strlen(making->name) - 1;
    char text[128];
    struct tid_source *made;
    char *json;
    size_t bytes;
    switch (tid_token_read(making->name + 1, chars, &json, &bytes)) {
    case TID_TOKEN_OK:
        break;
    case TID_TOKEN_NO_MEMORY:
        return TID_FOUND_NO_MEMORY;
    case TID_TOKEN_INVALID:
        return refuse(
            error, TID_FOUND_NO_MODEL,
            "What follows the ~ is not a manifest as POST /v1/models writes it.");
    case TID_TOKEN_TOO_LARGE:
        snprintf(text, sizeof text,
                 "A manifest in a URL has at most %d bytes, and %d characters there.",
                 TID_MANIFEST_BYTES_MAX, TID_TOKEN_CHARS_MAX);
        return refuse(error, TID_FOUND_NO_MODEL, text);
    }
    const enum ti_status status = tid_source_make(making->name, chars + 1, json, bytes,
                                                  TID_TOKEN_TENSORS_MAX, &made, error);
    if (status == TI_ENOMEM) return TID_FOUND_NO_MEMORY;
    if (status != TI_OK) return TID_FOUND_REFUSED;
    making->source = made;
    return TID_FOUND;
}

/* Sets the name of what has been sent, and makes its source, to which the manifest goes. */
static enum tid_found name_sent(struct tid_model_making *making,
                                struct ti_manifest *manifest) {
    char text[256], *json = NULL, *token = NULL;
    struct tid_source *made = NULL;
    const enum tid_token_result result =
        tid_token_of(making->sent, making->sent_bytes, &json, &token);
    if (result == TID_TOKEN_OK) {
        making->name = malloc(strlen(token) + 2);
        if (making->name) sprintf(making->name, "~%s", token);
    }
    free(token);
    if (making->name) {
        made = tid_source_of(making->name, strlen(making->name), json, strlen(json),
                             manifest);
    } else {
        free(json);
        ti_manifest_free(manifest);
    }
    if (result == TID_TOKEN_TOO_LARGE) {
        snprintf(text, sizeof text,
                 "The manifest does not fit a URL: compressed it has more than %d "
                 "characters. Braces as in layers.{0..31} make it shorter; the server's "
                 "option --models serves it as it is.",
                 TID_TOKEN_CHARS_MAX);
        return refuse(&making->error, TID_FOUND_TOO_LARGE, text);
    }
    making->source = made;
    return made ? TID_FOUND : TID_FOUND_NO_MEMORY;
}

static enum tid_found read_sent(struct tid_model_making *making) {
    struct ti_manifest *manifest;
    const enum ti_status status =
        tim_manifest_read(making->sent, making->sent_bytes, TID_TOKEN_TENSORS_MAX, NULL,
                          &manifest, &making->error);
    if (status == TI_ENOMEM) return TID_FOUND_NO_MEMORY;
    if (status != TI_OK) return TID_FOUND_REFUSED;
    return name_sent(making, manifest);
}

/* Another request may have had the model made while this one waited. */
static bool look_again(struct tid_model_making *making) {
    const struct tid_source *other;
    if (!making->name) return false;
    /* A name of the directory may have had another source before; a token has one. */
    const bool is_token = making->name[0] == '~';
    making->model =
        tid_model_cache_look(making->cache, making->name,
                             is_token ? NULL : making->source, &making->variant, &other);
    if (!making->model && !making->source)
        making->source = other;
    else
        tid_source_release(other);
    return making->model != NULL;
}

/* Whether the making goes on: a function of struct ti_model_options. */
static bool is_wanted(void *state) {
    const struct tid_model_making *making = state;
    return !atomic_load_explicit(&making->deferred.abandoned, memory_order_relaxed);
}

static enum tid_found make(struct tid_model_making *making) {
    const struct tid_variant *variant = &making->variant;
    const struct tid_model_order order = {.variant = *variant,
                                          .text = making->sent,
                                          .text_bytes = making->sent_bytes,
                                          .go_on = is_wanted,
                                          .state = making};
    struct tid_model *made;
    const enum ti_status status =
        tid_model_make(making->source, &order, &made, &making->error);
    const bool own = !variant->has_dtype && variant->max_shard_bytes == 0;
    /* No one sees what has become of a making that has been cancelled. */
    if (status == TI_ENOMEM || status == TI_ECANCELLED) return TID_FOUND_NO_MEMORY;
    if (status != TI_OK) return own ? TID_FOUND_REFUSED : TID_FOUND_NO_VARIANT;
    if (!tid_model_cache_add(making->cache, made)) return TID_FOUND_BUSY;
    making->model = made;
    return TID_FOUND;
}

/* First the source, then the model. */
static bool run(struct tid_deferred *deferred) {
    struct tid_model_making *making = (struct tid_model_making *)(void *)deferred;
    making->found = TID_FOUND;
    if (look_again(making)) return false;
    if (!making->source) {
        making->found = making->sent ? read_sent(making) : read_token(making);
        return making->found == TID_FOUND;
    }
    making->found = make(making);
    return false;
}

static void making_free(struct tid_deferred *deferred) {
    struct tid_model_making *making = (struct tid_model_making *)(void *)deferred;
    tid_model_release(making->model);
    tid_source_release(making->source);
    free(making->name);
    free(making->sent);
    free(making);
}

static struct tid_model_making *making_make(struct tid_model_cache *cache) {
    struct tid_model_making *making = calloc(1, sizeof *making);
    if (!making) return NULL;
    making->deferred.run = run;
    making->deferred.free = making_free;
    atomic_init(&making->deferred.abandoned, false);
    making->cache = cache;
    return making;
}

struct tid_model_making *tid_model_making_make(struct tid_model_cache *cache,
                                               const char *name, size_t name_bytes,
                                               const struct tid_variant *variant,
                                               const struct tid_source *source) {
    struct tid_model_making *making = making_make(cache);
    char *copy = strndup(name, name_bytes);
    if (!making || !copy) {
        tid_source_release(source);
        free(making);
        free(copy);
        return NULL;
    }
    making->name = copy;
    making->variant = *variant;
    making->source = source;
    return making;
}

struct tid_model_making *tid_model_making_of(struct tid_model_cache *cache,
                                             const char *json, size_t bytes) {
    struct tid_model_making *making = making_make(cache);
    char *copy = malloc(bytes + 1);
    if (!making || !copy) {
        free(making);
        free(copy);
        return NULL;
    }
    memcpy(copy, json, bytes);
    copy[bytes] = '\0';
    making->sent = copy;
    making->sent_bytes = bytes;
    return making;
}
