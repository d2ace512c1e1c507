/* SPDX-License-Identifier: MIT */
/* The model that the options describe. */
#ifndef TIC_MODEL_LOAD_H
#define TIC_MODEL_LOAD_H

#include "client/cli/cli.h"
#include "manifest/checkpoint.h"

struct cli_model {
    struct ti_manifest *manifest;
    struct ti_model *model;
    uint64_t seed;
    unsigned threads;
};

/*
 * Reads the manifest, and what --shapes names; prints the warnings about its tensors. Prints
 * what is wrong and returns an exit code.
 *
 *   one_file  all tensors are in one file
 */
int cli_model_open(struct cli_model *model, const struct cli_options *options,
                   bool one_file);
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

/* DIR/NAME, to be freed with free(); NULL if memory runs out. */
char *cli_path_join(const char *folder, const char *name);

/* Whether it is the name of one file, and not of a folder: it ends with .safetensors. */
bool cli_path_is_file(const char *path);

#endif
