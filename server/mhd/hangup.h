/* SPDX-License-Identifier: MIT */
/*
 * Clients that close their connection, or their side of it, in an epoll set of the
 * worker's own. libmicrohttpd does not see all of them: not while a connection is
 * suspended, and not if the end of the stream comes together with the last bytes. All
 * functions are for the worker's thread.
 *
 * While a request waits for memory nothing can be sent that would tell a client that has closed
 * its side from one that is gone: both are taken for gone after a second, so that what has left
 * takes no memory from those that are there.
 */
#ifndef TID_HANGUP_H
#define TID_HANGUP_H

#include "server/mhd/worker_state.h"

/* Watches a new connection. False if that is not possible: it should be ended. */
bool tid_hangup_add(struct tid_connection *connection);

/* The connection ends; its socket is still open. */
void tid_hangup_remove(struct tid_connection *connection);

/* A response with blocks of the compute threads begins. */
void tid_hangup_response_begins(struct tid_connection *connection);

/*
 * Looks which clients have closed, before a run of libmicrohttpd: calls 'gone' for those
 * whose connection is suspended and that will take nothing more.
 */
void tid_hangup_look(struct tid_worker *worker,
                     void (*gone)(struct tid_connection *connection));

/* After a run: ends the connections whose client has closed and got all responses. */
void tid_hangup_end_finished(struct tid_worker *worker);

/* How long the worker may wait until it looks again; -1 for ever. */
int tid_hangup_timeout_ms(const struct tid_worker *worker);

#endif
