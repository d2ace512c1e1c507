/* SPDX-License-Identifier: MIT */
/*
 * GET /REPOSITORY/resolve/REVISION/FILE, and raw in place of resolve: a file, with the fields by
 * which clients of the Hugging Face Hub name it in their caches.
 */
#include <string.h>

#include "server/endpoints/endpoints.h"
#include "server/endpoints/hub_request.h"
#include "server/endpoints/model_body.h"
#include "server/http/digits.h"
#include "server/routes.h"

static void add_fields(struct tid_response *response, const struct tid_hub_request *hub,
                       const struct tid_model_file *file) {
    char size[TID_DIGITS_BYTES];
    const char *etag = tid_response_field(response, "ETag");
    tid_response_copy(response, "X-Repo-Commit", hub->commit, TID_COMMIT_DIGITS);
    if (etag) tid_response_copy(response, "X-Linked-Etag", etag, strlen(etag));
    tid_response_copy(response, "X-Linked-Size", size, tid_digits_u64(file->bytes, size));
}

void tid_endpoint_hub_file(const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response) {
    const struct tid_path_part name = tid_route_part(request, "path");
    struct tid_hub_request hub;
    struct tid_model_file file;
    if (!tid_hub_request_find(context, request, &hub, response)) return;
    if (tid_model_file_find(hub.model, hub.variant.seed, name.text, name.bytes, &file)) {
        tid_model_file_respond(context, request, &file, response);
        add_fields(response, &hub, &file);
    } else {
        tid_hub_problem(response, "EntryNotFound", "The model has no file of that name.",
                        hub.commit);
    }
    tid_model_release(hub.model);
}
