/* SPDX-License-Identifier: MIT */
/*
 * What each connection is doing and since when, and a thread that ends those that take
 * too long. libmicrohttpd's own timeout counts from the last byte, so that a byte now and
 * then holds a connection for ever; these deadlines are absolute.
 */
#ifndef TID_DEADLINES_H
#define TID_DEADLINES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum tid_phase {
    TID_PHASE_NEW,     /* accepted, no request line yet: header deadline */
    TID_PHASE_HEAD,    /* request line came, header fields not yet: header deadline */
    TID_PHASE_REPLY,   /* answering: ends if the client takes nothing for the idle time */
    TID_PHASE_IDLE,    /* between requests: idle deadline */
    TID_PHASE_COMPUTE, /* the client waits for us: no deadline */
};

/*
 * One connection; part of what the adapter keeps for it. 'doing' is phase and time in one
 * word, so that a worker sets both and the reaper reads both without a lock. 'read_ended'
 * is set before we end the client's direction ourselves, which else looks as if he had.
 */
struct tid_watch {
    struct tid_watch *next, *previous;
    int fd;
    _Atomic int64_t doing;
    atomic_bool read_ended;
    uint64_t acked_bytes; /* reaper's: what the client had acknowledged when last asked */
};

/* The connections of one worker. */
struct tid_watches {
    pthread_mutex_t lock;
    struct tid_watch *first;
};

void tid_watches_init(struct tid_watches *watches);
void tid_watches_clear(struct tid_watches *watches);

/*
 * Takes a connection in and out; 'fd' must stay open in between. The lock is taken here
 * and by the reaper, never for a request.
 */
void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd);
void tid_watch_remove(struct tid_watches *watches, struct tid_watch *watch);

/* Says what the connection does from now on. */
void tid_watch_enter(struct tid_watch *watch, enum tid_phase phase);

/*
 * A client that has just had an answer may have its next request under way: for so long
 * it counts as busy.
 */
#define TID_WATCH_GRACE_MS 200

/*
 * Ends the connections that wait for a request, letting one whose request has already
 * arrived finish it. Returns the number of connections that are still there, those that
 * have just been told to end among them: a request may have arrived at the same moment.
 */
unsigned tid_watches_end_waiting(struct tid_watches *watches, int64_t now_ms);

/* Milliseconds; 0 for no limit. */
struct tid_deadlines {
    int64_t header_ms;
    int64_t idle_ms;
};

/* Ends what is late now; called by the reaper, and by tests. */
void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms);

/* The thread that does so all the time, for 'count' sets of connections. */
struct tid_reaper {
    struct tid_watches *const *watches;
    unsigned count;
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
