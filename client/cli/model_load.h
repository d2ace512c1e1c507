/* SPDX-License-Identifier: MIT */
/* The model that the options describe. */
#ifndef TIC_MODEL_LOAD_H
#define TIC_MODEL_LOAD_H

#include "client/cli/model_server.h"
#include "manifest/checkpoint.h"

struct cli_model {
    struct ti_manifest *manifest;
    struct ti_model *model;
    /* what the model was made with, in place of the manifest's */
    struct ti_model_options options;
    uint64_t seed;
    unsigned threads;
    /* the text of the manifest */
    char *json;
    size_t json_bytes;
};

/*
 * Reads the manifest, and what --shapes names; prints the warnings about its tensors. Prints
 * what is wrong and returns an exit code.
 *
 *   one_file  all tensors are in one file
 *   server    has the manifest, unless it is here; NULL: the manifest is here
 */
int cli_model_open(struct cli_model *model, const struct cli_options *options,
                   bool one_file, struct cli_model_server *server);
void cli_model_close(struct cli_model *model);

/*
 * Reads the headers of a checkpoint (checkpoint_files.c): a safetensors file, an index, or a
 * folder. To be freed with tim_checkpoint_free(). Prints what is wrong and returns an exit
 * code.
 */
int cli_checkpoint_read(const char *path, struct tim_checkpoint **checkpoint);

/*
 * Reads all of a file of at most 'max' bytes, NUL-terminated, to be freed with free(); "-" is
 * the standard input. Prints what is wrong and returns an exit code.
 */
int cli_file_read(const char *path, size_t max, char **bytes, size_t *count);

/* The index of a checkpoint's files. */
#define CLI_INDEX_NAME "model.safetensors.index.json"

/* Whether an argument names a manifest here, and not only a model that has a name. */
bool cli_manifest_is_here(const char *name);

/* The name of the manifest in a model's folder. */
#define CLI_MANIFEST_NAME "manifest.json"

/* DIR/NAME, to be freed with free(); NULL if memory runs out. */
char *cli_path_join(const char *folder, const char *name);

/* Whether it is the name of one file, and not of a folder: it ends with .safetensors. */
bool cli_path_is_file(const char *path);

#endif
