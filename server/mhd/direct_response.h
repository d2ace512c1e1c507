/* SPDX-License-Identifier: MIT */
/*
 * Writes a response to the socket, or the TLS session, itself. libmicrohttpd keeps the
 * header of a response in the memory of the request's, of which a request that is too large
 * may have left none: then it closes the connection without a response. And it sends the
 * header of some errors twice. mhd_request.c calls this.
 */
#ifndef TID_DIRECT_RESPONSE_H
#define TID_DIRECT_RESPONSE_H

#include <microhttpd.h>

#include "server/http/response.h"
#include "server/mhd/worker_state.h"

/*
 * Sends a problem and clears it. The header of the request has been received whole, and no
 * response has been queued. Nothing can be sent afterwards. The result is for libmicrohttpd:
 * MHD_NO, which closes the connection.
 */
enum MHD_Result tid_direct_send(struct tid_connection *connection,
                                struct MHD_Connection *mhd,
                                struct tid_response *response);

#endif
