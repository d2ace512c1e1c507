/* SPDX-License-Identifier: MIT */
/*
 * Bodies that take long to compute (http/response.h, 'computes'): a thread pool computes
 * their blocks while the connection is suspended.
 */
#ifndef TID_ASYNC_BODY_H
#define TID_ASYNC_BODY_H

#include <microhttpd.h>

#include "server/http/response.h"
#include "server/mhd/worker_state.h"

/*
 * Makes libmicrohttpd's response for a stream. The response owns the stream; on failure,
 * out of memory, this returns NULL and the caller still owns it.
 */
struct MHD_Response *tid_async_body_response(struct tid_connection *connection,
                                             struct MHD_Connection *mhd,
                                             const struct tid_stream *stream);

/*
 * Resumes the connections whose block is ready. For the worker's thread, between two runs
 * of libmicrohttpd.
 */
void tid_async_body_resume_ready(struct tid_worker *worker);

#endif
