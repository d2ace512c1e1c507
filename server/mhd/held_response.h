/* SPDX-License-Identifier: MIT */
/*
 * Holds back responses that have to wait. Either the header, of one whose factorization waits
 * for memory, so that it can still be 503 if the wait is too long; or all, of one that an
 * endpoint has deferred until a thread of the pool has done something (http/deferred.h).
 * mhd_request.c sends all responses to requests without a body through this.
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

/*
 * What the endpoint of the response that the connection holds has deferred, and which is done;
 * the connection then holds none. NULL if nothing was deferred, or the client has closed.
 */
struct tid_deferred *tid_held_response_take_deferred(struct tid_connection *connection);

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
