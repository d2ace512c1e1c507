/* SPDX-License-Identifier: MIT */
/*
 * Holds back the header of a response whose factorization waits for memory, so that it
 * can still be 503 if the wait is too long. mhd_request.c sends all responses to requests
 * without a body through this.
 */
#ifndef TID_HELD_RESPONSE_H
#define TID_HELD_RESPONSE_H

#include "server/http/response.h"
#include "server/mhd/worker_state.h"

/*
 * As tid_mhd_send(), but if the response must wait, the connection is suspended and holds
 * it. libmicrohttpd then calls its handler again, for tid_held_response_send().
 */
enum MHD_Result tid_held_response_begin(struct tid_connection *connection,
                                        struct MHD_Connection *mhd,
                                        struct tid_response *response);

/* Sends the response that the connection holds, or what takes its place. */
enum MHD_Result tid_held_response_send(struct tid_connection *connection,
                                       struct MHD_Connection *mhd);

/* Frees the response that the connection holds, if it does. */
void tid_held_response_clear(struct tid_connection *connection);

/*
 * Resumes the connections whose response need not wait any more. For the worker's thread,
 * between two runs of libmicrohttpd.
 */
void tid_held_response_resume_released(struct tid_worker *worker);

#endif
