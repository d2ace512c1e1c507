/* SPDX-License-Identifier: MIT */
/* What tensorinit model says of a model, and of files that exist. */
#ifndef TIC_MODEL_CHECK_H
#define TIC_MODEL_CHECK_H

#include "client/cli/model_load.h"
#include "client/cli/progress.h"

/* Prints a table of the tensors, the files, and sums. Returns an exit code. */
int cli_model_print(const struct cli_model *model);

/*
 * Compares the files in a folder, or the file of this name, byte by byte. Prints the first
 * difference of each, and a file that is none of the model's; returns CLI_DIFFERS.
 */
int cli_model_verify(const struct cli_model *model, const struct cli_options *options,
                     const char *path);

/*
 * Compares a file of the model that has been received, from its open file's start on. Prints
 * the first difference as an error and returns CLI_EMISMATCH.
 */
int cli_model_compare_received(const struct cli_model *model, size_t file, int fd,
                               const char *path);

#endif
