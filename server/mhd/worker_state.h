/* SPDX-License-Identifier: MIT */
/*
 * The state that the files of mhd/ share: what all workers have in common, a worker, and
 * a connection. A connection belongs to one worker. Only that worker's thread touches
 * either, except where a member says otherwise.
 */
#ifndef TID_WORKER_STATE_H
#define TID_WORKER_STATE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "server/context.h"
#include "server/documents/metrics.h"
#include "server/http/address.h"
#include "server/http/deadlines.h"
#include "server/http/request.h"
#include "server/mhd/request_record.h"
#include "server/mhd/response_cache.h"
#include "server/mhd/tls.h"
#include "server/work/block_budget.h"
#include "server/work/turn.h"

struct tid_async_body;
struct tid_client;
struct tid_connection;
struct tid_held_response;
struct tid_request_body;

/* Shared by all workers. Read-only while they run, except for the atomics. */
struct tid_worker_shared {
    const struct tid_context *context;
    atomic_uint max_connections;
    unsigned connection_capacity;  /* what it may become while the workers run */
    unsigned reserved_connections; /* beyond those, for probes */
    atomic_bool access_log;
    atomic_uint access_sample; /* one of that many successful requests is logged */
    struct tid_tls *tls;       /* NULL: plain HTTP */
    atomic_bool draining;      /* every response closes its connection */
    struct tid_block_budget block_budget;
};

/*
 * Block of a body of unknown length for HTTP/1.0, which has no chunked coding. For chunks
 * libmicrohttpd uses the connection's memory instead.
 */
#define TID_UNSIZED_BLOCK_BYTES ((size_t)1 << 14)

/* A body up to this size is made at once; header and body go out in one sendmsg(). */
#define TID_SMALL_BODY_BYTES 65536

/* Sockets of connections that are over, but whose clients may still send: linger.c. */
#define TID_LINGER_MAX 64

struct tid_lingering {
    unsigned count;
    int64_t look_ms; /* when to look at them again */
    struct {
        int fd;
        struct tid_client *client; /* as that of a connection */
        int64_t silent_ms,
            until_ms; /* when it ends: if nothing comes, and at the latest */
    } entries[TID_LINGER_MAX];
};

/* A thread and its event loop. */
struct tid_worker {
    struct tid_worker_shared *shared;
    struct tid_counters *counters;
    struct MHD_Daemon *daemon;
    struct tid_watches watches; /* has a lock of its own: the reaper reads it as well */
    pthread_t thread;
    int wake_fd; /* eventfd that ends the wait for events; any thread writes to it */
    atomic_bool stopping;
    atomic_uint turns;   /* of the event loop: the watchdog looks whether it runs */
    unsigned turns_seen; /* the watchdog's */
    atomic_uint open;    /* connections handed over and not closed yet */

    unsigned unlogged; /* successful requests since the last one that was logged */
    unsigned
        unreadable; /* requests refused by libmicrohttpd, still connected: worker.c */
    struct tid_turn turn; /* how much is generated before MHD_run() returns */

    /* Connections handed over by the listener, newest first, guarded by the lock. */
    pthread_mutex_t inbox_lock;
    SLIST_HEAD(, tid_connection) inbox;
    atomic_uint inbox_count; /* to look without the lock */
    /* The connection that MHD_add_connection() is about to announce. */
    struct tid_connection *starting;

    /* Bodies with a finished block, guarded by the lock: async_body.c. */
    pthread_mutex_t ready_lock;
    SLIST_HEAD(, tid_async_body) ready;
    atomic_uint ready_count; /* to look without the lock */
    atomic_uint jobs;        /* blocks submitted whose job has not returned yet */
    /* Responses that need not be held longer, same lock: held_response.c. */
    SLIST_HEAD(, tid_held_response) released;
    atomic_uint released_count; /* to look without the lock */
    LIST_HEAD(, tid_connection) suspended;
    LIST_HEAD(, tid_connection) half_closed; /* by their clients: hangup.c */
    struct tid_lingering lingering;
    int hangup_fd;  /* epoll set of all connections: which clients have closed */
    bool run_again; /* run libmicrohttpd once more without waiting for an event */

    /*
     * A small body is nearly always sent before the next one is made, so one buffer,
     * which stays in the CPU's cache, serves almost all of them.
     */
    bool small_body_in_use;
    struct tid_cache_slot cache[TID_CACHE_SLOTS]; /* of responses: response_cache.h */
    _Alignas(64) unsigned char small_body[TID_SMALL_BODY_BYTES];
};

/*
 * A connection, from accept to close. It has one request at a time: libmicrohttpd reads
 * the next one when the response to the last has been sent.
 */
struct tid_connection {
    struct tid_watch watch; /* has atomics: the reaper reads it as well */
    struct tid_worker *worker;
    SLIST_ENTRY(tid_connection) inbox_link;
    int fd;
    socklen_t address_bytes;
    struct sockaddr_storage address;
    struct tid_tls_credentials *tls; /* NULL: plain HTTP */
    struct tid_client *client; /* whose connections are counted; NULL: this one is not */

    bool reserved;       /* one probe, although the server is full; then it is closed */
    bool header_checked; /* libmicrohttpd has called the handler once for this request */
    bool reads_body;     /* libmicrohttpd reads the request's body if there is one */
    bool bad_length;     /* it has refused the request's Content-Length */
    bool lingers;        /* after an error: what the client still sends is dropped */
    bool has_timeout;    /* libmicrohttpd has been given a timeout: suspension.c */
    bool client_closed;  /* while the connection was suspended */
    struct MHD_Connection *suspended; /* it is, in the worker's list; else NULL */
    LIST_ENTRY(tid_connection) suspended_link;
    bool half_closed;   /* by its client; it is in the worker's list */
    bool end_shown;     /* and libmicrohttpd has been made to see it */
    bool closed_before; /* its client closed its side before the response began */
    LIST_ENTRY(tid_connection) half_closed_link;
    struct tid_held_response *held; /* the response that waits for memory, or NULL */
    struct tid_request_body *body;  /* of a POST request; request_body.c */
    struct MHD_Connection *mhd;     /* once a request line has been received */
    const char *raw_target; /* in libmicrohttpd's buffer, to which it writes later */
    char *target; /* the copy: short_target, or from malloc(); NULL if out of memory */
    size_t target_bytes;
    /* Path and query point into 'target', the fields into libmicrohttpd's buffer. */
    struct tid_request request;

    struct tid_request_record record; /* for the log and the metrics */

    struct tid_cache_slot *cache_slot; /* for the response if it is small; or NULL */
    uint64_t limits_version;           /* then: of the limits that have been checked */

    char short_target[512];
    char peer[TID_ADDRESS_BYTES]; /* of tid_record_peer(); "" until it is called */
};

#endif
