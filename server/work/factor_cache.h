/* SPDX-License-Identifier: MIT */
/*
 * A cache of factorizations (tensorinit/factor.h), each computed once for all requests
 * that can share it.
 *
 * A request leases a factorization. The first lease has it computed by the threads of a
 * pool; later ones share the entry. Its phases take turns of the clients that lease it, one
 * after the other. A complete entry stays for later requests until its
 * memory is needed: the least recently used entry without a lease is evicted first. If
 * the last lease is released before the entry is complete, no further task is started and
 * the memory is freed.
 *
 * All entries stay within the memory of memory.h; one that is being computed counts with
 * its peak. If there is not enough memory, the entry waits:
 *
 * - A limited number may wait, for a limited time.
 * - Small entries pass large ones. Large ones that fit pass one that does not, until all
 *   that have passed it together come to the whole memory: then it is the next.
 * - A lease holds its factorization only while a block is computed with it. While others
 *   wait, a complete entry that no one holds is evicted although it is leased, once it
 *   is older than TID_FACTOR_KEEP_MS and the time that its computation took: so a client
 *   that reads slowly cannot keep its memory from others, and at most half of the
 *   computing is repeated. The lease has it computed again when it needs it next.
 *
 * Eviction, not a least rate of reading, because the bytes of a tensor do not depend on
 * when they are computed: clients on slow lines get whole responses that way, late if
 * memory is short, instead of being cut as often as others wait.
 *
 * All functions may be called from any thread, and none waits for a computation.
 */
#ifndef TID_FACTOR_CACHE_H
#define TID_FACTOR_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/factor.h>

#include "server/work/clients.h"
#include "server/work/memory.h"
#include "server/work/pool.h"

struct tid_factor_cache;
struct tid_lease;

/* Entries that wait for memory, and complete entries of any size. */
#define TID_FACTORS_WAITING_MAX 32
#define TID_FACTORS_CACHED_MAX 1024

/* How to compute a factorization: the functions of <tensorinit/factor.h>, or a test's. */
struct tid_factor_functions {
    enum ti_status (*make)(const struct ti_plan *plan, struct ti_factor **factor,
                           struct ti_error *error);
    void (*free)(struct ti_factor *factor);
    unsigned (*phases)(const struct ti_factor *factor);
    size_t (*tasks)(const struct ti_factor *factor, unsigned phase);
    void (*run)(struct ti_factor *factor, unsigned phase, size_t task);
};

extern const struct tid_factor_functions tid_factor_functions;

#define TID_FACTOR_KEEP_MS 2000

struct tid_factor_options {
    struct tid_pool *pool; /* must outlive all leases, and be stopped before the cache */
    struct tid_memory *memory; /* must outlive the cache, which sets its 'reclaim' */
    int64_t wait_ms;           /* that an entry waits for memory at most; 0: no limit */
    int64_t
        keep_ms; /* that a leased entry is kept, besides the time it took to compute */
    const struct tid_factor_functions *functions; /* usually &tid_factor_functions */
};

/*
 * NULL, with 'errno' set, if memory or threads run out. tid_factor_cache_free() requires
 * that all leases have been released; NULL is allowed.
 */
struct tid_factor_cache *tid_factor_cache_make(const struct tid_factor_options *options);
void tid_factor_cache_free(struct tid_factor_cache *cache);

/* What a plan needs, from its ti_plan_info(). */
struct tid_factor_need {
    const struct ti_plan *plan; /* must outlive the lease */
    const char *key;            /* equal for plans that can share */
    size_t factor_bytes;        /* when complete */
    size_t peak_bytes; /* while it is computed; at most tid_memory_max() of its use */
    struct tid_client *client; /* who wants it; must outlive the lease. NULL: unknown */
};

enum tid_lease_result {
    TID_LEASE_MADE,
    TID_LEASE_BUSY,      /* not enough memory now, and too many wait already */
    TID_LEASE_NO_MEMORY, /* malloc() failed */
};

/* On TID_LEASE_MADE the caller ends '*lease' with tid_lease_release(). */
enum tid_lease_result tid_factor_cache_lease(struct tid_factor_cache *cache,
                                             const struct tid_factor_need *need,
                                             struct tid_lease **lease);

/* The factorization must no longer be used. NULL is allowed. */
void tid_lease_release(struct tid_lease *lease);

enum tid_lease_state {
    TID_LEASE_WAITING,   /* for memory, or evicted: tid_lease_wait() has it computed */
    TID_LEASE_COMPUTING, /* it has the memory */
    TID_LEASE_COMPLETE,
    TID_LEASE_EXPIRED, /* it waited too long */
    TID_LEASE_FAILED,  /* malloc() failed */
};

enum tid_lease_state tid_lease_state(const struct tid_lease *lease);

/*
 * True if the factorization has reached the state COMPUTING or COMPLETE, whichever is
 * wanted, or will never reach it. Otherwise 'ready' is called once, as soon as that is
 * so, with the cache's lock held: it may only submit a job or set a flag. One wait at a
 * time per lease. tid_lease_forget() ends the wait: 'ready' is not called after it.
 *
 * With a true result, or a call of 'ready', for COMPLETE, the lease holds the
 * factorization until tid_lease_rest().
 */
bool tid_lease_wait(struct tid_lease *lease, enum tid_lease_state wanted,
                    void (*ready)(void *argument), void *argument);
void tid_lease_forget(struct tid_lease *lease);

/* The factorization if the lease holds it, else NULL. */
const struct ti_factor *tid_lease_get(const struct tid_lease *lease);

/* The factorization is not used until the next tid_lease_wait(). */
void tid_lease_rest(struct tid_lease *lease);

/* For /metrics. */
struct tid_factor_counts {
    uint64_t computed; /* completed */
    uint64_t reused;   /* leases of an entry that existed */
    uint64_t evicted;  /* complete entries that left, revoked ones included */
    uint64_t
        cancelled; /* entries whose last lease was released before they were complete */
    uint64_t refused; /* TID_LEASE_BUSY */
    uint64_t expired; /* entries that waited too long */
    uint64_t revoked; /* entries evicted although they were leased */
    uint64_t waiting; /* entries that wait for memory now */
    uint64_t bytes;   /* of complete entries, and peaks of those being computed */
};

struct tid_factor_counts tid_factor_counts(struct tid_factor_cache *cache);

#endif
