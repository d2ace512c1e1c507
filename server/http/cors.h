/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin requests (the Fetch Standard, section 3.2): which pages of other origins
 * may read responses, and what of their header. Responses depend on no credentials, so
 * none are ever allowed. mhd/ calls tid_cors_add() for every response, the router
 * tid_cors_preflight() for OPTIONS.
 */
#ifndef TID_CORS_H
#define TID_CORS_H

#include "server/http/request.h"
#include "server/http/response.h"

/*
 * Checks the value of --cors: "*", "none" or origins separated by commas. Returns NULL, or
 * an error without an initial capital or full stop.
 */
const char *tid_cors_flaw(const char *origins);

/* Adds the fields of a response; 'origins' has no flaw, and NULL is "none". */
void tid_cors_add(const char *origins, const struct tid_request *request,
                  struct tid_response *response);

/*
 * Adds the fields of a response to a preflight request (section 3.2.2): an OPTIONS request
 * with Origin and Access-Control-Request-Method. Does nothing if it is none.
 */
void tid_cors_preflight(const char *origins, const struct tid_request *request,
                        const char *methods, struct tid_response *response);

#endif
