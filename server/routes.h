/* SPDX-License-Identifier: MIT */
/*
 * From a request to its endpoint.
 */
#ifndef TID_ROUTES_H
#define TID_ROUTES_H

#include "context.h"
#include "reply.h"
#include "request.h"

/*
 * Answers the request, whatever it is; '*reply' comes uninitialized and is to be ended
 * with tid_reply_clear(). May be called by several threads at once.
 */
void tid_route(const struct tid_context *context, const struct tid_request *request,
               struct tid_reply *reply);

#endif
