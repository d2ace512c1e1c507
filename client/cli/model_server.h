/* SPDX-License-Identifier: MIT */
/* The daemon whose model is fetched. */
#ifndef TIC_MODEL_SERVER_H
#define TIC_MODEL_SERVER_H

#include <tensorinit/client.h>

#include "client/cli/cli.h"

/* Functions print what is wrong and return an exit code. */
struct cli_model_server {
    const struct cli_options *options;
    struct tic_request *request; /* without a path */
    char *path; /* of the model, "/v1/models/gpt2"; NULL: not known yet */
};

/* Sends nothing. To be closed, also after a failure. */
int cli_model_server_open(struct cli_model_server *server,
                          const struct cli_options *options);
void cli_model_server_close(struct cli_model_server *server);

/* Fetches the manifest of a model that the server has by name, and sets the path. To be freed
   with free(). */
int cli_model_server_manifest(struct cli_model_server *server, const char *name,
                              char **json, size_t *bytes);

/* Sends a manifest, and sets the path to that of its model. */
int cli_model_server_send(struct cli_model_server *server, const char *json,
                          size_t bytes);

#endif
