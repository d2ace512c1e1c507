/* SPDX-License-Identifier: MIT */
/*
 * Sends a response (http/response.h) through libmicrohttpd; called by mhd_request.c.
 */
#ifndef TID_MHD_RESPONSE_H
#define TID_MHD_RESPONSE_H

#include <microhttpd.h>

#include "server/http/response.h"
#include "server/mhd/worker_state.h"

/* Queues the response, and clears it in any case. MHD_NO closes the connection. */
enum MHD_Result tid_mhd_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, struct tid_response *response);

#endif
