/* SPDX-License-Identifier: MIT */
/*
 * The workers: threads that serve connections, each with its own event loop of
 * libmicrohttpd. They accept nothing themselves: the listener hands them what it
 * accepted, so that it can be closed while they finish their requests. libmicrohttpd has
 * no safe way to do that with epoll.
 *
 * service.c starts and stops them. This header shows nothing of libmicrohttpd.
 */
#ifndef TID_WORKER_SET_H
#define TID_WORKER_SET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "server/context.h"
#include "server/documents/metrics.h"
#include "server/http/deadlines.h"
#include "server/http/listener.h"

struct tid_tls;
struct tid_worker_set;

struct tid_worker_set_options {
    const struct tid_context *context; /* for every endpoint; must outlive the workers */
    struct tid_counters *counters;     /* of each worker; must outlive them */
    unsigned count;                    /* of workers */
    unsigned max_connections;          /* of all workers together */
    unsigned reserved_connections;     /* beyond those, for probes */
    struct tid_deadlines deadlines;
    bool access_log;        /* log a line for requests: */
    unsigned access_sample; /* one of that many of the successful ones */
    struct tid_tls *tls;    /* NULL: plain HTTP */
};

/* Starts the threads. NULL, with 'errno' set, on failure. */
struct tid_worker_set *tid_worker_set_start(const struct tid_worker_set_options *options);

/*
 * Changes while the workers run what SIGHUP may: max_connections, up to what it was at the
 * start; deadlines and the access log. Other members do not count. For the thread that
 * starts and stops the workers.
 */
void tid_worker_set_change(struct tid_worker_set *worker_set,
                           const struct tid_worker_set_options *options);

/*
 * Hands a connection to the worker with the lowest number of them. A tid_take_function:
 * 'worker_set' is a struct tid_worker_set.
 */
enum tid_take tid_worker_set_take(void *worker_set, int fd,
                                  const struct sockaddr *address, socklen_t address_bytes,
                                  bool reserved);

/*
 * Whether the event loop of every worker has run since the last call, and wakes them all.
 * Only one thread may call it.
 */
bool tid_worker_set_runs(struct tid_worker_set *worker_set);

/* From now on every response closes its connection. The listener must have stopped. */
void tid_worker_set_begin_drain(struct tid_worker_set *worker_set);

/*
 * Ends the connections that wait for a request, and returns how many are still open.
 * Called again and again after tid_worker_set_begin_drain(), until that is 0 or time is
 * up.
 */
unsigned tid_worker_set_drain(struct tid_worker_set *worker_set);

/* Aborts running transfers, ends the threads and frees everything. */
void tid_worker_set_stop(struct tid_worker_set *worker_set);

#endif
