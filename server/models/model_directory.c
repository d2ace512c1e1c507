/* SPDX-License-Identifier: MIT */
/* See model_directory.h. */
#define _DEFAULT_SOURCE /* realpath */
#include "server/models/model_directory.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/models/model_folder.h"

#define MANIFEST_BYTES_MAX ((size_t)256 << 20)

struct models {
    const struct tid_model **items; /* sorted by name */
    size_t count;
};

struct tid_model_directory {
    const char *path;
    pthread_rwlock_t lock; /* of 'models' */
    struct models models;
};

/* Reading a directory. */
struct reading {
    const char *path;
    char root[PATH_MAX];
    const struct models *before; /* NULL at the start */
    struct models read;
    bool failed;
    char *why; /* of the first failure */
    size_t why_bytes;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct reading *reading,
                                                       const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!reading->failed) snprintf(reading->why, reading->why_bytes, "%s", text);
    if (reading->failed || reading->before) tid_log(TID_LOG_ERROR, "%s", text);
    reading->failed = true;
    return false;
}

static const struct tid_model *find(const struct models *models, const char *name,
                                    size_t bytes) {
    size_t low = 0, high = models->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const char *other = models->items[middle]->source->name;
        const int order = strncmp(other, name, bytes);
        if (order == 0 && other[bytes] == '\0') return models->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool add(struct models *models, const struct tid_model *model) {
    const struct tid_model **grown =
        realloc(models->items, (models->count + 1) * sizeof *grown);
    if (!grown) return false;
    models->items = grown;
    grown[models->count++] = model;
    return true;
}

static void clear(struct models *models) {
    for (size_t i = 0; i < models->count; i++) tid_model_release(models->items[i]);
    free(models->items);
    *models = (struct models){NULL, 0};
}

/* Why a file is left out; NULL if it is not, or if that is as it should be. 'too_large' is
   what is said of one that is. */
static const char *reason(enum tid_folder_result result, const char *too_large) {
    switch (result) {
    case TID_FOLDER_READ:
    case TID_FOLDER_OTHER:
        return NULL;
    case TID_FOLDER_ABSENT:
        return "the link leads nowhere";
    case TID_FOLDER_OUTSIDE:
        return "it leads out of the directory of --models";
    case TID_FOLDER_TOO_LARGE:
        return too_large;
    case TID_FOLDER_FAILED:
        break;
    }
    return strerror(errno);
}

/* Names of files that the model has itself. */
static bool is_of_model(const char *name) {
    const char *dot = strstr(name, ".safetensors");
    return strncmp(name, "model", 5) == 0 && dot &&
           (strcmp(dot, ".safetensors") == 0 ||
            strcmp(dot, ".safetensors.index.json") == 0);
}

/* Adds a file beside the manifest, or says in the log why not. */
static bool add_file(struct reading *reading, struct tid_source *source,
                     const char *folder, const char *name) {
    char path[PATH_MAX];
    char *data;
    size_t bytes;
    if (strcmp(name, "manifest.json") == 0) return true;
    const char *why = !tid_file_name_is_valid(name, strlen(name))
                          ? "its name is not of A-Z a-z 0-9 . _ -"
                      : is_of_model(name) ? "the model has a file of that name"
                                          : NULL;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        why = "its path is too long";
    if (!why) {
        const enum tid_folder_result result =
            tid_folder_read(reading->root, path, TID_BESIDE_BYTES_MAX, &data, &bytes);
        if (result == TID_FOLDER_READ)
            return tid_source_add(source, name, data, bytes) ||
                   fail(reading, "%s: out of memory", path);
        why = reason(result, "it is larger than 64 MiB");
    }
    if (why) tid_log(TID_LOG_WARNING, "%s/%s is left out: %s", folder, name, why);
    return true;
}

static bool add_files(struct reading *reading, struct tid_source *source,
                      const char *folder) {
    char **names;
    size_t count;
    bool added = true;
    if (!tid_folder_list(reading->root, folder, &names, &count))
        return fail(reading, "%s: %s", folder, strerror(errno));
    for (size_t i = 0; added && i < count; i++)
        added = add_file(reading, source, folder, names[i]);
    tid_folder_list_free(names, count);
    return added;
}

/* Makes the model of a folder whose manifest has been read. */
static bool make_model(struct reading *reading, const char *folder, const char *name,
                       char *json, size_t bytes) {
    struct tid_source *source;
    struct tid_model *model = NULL;
    struct ti_error error;
    if (tid_source_make(name, strlen(name), json, bytes, TI_MANIFEST_TENSORS_MAX, &source,
                        &error) != TI_OK)
        return fail(reading, "%s/manifest.json: %s", folder, error.text);
    const struct tid_model_order own = {.go_on = NULL};
    if (add_files(reading, source, folder) &&
        tid_model_make(source, &own, &model, &error) != TI_OK)
        fail(reading, "%s/manifest.json: %s", folder, error.text);
    tid_source_release(source);
    if (model && !add(&reading->read, model)) {
        tid_model_release(model);
        return fail(reading, "out of memory");
    }
    return model != NULL;
}

/* False if there is a model that is wrong. */
static bool read_model(struct reading *reading, const char *name) {
    char folder[PATH_MAX], path[PATH_MAX];
    char *json;
    size_t bytes;
    if ((size_t)snprintf(folder, sizeof folder, "%s/%s", reading->path, name) >=
            sizeof folder ||
        (size_t)snprintf(path, sizeof path, "%s/manifest.json", folder) >= sizeof path)
        return fail(reading, "%s: the path is too long", reading->path);
    const bool is_named = tid_model_name_is_valid(name, strlen(name));
    const enum tid_folder_result result =
        tid_folder_read(reading->root, path, MANIFEST_BYTES_MAX, &json, &bytes);
    if (result == TID_FOLDER_ABSENT) {
        tid_log(TID_LOG_WARNING, "%s is left out: it has no manifest.json", folder);
        return true;
    }
    /* Such as lost+found, which only root may read. */
    if (result != TID_FOLDER_READ && !is_named) {
        tid_log(TID_LOG_WARNING, "%s is left out: its name is not of a model", folder);
        return true;
    }
    if (result != TID_FOLDER_READ) {
        const char *why = reason(result, "it is larger than 256 MiB");
        return fail(reading, "%s: %s", path, why ? why : "it is not a file");
    }
    if (is_named) return make_model(reading, folder, name, json, bytes);
    free(json);
    return fail(
        reading,
        "%s: a model's name is of at most %d of A-Z a-z 0-9 . _ - and has no '..'",
        folder, TID_MODEL_NAME_MAX);
}

/* The model as it was before, if there was one. */
static bool keep(struct reading *reading, const char *name) {
    const struct tid_model *old =
        reading->before ? find(reading->before, name, strlen(name)) : NULL;
    return !old || add(&reading->read, tid_model_share(old)) ||
           fail(reading, "out of memory");
}

/* Reads all models. At the start the first that is wrong ends it. */
static void read_all(struct reading *reading) {
    char **names;
    size_t count;
    if (!realpath(reading->path, reading->root) ||
        !tid_folder_list(reading->root, reading->root, &names, &count)) {
        fail(reading, "--models %s: %s", reading->path, strerror(errno));
        for (size_t i = 0; reading->before && i < reading->before->count; i++)
            keep(reading, reading->before->items[i]->source->name);
        return;
    }
    for (size_t i = 0; i < count && (reading->before || !reading->failed); i++) {
        if (!read_model(reading, names[i])) keep(reading, names[i]);
    }
    tid_folder_list_free(names, count);
}

struct tid_model_directory *tid_models_open(const char *path, char *why,
                                            size_t why_bytes) {
    struct reading reading = {.path = path, .why = why, .why_bytes = why_bytes};
    struct tid_model_directory *directory = calloc(1, sizeof *directory);
    if (directory) read_all(&reading);
    if (!directory) snprintf(why, why_bytes, "out of memory");
    if (!directory || reading.failed) {
        clear(&reading.read);
        free(directory);
        return NULL;
    }
    directory->path = path;
    directory->models = reading.read;
    pthread_rwlock_init(&directory->lock, NULL);
    return directory;
}

bool tid_models_reload(struct tid_model_directory *directory, char *why,
                       size_t why_bytes) {
    /* One thread reloads, and so no other changes what is read here. */
    struct reading reading = {.path = directory->path,
                              .before = &directory->models,
                              .why = why,
                              .why_bytes = why_bytes};
    read_all(&reading);
    pthread_rwlock_wrlock(&directory->lock);
    struct models old = directory->models;
    directory->models = reading.read;
    pthread_rwlock_unlock(&directory->lock);
    clear(&old);
    return !reading.failed;
}

void tid_models_close(struct tid_model_directory *directory) {
    if (!directory) return;
    clear(&directory->models);
    pthread_rwlock_destroy(&directory->lock);
    free(directory);
}

const struct tid_model *tid_models_get(struct tid_model_directory *directory,
                                       const char *name, size_t bytes) {
    if (!directory) return NULL;
    pthread_rwlock_rdlock(&directory->lock);
    const struct tid_model *found = find(&directory->models, name, bytes);
    if (found) tid_model_share(found);
    pthread_rwlock_unlock(&directory->lock);
    return found;
}

bool tid_models_list(struct tid_model_directory *directory,
                     const struct tid_model ***models, size_t *count) {
    *models = NULL;
    *count = 0;
    if (!directory) return true;
    pthread_rwlock_rdlock(&directory->lock);
    const struct models *all = &directory->models;
    const struct tid_model **copy = malloc((all->count + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < all->count; i++)
        copy[i] = tid_model_share(all->items[i]);
    *count = copy ? all->count : 0;
    pthread_rwlock_unlock(&directory->lock);
    *models = copy;
    return copy != NULL;
}
