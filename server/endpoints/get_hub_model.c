/* SPDX-License-Identifier: MIT */
/* GET /api/models/REPOSITORY, of "main" or a revision: its commit and its files. */
#include <stdlib.h>

#include "server/documents/json_hub.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/hub_request.h"
#include "server/endpoints/model_body.h"

void tid_endpoint_hub_model(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_response *response) {
    struct tid_hub_request hub;
    size_t count;
    char *text = NULL;
    if (!tid_hub_request_find(context, request, &hub, response)) return;
    struct tid_json_file *files = tid_model_files(hub.model, hub.variant.seed, &count);
    if (files) text = tid_json_hub_model(hub.repository, hub.commit, files, count);
    free(files);
    tid_hub_respond(&hub, text, response);
    tid_model_release(hub.model);
}
