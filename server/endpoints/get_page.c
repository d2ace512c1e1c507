/* SPDX-License-Identifier: MIT */
/* GET /page/NAME: what the page at / consists of: style, modules, Chart.js. */
#include "server/documents/page_files.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/routes.h"

void tid_endpoint_page(const struct tid_context *context,
                       const struct tid_request *request, struct tid_response *response) {
    (void)context;
    const struct tid_path_part name = tid_route_part(request, "name");
    const struct tid_page_file *file = tid_page_file_find(name.text, name.bytes);
    if (!file) {
        tid_problem(response, 404, "not found", "The page has no such file.", "");
        return;
    }
    tid_page_file_respond(file, request, "Accept-Encoding", response);
}
