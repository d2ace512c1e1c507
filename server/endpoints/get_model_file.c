/* SPDX-License-Identifier: MIT */
/* GET /v1/models/MODEL/VARIANT/FILE: a file of a checkpoint, or one beside its manifest. */
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/model_body.h"
#include "server/endpoints/model_request.h"
#include "server/routes.h"

void tid_endpoint_model_file(const struct tid_context *context,
                             const struct tid_request *request,
                             struct tid_response *response) {
    const struct tid_path_part name = tid_route_part(request, "file");
    struct tid_model_request found;
    struct tid_model_file file;
    if (!tid_model_request_find(context, request, &found, response)) return;
    if (tid_model_file_find(found.model, found.variant.seed, name.text, name.bytes,
                            &file))
        tid_model_file_respond(context, request, &file, response);
    else
        tid_problem(response, 404, "not found",
                    "The model has no file of that name; the document of the path above "
                    "lists its files.",
                    "");
    tid_model_release(found.model);
}
