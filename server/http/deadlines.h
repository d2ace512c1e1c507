/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of connections. Each connection has a watch, which says what it is doing and
 * since when; a thread, the reaper, ends those that take too long. libmicrohttpd's own
 * timeout starts again with every byte, so a client that sends one now and then could hold
 * a connection for ever. These deadlines are absolute; they are exceeded by a quarter of a
 * second at most, short ones by a fortieth.
 *
 * Time in which the whole process did not run (SIGSTOP, a paused virtual machine) is no
 * client's: after it all deadlines begin again.
 */
#ifndef TID_DEADLINES_H
#define TID_DEADLINES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum tid_phase {
    TID_PHASE_NEW,    /* accepted, no request line yet: header deadline */
    TID_PHASE_HEADER, /* request line received, not yet all fields: header deadline, from
                           the first phase or the first byte on, not from the line */
    TID_PHASE_RESPONSE, /* sending: ends if the client takes none of it for the idle time,
                           or less of it than the minimum rate */
    TID_PHASE_IDLE, /* between two requests: idle deadline, from the last byte taken; if
                          a part of a header has come, the header deadline as well */
    TID_PHASE_COMPUTE, /* the client waits for memory or a block: no deadline here */
};

/* Why the reaper has ended a connection. */
enum tid_cut {
    TID_CUT_NONE,
    TID_CUT_HEADER,  /* the header has not come in time */
    TID_CUT_IDLE,    /* no next request */
    TID_CUT_STALLED, /* the client has taken nothing for the idle time */
    TID_CUT_SLOW,    /* ... or less than the minimum rate */
};

/* The watch of a connection; embedded in struct tid_connection. */
struct tid_watch {
    LIST_ENTRY(tid_watch) link;
    int fd;
    /* Phase and time in one word, so that worker and reaper need no lock. */
    _Atomic int64_t activity;
    /* Set before our own shutdown(SHUT_RD), whose EPOLLRDHUP is not the client's. */
    atomic_bool read_shut_down;
    atomic_int cut; /* enum tid_cut, set before the connection is shut down */
    /* Of TID_PHASE_HEADER: the start of the idle phase before it; INT64_MAX: none. */
    _Atomic int64_t idle_before_ms;
    bool is_hurried;
    /* The reaper's: */
    uint64_t acked_bytes;    /* acknowledged when it last looked */
    int64_t progress_ms;     /* since when that is so */
    uint64_t rate_bytes;     /* acknowledged when the time began ... */
    int64_t rate_ms;         /* ... over which the rate is measured */
    int64_t idle_ms;         /* the start of the phase for which the next two are */
    uint64_t received_bytes; /* received when it was first looked at */
    int64_t partial_ms;      /* since when more has been received; INT64_MAX: never */
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
 * reaper take the lock, so a request never does. A connection in a place that others wait
 * for is hurried: it has at most TID_WATCH_HURRIED_MS for its header.
 */
void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd,
                   bool is_hurried);
void tid_watch_remove(struct tid_watches *watches, struct tid_watch *watch);

#define TID_WATCH_HURRIED_MS 2000

/* The connection enters a phase now; the phase in which it is, and since when. */
void tid_watch_enter(struct tid_watch *watch, enum tid_phase phase);
enum tid_phase tid_watch_phase(const struct tid_watch *watch);
int64_t tid_watch_since_ms(const struct tid_watch *watch);

/* Whether the client has ever sent anything, as far as the kernel knows. */
bool tid_watch_has_received(const struct tid_watch *watch);

/*
 * For this time a connection does not count as idle. A client that has just received a
 * response may already have sent its next request; if not, it knows that the connection
 * may end at any time, and repeats the request on another (RFC 9112 section 9.3.1). One
 * that has just connected did so to send a request, and few repeat what fails there.
 */
#define TID_WATCH_IDLE_GRACE_MS 1000
#define TID_WATCH_NEW_GRACE_MS 2000

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
    /*
     * Bytes a second that a client must take of a response, on average over the idle time
     * (or TID_RATE_MS if there is none). Time in which it had taken all does not count.
     */
    int64_t min_rate;
};

#define TID_RATE_MS 60000

/* Ends the connections whose deadline has passed. Called by the reaper, and by tests. */
void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms);

/* All deadlines begin again: the process has not run for a while. */
void tid_watches_restart(struct tid_watches *watches, int64_t now_ms);

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

/* Other deadlines from now on, also for the connections that are open. */
void tid_reaper_change(struct tid_reaper *reaper, struct tid_deadlines deadlines);
void tid_reaper_stop(struct tid_reaper *reaper);

#endif
