/* SPDX-License-Identifier: MIT */
/* tensorinit model --server: fetching the files of a model. */
#ifndef TIC_MODEL_FETCH_H
#define TIC_MODEL_FETCH_H

#include "client/cli/model_load.h"
#include "client/cli/model_server.h"

/*
 * Fetches each file of the model to the folder, or the one file, of --output; the server has to
 * have the same model. Prints what is wrong and returns an exit code.
 */
int cli_model_fetch(const struct cli_model *model, const struct cli_options *options,
                    struct cli_model_server *server);

#endif
