/* SPDX-License-Identifier: MIT */
/*
 * The state that the files of the cache of factorizations share. factor_cache.c has the
 * leases, factor_memory.c decides which entry gets memory and which one loses it. One
 * lock guards everything here; functions are called with it held unless they say so.
 *
 * Nothing is computed with the lock held, and nothing large is freed: to return hundreds
 * of megabytes to the system takes milliseconds, so a thread of the cache's own does it.
 */
#ifndef TID_FACTOR_ENTRY_H
#define TID_FACTOR_ENTRY_H

#include <pthread.h>
#include <sys/queue.h>

#include "server/work/factor_cache.h"

/* The thread has the heap trimmed when so much has been freed, once a second at most. */
#define TID_TRIM_BYTES ((size_t)1 << 20)

enum tid_entry_state {
    TID_ENTRY_WAITING,   /* for memory; in the list 'waiting' */
    TID_ENTRY_COMPUTING, /* its job is in the pool; in the list 'active' */
    TID_ENTRY_COMPLETE,  /* only read from now on; in the list 'active' */
    TID_ENTRY_EXPIRED,   /* waited too long; in no list */
    TID_ENTRY_FAILED,    /* malloc() failed when it was to start; in no list */
    TID_ENTRY_CANCELLED, /* no lease is left, some tasks still run; in no list */
};

struct tid_entry {
    struct tid_job job; /* first: a pointer to the job is one to the entry */
    struct tid_factor_cache *cache;
    TAILQ_ENTRY(tid_entry) link; /* of 'waiting', 'active' or 'garbage' */
    LIST_HEAD(, tid_lease) leases;
    enum tid_entry_state state;
    int64_t since_ms;          /* when it began to wait, or to be computed */
    int64_t revocable_ms;      /* from then on it may be evicted although it is leased */
    unsigned holders;          /* leases that hold it */
    enum tid_memory_use use;   /* by its peak */
    struct ti_factor *factor;  /* NULL while WAITING */
    struct tid_client *client; /* whose share the job is in; NULL: no one's */
    unsigned phase;            /* that is being computed */
    size_t factor_bytes, peak_bytes;
    char key[33];
};

struct tid_lease {
    struct tid_factor_cache *cache;
    struct tid_entry *entry; /* NULL once it has been evicted */
    LIST_ENTRY(tid_lease) link;
    struct tid_factor_need need;
    char key[33];                  /* need.key points here */
    bool holds;                    /* counts as one of the entry's holders */
    bool failed;                   /* malloc() failed for its second entry */
    void (*ready)(void *argument); /* NULL: no wait */
    void *argument;
    enum tid_lease_state wanted;
};

TAILQ_HEAD(tid_entry_list, tid_entry);

struct tid_factor_cache {
    struct tid_factor_options options;
    pthread_mutex_t lock;
    struct tid_entry_list waiting; /* in order of arrival */
    struct tid_entry_list active;  /* COMPLETE ones by their last use, oldest first */
    struct tid_entry_list garbage; /* to be freed by the thread */
    unsigned complete_count;       /* entries that are COMPLETE */
    size_t idle_bytes[TID_MEMORY_USES]; /* of COMPLETE ones without a lease */
    size_t passed_bytes; /* of large entries that passed the first that waits */
    size_t freed_bytes;  /* since malloc_trim() was last called */
    struct tid_factor_counts counts;
    pthread_t thread;
    pthread_cond_t wake; /* garbage, an entry that waits, memory to trim, or the end */
    bool stopping;
};

/* Puts an entry at the end of those that wait, and starts it at once if it may. */
void tid_entry_enqueue(struct tid_entry *entry);

/* Takes an entry out of those that wait. */
void tid_entry_dequeue(struct tid_entry *entry);

/* Starts the entries that wait and for which there is memory. */
void tid_entries_admit(struct tid_factor_cache *cache);

/* An entry's computation has come to the end of a phase, or to its beginning. */
void tid_entry_advance(struct tid_entry *entry);

/* A COMPLETE entry has lost its last lease; or it has got its first one since. */
void tid_entry_begin_idle(struct tid_entry *entry);
void tid_entry_end_idle(struct tid_entry *entry);

/* Frees an entry that is in no list; 'bytes' is what it has taken of the memory. */
void tid_entry_discard(struct tid_entry *entry, size_t bytes);

/* Frees a list of entries. Without the lock, or with it if they are small. */
void tid_entries_free(const struct tid_factor_functions *functions,
                      struct tid_entry_list *list);

/* Evicts idle entries of that many bytes. Without the lock; 'cache' is a cache. */
void tid_entries_reclaim(void *cache, size_t bytes);

/*
 * Ends the wait of entries that have waited too long, starts those for which there is
 * memory by now, and evicts entries that are leased for one that waits.
 */
void tid_entries_tick(struct tid_factor_cache *cache, int64_t now_ms);

/* The lease's state; with the lock. */
enum tid_lease_state tid_lease_state_of(const struct tid_lease *lease);

/* Whether the lease has reached a state. If that is COMPLETE, it holds the entry from now on. */
bool tid_lease_reaches(struct tid_lease *lease, enum tid_lease_state wanted);

/* Calls 'ready' of the leases whose wait is over. */
void tid_entry_notify(struct tid_entry *entry);
#endif
