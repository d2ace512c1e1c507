/* SPDX-License-Identifier: MIT */
/* What every response has, whatever sends it: the request's id, the fields for pages of
   other origins, and the document if it is a problem. */
#ifndef TID_COMPLETION_H
#define TID_COMPLETION_H

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"

void tid_response_complete(const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response);

#endif
