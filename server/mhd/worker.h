/* SPDX-License-Identifier: MIT */
/*
 * One worker: a thread that runs an event loop of libmicrohttpd for its connections.
 * worker_set.c starts and stops it.
 */
#ifndef TID_WORKER_H
#define TID_WORKER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "server/documents/metrics.h"
#include "server/mhd/worker_state.h"

/* Starts a worker that counts into 'counters'. NULL, with 'errno' set, on failure. */
struct tid_worker *tid_worker_start(struct tid_worker_shared *shared,
                                    struct tid_counters *counters);

/*
 * Hands an accepted connection over; 'reserved' as for a tid_take_function. A 'client' that
 * is not NULL has the connection counted, which it no longer is at its end. Only one
 * thread may call it. False if out of memory: the connection has been closed.
 */
bool tid_worker_take(struct tid_worker *worker, int fd, const struct sockaddr *address,
                     socklen_t address_bytes, bool reserved, struct tid_client *client);

/* Whether its event loop has run since the last call, and wakes it up for the next one. */
bool tid_worker_runs(struct tid_worker *worker);

/* Aborts running transfers, ends the thread and frees the worker. NULL is allowed. */
void tid_worker_stop(struct tid_worker *worker);

#endif
