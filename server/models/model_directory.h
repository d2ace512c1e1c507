/* SPDX-License-Identifier: MIT */
/*
 * The models of --models DIR: each DIR/NAME/manifest.json is one, with the files beside it.
 * Symbolic links lead where they do in a mounted ConfigMap, but never out of DIR. Everything
 * is read at once, at the start and on SIGHUP; requests open no file.
 */
#ifndef TID_MODEL_DIRECTORY_H
#define TID_MODEL_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "server/models/model_source.h"

struct tid_model_directory;

/* A larger file beside a manifest is left out. */
#define TID_BESIDE_BYTES_MAX 67108864

/*
 * Reads all. A model that is wrong is an error: NULL, and 'why' says which and why. The path
 * must outlive the directory.
 */
struct tid_model_directory *tid_models_open(const char *path, char *why,
                                            size_t why_bytes);

/*
 * Reads all again. A model that is wrong stays as it was before; then the result is false, and
 * 'why' says of the first one why. Any thread may call it while others use the models.
 */
bool tid_models_reload(struct tid_model_directory *directory, char *why,
                       size_t why_bytes);

/* NULL is allowed. */
void tid_models_close(struct tid_model_directory *directory);

/*
 * The model of a name, with the manifest's own dtype and size of files, to be released; NULL
 * if there is none. 'directory' may be NULL: there are no models.
 */
const struct tid_model *tid_models_get(struct tid_model_directory *directory,
                                       const char *name, size_t bytes);

/*
 * All of them by name, in an array from malloc() of which each is to be released; false if
 * memory runs out.
 */
bool tid_models_list(struct tid_model_directory *directory,
                     const struct tid_model ***models, size_t *count);

#endif
