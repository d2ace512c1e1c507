/* SPDX-License-Identifier: MIT */
/*
 * Connections that have got an error before their request was read: they are over for
 * libmicrohttpd, but the client may still send. Closing a socket that has unread bytes
 * resets the connection, and the client may lose the response (RFC 9112 section 9.6). So
 * what it sends is dropped, as long as something comes at least every 2 s, for at most 10 s.
 * All functions are for the worker's thread, or after its end.
 */
#ifndef TID_LINGER_H
#define TID_LINGER_H

#include "server/mhd/worker_state.h"

/*
 * The connection ends; if it 'lingers', its socket is still open: goes on reading from a copy,
 * unless there are too many, or the daemon drains, or it was a probe's, whose place is needed.
 * When that ends, or at once, the worker and the client have one connection less.
 */
void tid_linger_or_release(const struct tid_connection *connection);

/* Reads and drops what has come, and closes those that have ended. */
void tid_linger_look(struct tid_worker *worker);

/* How long the worker may wait until it looks again; -1 for ever. */
int tid_linger_timeout_ms(const struct tid_worker *worker);

void tid_linger_close_all(struct tid_worker *worker);

#endif
