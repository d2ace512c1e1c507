/* SPDX-License-Identifier: MIT */
/*
 * Connections that have got an error before their request was read: they are over for
 * libmicrohttpd, but the client may still send. Closing a socket that has unread bytes
 * resets the connection, and the client may lose the response (RFC 9112 section 9.6). So
 * what it sends is dropped for a while. All functions are for the worker's thread.
 */
#ifndef TID_LINGER_H
#define TID_LINGER_H

#include "server/mhd/worker_state.h"

/*
 * libmicrohttpd is about to close the socket: goes on reading from a copy, unless there are
 * too many, or the daemon drains. They count as connections of the worker.
 */
void tid_linger_begin(struct tid_worker *worker, int fd);

/* Reads and drops what has come, and closes those that have ended. */
void tid_linger_look(struct tid_worker *worker);

/* How long the worker may wait until it looks again; -1 for ever. */
int tid_linger_timeout_ms(const struct tid_worker *worker);

void tid_linger_close_all(struct tid_worker *worker);

#endif
