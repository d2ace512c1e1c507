/* SPDX-License-Identifier: MIT */
/* GET /page/NAME: what the page at / consists of: style, modules, Chart.js. */
#include <string.h>

#include "server/documents/page_files.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"

#define PATH "/page/"

void tid_endpoint_page(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    (void)context;
    const struct tid_page_file *file = tid_page_file_find(
        request->path + sizeof PATH - 1, request->path_bytes - (sizeof PATH - 1));
    if (!file) {
        tid_problem(response, 404, "not found", "The page has no such file.", "");
        return;
    }
    tid_page_file_respond(file, request, "Accept-Encoding", response);
}
