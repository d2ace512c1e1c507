/* SPDX-License-Identifier: MIT */
/* Computing the files of a model. */
#ifndef TIC_MODEL_FILE_H
#define TIC_MODEL_FILE_H

#include "client/cli/model_load.h"

/*
 * Calls 'consume' with the bytes of a file, as cli_tensor_read() does. The factorization of
 * a tensor is in memory while that one is read.
 */
int cli_model_file_read(const struct cli_model *model, size_t file, cli_consumer *consume,
                        void *state);

/* Sum of the files' sizes, with their headers and the index. */
uint64_t cli_model_files_bytes(const struct cli_model *model);

#endif
