/* SPDX-License-Identifier: MIT */
/*
 * Identifies a request in the log, in the response and in problem documents, and joins it
 * to the trace that it belongs to. Called by mhd_request.c for every request.
 */
#ifndef TID_REQUEST_ID_H
#define TID_REQUEST_ID_H

#include "server/http/request.h"

/*
 * Sets 'id' and 'trace' of '*request' from its header fields.
 *
 * X-Request-Id is taken if it is 1 to 128 letters, digits and - . _ ~ + / = : @, else 16
 * hexadecimal digits are generated. traceparent is taken if it is valid (W3C Trace Context
 * section 3.2), else ignored, as that section requires.
 */
void tid_request_identify(struct tid_request *request);

#endif
