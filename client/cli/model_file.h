/* SPDX-License-Identifier: MIT */
/* Computing the files of a model. */
#ifndef TIC_MODEL_FILE_H
#define TIC_MODEL_FILE_H

#include "client/cli/model_load.h"
#include "client/cli/progress.h"

/*
 * Calls 'consume' with the bytes of a file, as cli_tensor_read() does. The factorization of
 * a tensor is in memory while that one is read.
 */
int cli_model_file_read(const struct cli_model *model, size_t file, cli_consumer *consume,
                        void *state);

/* Writes a file to a part file, in no order, with progress. */
int cli_model_file_write(const struct cli_model *model, size_t file,
                         const struct cli_output *output, struct cli_progress *progress);

/*
 * Reads any bytes of a file, in this thread. Has one tensor at a time, with its factorization.
 * Starts with model and file, the rest as zeros; the functions print what is wrong and return
 * an exit code.
 */
struct cli_model_bytes {
    const struct cli_model *model;
    size_t file;
    struct ti_model_reader *reader;
    struct ti_factor *factor;
    size_t factor_tensor;
};

int cli_model_bytes_read(struct cli_model_bytes *bytes, uint64_t offset, size_t count,
                         unsigned char *out);
void cli_model_bytes_clear(struct cli_model_bytes *bytes);

/*
 * Makes the folder, unless it exists (model_output.c). Refuses one that has files of another
 * model, and a disk that has no space for 'new_bytes'. Prints what is wrong and returns an exit
 * code.
 */
int cli_model_folder_prepare(const struct ti_model *model, const char *folder,
                             uint64_t new_bytes);

/* Max of a file's name in a folder, with its NUL. */
#define CLI_FILE_NAME_BYTES 256

/*
 * Whether a folder has a file that loaders would take for one of this model's, of another model
 * or of another cut: its name, or an empty one. Prints what is wrong and returns an exit code.
 */
int cli_model_folder_other(const struct ti_model *model, const char *folder,
                           char name[CLI_FILE_NAME_BYTES]);

/* Sum of the files' sizes, with their headers and the index. */
uint64_t cli_model_files_bytes(const struct cli_model *model);

#endif
