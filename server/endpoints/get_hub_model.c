/* SPDX-License-Identifier: MIT */
/* GET /api/models/REPOSITORY, of "main" or a revision: its commit and its files. */
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/hub_request.h"

void tid_endpoint_hub_model(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_response *response) {
    struct tid_hub_request hub;
    struct tid_hub_files files;
    char *text = NULL;
    if (!tid_hub_request_find(context, request, &hub, response)) return;
    if (tid_hub_files_make(&hub, &files))
        text = tid_json_hub_model(hub.repository, hub.commit, files.items, files.count);
    tid_hub_files_free(&files);
    tid_hub_respond(&hub, text, response);
    tid_model_release(hub.model);
}
