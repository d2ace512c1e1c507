/* SPDX-License-Identifier: MIT */
/*
 * Suspended connections: those whose response waits for a computation or for memory. They
 * are out of libmicrohttpd's event loop, and the worker watches their clients itself:
 * hangup.c. async_body.c and held_response.c suspend; worker.c calls the rest.
 */
#ifndef TID_SUSPENSION_H
#define TID_SUSPENSION_H

#include "server/mhd/worker_state.h"

/*
 * Before a connection is suspended first: a timeout, too long to matter, for which
 * libmicrohttpd cleans up the connection if it ends right after it has been resumed.
 */
void tid_suspension_allow(struct tid_connection *connection, struct MHD_Connection *mhd);

/* When the next request begins. */
void tid_suspension_reset(struct tid_connection *connection, struct MHD_Connection *mhd);

/* Called in a callback of the connection. */
void tid_suspend(struct tid_connection *connection, struct MHD_Connection *mhd);

/* The following are for the worker's thread, between two runs of libmicrohttpd. */

void tid_resume(struct tid_connection *connection);

/* Resumes all with 'client_closed' set; required before libmicrohttpd is stopped. */
void tid_resume_all(struct tid_worker *worker);

#endif
