/* SPDX-License-Identifier: MIT */
/*
 * GET /client/tensorinit.py: the module for Python, as client/python/ has it, so that a
 * machine that reaches the server needs no package. The Makefile writes its bytes as
 * numbers.
 */
#include "server/documents/document.h"
#include "server/endpoints/endpoints.h"

static const unsigned char module[] = {
#include "embedded/tensorinit_py.inc"
};

void tid_endpoint_client(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    (void)context;
    (void)request;
    tid_document_init(response, 200, "text/plain; charset=utf-8", TID_CACHE_HOUR);
    tid_response_body_static(response, module, sizeof module);
}
