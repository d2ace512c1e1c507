/* SPDX-License-Identifier: MIT */
/*
 * What the files that know libmicrohttpd share: mhd_worker.c runs it, mhd_request.c turns
 * what it calls into requests, mhd_reply.c sends replies through it, mhd_compute.c those
 * that take long to compute; mhd_workers.c is the set of workers.
 */
#ifndef TID_MHD_INTERNAL_H
#define TID_MHD_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/context.h"
#include "server/http/deadlines.h"
#include "server/http/framing.h"
#include "server/documents/metrics.h"
#include "server/http/response.h"
#include "server/http/request.h"

/* What all workers share; read-only while they run but for the atomics. */
struct tid_shared {
    const struct tid_context *context;
    bool access_log;
    unsigned max_connections;
    atomic_bool draining;
    /* Bytes of the blocks of all running streams: touched twice a stream. */
    atomic_size_t block_bytes;
};

/*
 * Block of a stream of unknown length that cannot be chunked, which HTTP/1.0 cannot; chunks
 * themselves are made in the connection's memory.
 */
#define TID_PLAIN_BLOCK_BYTES ((size_t)1 << 14)

/* Up to here a body is made whole, and one sendmsg() carries header and body. */
#define TID_WHOLE_BYTES 65536

/*
 * One thread with an event loop of its own.
 *
 *   open         connections handed to it and not closed yet
 *   inbox        those that it has not looked at, last come first; 'inbox_lock' guards it
 *   inbox_count  their number, to be looked at without the lock
 *   wake_fd      an eventfd that ends its waiting
 *   starting     the connection that libmicrohttpd is about to announce
 *   ready        bodies of which a block has been computed; 'ready_lock' guards it
 *   ready_count  their number, to be looked at without the lock
 *   jobs         blocks that wait, are computed or are about to be in 'ready'
 *   suspended    bodies whose connections are suspended until a block is ready
 *   gone_fd      an epoll set that watches them for clients that go away
 *   turn_again   libmicrohttpd has to be run once more without an event
 *   whole_taken  'whole' is in use. A small body is nearly always sent before the next is
 *                made, so one buffer, which stays in the cache, does for almost all.
 */
struct tid_worker {
    struct tid_shared *shared;
    struct tid_counters *counters;
    struct MHD_Daemon *daemon;
    struct tid_watches watches;
    pthread_t thread;
    int wake_fd;
    atomic_bool stopping;
    atomic_uint open;
    pthread_mutex_t inbox_lock;
    struct tid_connection *inbox;
    atomic_uint inbox_count;
    struct tid_connection *starting;
    pthread_mutex_t ready_lock;
    struct tid_computed *ready;
    atomic_uint ready_count;
    atomic_uint jobs;
    struct tid_computed *suspended;
    int gone_fd;
    bool turn_again;
    bool whole_taken;
    _Alignas(64) unsigned char whole[TID_WHOLE_BYTES];
};

/*
 * One connection, from accept to close. One request at a time: libmicrohttpd reads the
 * next only when the last is answered.
 *
 *   judged      the first of the two calls for this request has been made
 *   target      the request target, copied since libmicrohttpd writes to its buffer; in
 *               'short_target' if it fits, else from malloc(); NULL without memory
 *   streamed    the body is a stream, whose bytes are counted as they are made
 *   has_timeout libmicrohttpd has been given a timeout for it (mhd_compute.c)
 *   raw_target  where it stands in libmicrohttpd's buffer
 */
struct tid_connection {
    struct tid_watch watch;
    struct tid_worker *worker;
    /* While it waits in the inbox. */
    struct tid_connection *next;
    int fd;
    socklen_t address_bytes;
    struct sockaddr_storage address;
    bool judged;
    bool streamed;
    bool has_timeout;
    const char *raw_target;
    char *target;
    size_t target_bytes;
    struct tid_request request;
    /* For the access log and metrics. */
    int64_t began_ms;
    unsigned status;
    uint64_t reply_bytes;
    char short_target[512];
};

/* Starts a thread that counts into 'counters'; NULL, with 'errno' set, if that fails. */
struct tid_worker *tid_worker_start(struct tid_shared *shared,
                                    struct tid_counters *counters);

/* Hands a connection over; from any one thread. False, closing it, without memory. */
bool tid_worker_take(struct tid_worker *worker, int fd, const struct sockaddr *address,
                     socklen_t address_bytes);

/* Ends the thread, cutting what still runs, and frees it. NULL is allowed. */
void tid_worker_stop(struct tid_worker *worker);

/* Callbacks of libmicrohttpd; the first argument is the struct tid_worker. */
void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd);
enum MHD_Result tid_mhd_handle(void *worker, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version,
                               const char *upload, size_t *upload_bytes, void **state);
void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how);

/*
 * Sets aside the size of a block, 'count' times, for a body of so many bytes, and gives it
 * back. What all streams have together is limited.
 */
size_t tid_block_take(struct tid_shared *shared, uint64_t body_bytes, unsigned count);
void tid_block_give(struct tid_shared *shared, size_t bytes);

/* The response for a stream that 'computes', which it owns; NULL without memory. */
struct MHD_Response *tid_computed_response(struct tid_connection *connection,
                                           struct MHD_Connection *mhd,
                                           const struct tid_stream *stream);

/*
 * For the worker's thread: goes on with connections whose block is ready, ends those whose
 * client has gone, and, before libmicrohttpd is stopped, all that are suspended.
 */
void tid_computed_ready(struct tid_worker *worker);
void tid_computed_gone(struct tid_worker *worker);
void tid_computed_resume_all(struct tid_worker *worker);

/* Queues the reply, which is cleared in any case. MHD_NO closes the connection. */
enum MHD_Result tid_mhd_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, struct tid_response *reply);

#endif
