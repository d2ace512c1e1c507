/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of connections. Each connection has a watch, which says what it is doing and
 * since when; a thread, the reaper, ends those that take too long. libmicrohttpd's own
 * timeout starts again with every byte, so a client that sends one now and then could hold
 * a connection for ever. These deadlines are absolute.
 */
#ifndef TID_DEADLINES_H
#define TID_DEADLINES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum tid_phase {
    TID_PHASE_NEW,      /* accepted, no request line yet: header deadline */
    TID_PHASE_HEADER,   /* request line received, not yet all fields: header deadline */
    TID_PHASE_RESPONSE, /* sending: ends if the client takes none of it for the idle time */
    TID_PHASE_IDLE,    /* between two requests: idle deadline, from the last byte taken */
    TID_PHASE_COMPUTE, /* the client waits for memory or a block: no deadline here */
};

/* The watch of a connection; embedded in struct tid_connection. */
struct tid_watch {
    LIST_ENTRY(tid_watch) link;
    int fd;
    /* Phase and time in one word, so that worker and reaper need no lock. */
    _Atomic int64_t activity;
    /* Set before our own shutdown(SHUT_RD), whose EPOLLRDHUP is not the client's. */
    atomic_bool read_shut_down;
    /* The reaper's: what was acknowledged when it last looked, and since when it is. */
    uint64_t acked_bytes;
    int64_t progress_ms;
};

/* The watches of one worker's connections. */
struct tid_watches {
    pthread_mutex_t lock; /* of the list */
    LIST_HEAD(, tid_watch) list;
};

void tid_watches_init(struct tid_watches *watches);
void tid_watches_clear(struct tid_watches *watches);

/*
 * Add and remove a connection; 'fd' must stay open in between. Only these two and the
 * reaper take the lock, so a request never does.
 */
void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd);
void tid_watch_remove(struct tid_watches *watches, struct tid_watch *watch);

/* The connection enters a phase now. */
void tid_watch_enter(struct tid_watch *watch, enum tid_phase phase);

/*
 * A client that has just received a response may already have sent its next request. For
 * this time its connection does not count as idle.
 */
#define TID_WATCH_GRACE_MS 200

/*
 * Shuts down the reading side of connections that wait for a request. A request that has
 * arrived already is still served. Returns the number of all connections, including those
 * just shut down: their worker has not closed them yet.
 */
unsigned tid_watches_shut_down_idle(struct tid_watches *watches, int64_t now_ms);

/* 0: no limit. */
struct tid_deadlines {
    int64_t header_ms;
    int64_t idle_ms;
};

/* Ends the connections whose deadline has passed. Called by the reaper, and by tests. */
void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms);

/* The thread that calls tid_watches_reap() for each worker every now and then. */
struct tid_reaper {
    struct tid_watches *const *watches;
    unsigned count; /* of watches */
    struct tid_deadlines deadlines;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

/* Returns 0, or the error number of pthread_create(). */
int tid_reaper_start(struct tid_reaper *reaper, struct tid_watches *const *watches,
                     unsigned count, struct tid_deadlines deadlines);
void tid_reaper_stop(struct tid_reaper *reaper);

#endif
