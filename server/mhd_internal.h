/* SPDX-License-Identifier: MIT */
/*
 * What the three files that know libmicrohttpd share: mhd_workers.c starts it, mhd_request.c
 * turns what it calls into requests, mhd_reply.c sends replies through it.
 */
#ifndef TID_MHD_INTERNAL_H
#define TID_MHD_INTERNAL_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "deadlines.h"
#include "framing.h"
#include "reply.h"
#include "request.h"

/* What all workers share; read-only while they run but for the atomics. */
struct tid_shared {
    const struct tid_context *context;
    bool access_log;
    atomic_bool draining;
    /* Bytes of the blocks of all running streams: touched twice a stream. */
    atomic_size_t block_bytes;
};

/*
 * One event loop. 'taken' counts the connections handed to it, 'started' those that it has
 * begun to look at, 'ended' those it has closed.
 */
struct tid_worker {
    struct MHD_Daemon *daemon;
    struct tid_shared *shared;
    struct tid_watches watches;
    unsigned taken; /* listener's thread and, once that has ended, main's */
    atomic_uint started;
    atomic_uint ended;
};

/*
 * One connection, from accept to close. One request at a time: libmicrohttpd reads the next
 * only when the last is answered.
 *
 *   judged      the first of the two calls for this request has been made
 *   target      the request target, copied since libmicrohttpd decodes it in place; in
 *               'short_target' if it fits, else from malloc(), NULL if there was no memory
 *   raw_target  where it stood in libmicrohttpd's buffer
 */
struct tid_connection {
    struct tid_watch watch;
    struct tid_worker *worker;
    bool judged;
    const char *raw_target;
    char *target;
    size_t target_bytes;
    struct tid_request request;
    /* For the access log. */
    int64_t began_ms;
    unsigned status;
    uint64_t reply_bytes;
    char short_target[512];
};

/* Callbacks of libmicrohttpd; the first argument is the struct tid_worker. */
void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd);
enum MHD_Result tid_mhd_handle(void *worker, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **state);
void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how);

/* Queues the reply, which is cleared in any case. MHD_NO closes the connection. */
enum MHD_Result tid_mhd_send(struct tid_connection *connection, struct MHD_Connection *mhd,
                             struct tid_reply *reply);

#endif
