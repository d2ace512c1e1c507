/* SPDX-License-Identifier: MIT */
/*
 * The threads that answer: N event loops of libmicrohttpd, each with connections of its
 * own. They accept nothing themselves. A listener hands them what it accepted, so that
 * the listener can be closed while they finish what they have: libmicrohttpd has no way
 * of its own to do that which is safe with epoll.
 *
 * This header shows nothing of libmicrohttpd; mhd_internal.h does.
 */
#ifndef TID_MHD_WORKERS_H
#define TID_MHD_WORKERS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "server/context.h"
#include "server/http/deadlines.h"
#include "server/documents/metrics.h"

struct tid_workers;

/*
 *   context          handed to every endpoint; must outlive the workers
 *   metrics          counted into; must outlive the workers, of which it tells the number
 *   max_connections  of all workers together
 *   access_log       a line for every request
 */
struct tid_workers_options {
    const struct tid_context *context;
    struct tid_metrics *metrics;
    unsigned max_connections;
    struct tid_deadlines deadlines;
    bool access_log;
};

/* Starts the threads. NULL, with 'errno' set, if that fails. */
struct tid_workers *tid_workers_start(const struct tid_workers_options *options);

enum tid_take {
    TID_TAKEN,
    TID_TAKE_FULL,   /* max_connections reached; the descriptor is still the caller's */
    TID_TAKE_FAILED, /* no memory; the descriptor has been closed */
};

/*
 * Hands an accepted, non-blocking connection to the worker with the fewest. For one
 * listener thread.
 */
enum tid_take tid_workers_take(struct tid_workers *workers, int fd,
                               const struct sockaddr *address, socklen_t address_bytes);

/*
 * From now on every answer closes its connection. The listener must have stopped. Then
 * tid_workers_drain(), called again and again, ends the connections that wait for a
 * request and returns how many are still open.
 */
void tid_workers_begin_drain(struct tid_workers *workers);
unsigned tid_workers_drain(struct tid_workers *workers);

/* Cuts what still runs, ends the threads and frees everything. */
void tid_workers_stop(struct tid_workers *workers);

#endif
