/* SPDX-License-Identifier: MIT */
/*
 * The cache of factorizations: see factor_cache.h. One lock guards it. Nothing is
 * computed with the lock held, and nothing large is freed: to return hundreds of
 * megabytes to the system takes milliseconds, so evicted entries are freed by a job of
 * the pool.
 */
#include "server/work/factor_cache.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum state {
    WAITING,   /* for memory */
    COMPUTING, /* its job is in the pool */
    COMPLETE,  /* only read from now on */
    FAILED,    /* memory ran out when it was to start; no longer in the list */
    CANCELLED, /* no lease is left, some tasks still run; no longer in the list */
};

struct entry {
    struct tid_job job; /* first: a pointer to the job is one to the entry */
    struct tid_factor_cache *cache;
    TAILQ_ENTRY(entry) link; /* of the cache's list, or of its garbage */
    LIST_HEAD(, tid_lease) leases;
    enum state state;
    struct ti_factor *factor; /* NULL while WAITING */
    unsigned phase;           /* that is being computed */
    size_t factor_bytes, peak_bytes;
    char key[33];
};

struct tid_lease {
    struct entry *entry;
    LIST_ENTRY(tid_lease) link;
    const struct ti_plan *plan;
    void (*ready)(void *argument); /* NULL: no wait */
    void *argument;
};

TAILQ_HEAD(entry_list, entry);

struct tid_factor_cache {
    pthread_mutex_t lock;
    struct tid_pool *pool;
    const struct tid_factor_functions *functions;
    size_t limit_bytes;
    size_t used_bytes; /* of all entries, garbage excluded */
    /* COMPLETE ones by their last use, oldest first; WAITING ones in order of arrival. */
    struct entry_list entries;
    unsigned complete_count;   /* entries that are COMPLETE */
    struct entry_list garbage; /* to be freed by the job 'sweep' */
    struct tid_job sweep;
    bool sweeping; /* 'sweep' is in the pool */
    struct tid_factor_counts counts;
};

const struct tid_factor_functions tid_factor_functions = {
    ti_factor_make, ti_factor_free, ti_factor_phases, ti_factor_tasks, ti_factor_run,
};

/*
 * Makes glibc return large blocks to the system when they are freed. By default it raises
 * its threshold once such a block has been freed, and then keeps up to 64 MiB per arena.
 * Blocks of streams, up to 1 MiB, stay in the arenas: every request needs one.
 */
static void return_large_blocks(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

/* Returns free memory inside the arenas to the system, too. */
static void trim_arenas(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void entries_free(const struct tid_factor_functions *functions,
                         struct entry_list *list) {
    struct entry *entry;
    while ((entry = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, entry, link);
        if (entry->factor) functions->free(entry->factor);
        free(entry);
    }
}

static struct tid_factor_cache *cache_of_sweep(struct tid_job *job) {
    char *member = (char *)job;
    return (void *)(member - offsetof(struct tid_factor_cache, sweep));
}

static void sweep_run(struct tid_job *job, size_t task) {
    struct tid_factor_cache *cache = cache_of_sweep(job);
    struct entry_list garbage = TAILQ_HEAD_INITIALIZER(garbage);
    (void)task;
    pthread_mutex_lock(&cache->lock);
    TAILQ_CONCAT(&garbage, &cache->garbage, link);
    pthread_mutex_unlock(&cache->lock);
    entries_free(cache->functions, &garbage);
    trim_arenas();
}

static void sweep_done(struct tid_job *job) {
    struct tid_factor_cache *cache = cache_of_sweep(job);
    pthread_mutex_lock(&cache->lock);
    cache->sweeping = !TAILQ_EMPTY(&cache->garbage);
    if (cache->sweeping) tid_pool_submit(cache->pool, job);
    pthread_mutex_unlock(&cache->lock);
}

/* Frees an entry that is in no list, later; 'bytes' is what it counts in used_bytes. */
static void discard(struct entry *entry, size_t bytes) {
    struct tid_factor_cache *cache = entry->cache;
    cache->used_bytes -= bytes;
    TAILQ_INSERT_TAIL(&cache->garbage, entry, link);
    if (cache->sweeping) return;
    cache->sweeping = true;
    tid_pool_submit(cache->pool, &cache->sweep);
}

static bool is_idle(const struct entry *entry) {
    return entry->state == COMPLETE && LIST_EMPTY(&entry->leases);
}

static void evict(struct entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    TAILQ_REMOVE(&cache->entries, entry, link);
    cache->complete_count--;
    discard(entry, entry->factor_bytes);
}

/*
 * Evicts idle entries until 'bytes' more fit. Evicts none and returns false if all of
 * them would not be enough.
 */
static bool reserve(struct tid_factor_cache *cache, size_t bytes) {
    struct entry *entry, *next;
    size_t idle_bytes = 0;
    TAILQ_FOREACH(entry, &cache->entries, link) {
        if (is_idle(entry)) idle_bytes += entry->factor_bytes;
    }
    if (bytes > cache->limit_bytes - (cache->used_bytes - idle_bytes)) return false;
    for (entry = TAILQ_FIRST(&cache->entries);
         entry && bytes > cache->limit_bytes - cache->used_bytes; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (is_idle(entry)) evict(entry);
    }
    return true;
}

/* Evicts idle entries while there are too many. */
static void limit_count(struct tid_factor_cache *cache) {
    struct entry *entry, *next;
    for (entry = TAILQ_FIRST(&cache->entries);
         entry && cache->complete_count > TID_FACTORS_CACHED_MAX; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (is_idle(entry)) evict(entry);
    }
}

/* Calls 'ready' of every lease that waits. */
static void notify(struct entry *entry) {
    struct tid_lease *lease;
    LIST_FOREACH(lease, &entry->leases, link) {
        void (*ready)(void *) = lease->ready;
        lease->ready = NULL;
        if (ready) ready(lease->argument);
    }
}

/* Submits the next phase that has tasks; if there is none, the entry is complete. */
static void advance(struct entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    const unsigned phases = cache->functions->phases(entry->factor);
    for (; entry->phase < phases; entry->phase++) {
        entry->job.task_count = cache->functions->tasks(entry->factor, entry->phase);
        if (entry->job.task_count == 0) continue;
        tid_pool_submit(cache->pool, &entry->job);
        return;
    }
    cache->used_bytes -= entry->peak_bytes - entry->factor_bytes;
    cache->complete_count++;
    cache->counts.computed++;
    entry->state = COMPLETE;
    notify(entry);
}

/* Starts an entry for which memory has been reserved; false if malloc() fails. */
static bool start(struct entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    const struct ti_plan *plan = LIST_FIRST(&entry->leases)->plan;
    if (cache->functions->make(plan, &entry->factor, NULL) != TI_OK) return false;
    cache->used_bytes += entry->peak_bytes;
    entry->state = COMPUTING;
    advance(entry);
    return true;
}

/* Starts waiting entries in their order, until one does not fit. */
static void admit(struct tid_factor_cache *cache) {
    struct entry *entry, *next;
    for (entry = TAILQ_FIRST(&cache->entries); entry && cache->counts.waiting > 0;
         entry = next) {
        if (entry->state != WAITING) {
            next = TAILQ_NEXT(entry, link);
            continue;
        }
        if (!reserve(cache, entry->peak_bytes)) return;
        /* Only now: reserve() may have evicted the one that was next. */
        next = TAILQ_NEXT(entry, link);
        cache->counts.waiting--;
        if (start(entry)) continue;
        TAILQ_REMOVE(&cache->entries, entry, link);
        entry->state = FAILED;
        notify(entry);
    }
}

static void entry_run(struct tid_job *job, size_t task) {
    struct entry *entry = (struct entry *)(void *)job;
    entry->cache->functions->run(entry->factor, entry->phase, task);
}

/* A phase is complete, or the last running tasks of a cancelled entry have ended. */
static void entry_done(struct tid_job *job) {
    struct entry *entry = (struct entry *)(void *)job;
    struct tid_factor_cache *cache = entry->cache;
    bool complete = false;
    pthread_mutex_lock(&cache->lock);
    if (entry->state == CANCELLED) {
        discard(entry, entry->peak_bytes);
    } else {
        entry->phase++;
        advance(entry);
        complete = entry->state == COMPLETE;
        limit_count(cache);
    }
    admit(cache);
    pthread_mutex_unlock(&cache->lock);
    /* The core has freed what only the computation needed. */
    if (complete) trim_arenas();
}

struct tid_factor_cache *
tid_factor_cache_make(struct tid_pool *pool, size_t limit_bytes,
                      const struct tid_factor_functions *functions) {
    struct tid_factor_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return NULL;
    return_large_blocks();
    pthread_mutex_init(&cache->lock, NULL);
    TAILQ_INIT(&cache->entries);
    TAILQ_INIT(&cache->garbage);
    cache->pool = pool;
    cache->functions = functions;
    cache->limit_bytes = limit_bytes;
    cache->sweep =
        (struct tid_job){.task_count = 1, .run = sweep_run, .done = sweep_done};
    return cache;
}

void tid_factor_cache_free(struct tid_factor_cache *cache) {
    if (!cache) return;
    entries_free(cache->functions, &cache->garbage);
    entries_free(cache->functions, &cache->entries);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

size_t tid_factor_cache_limit(const struct tid_factor_cache *cache) {
    return cache->limit_bytes;
}

static struct entry *entry_find(struct tid_factor_cache *cache, const char *key) {
    struct entry *entry;
    TAILQ_FOREACH(entry, &cache->entries, link) {
        if (strcmp(entry->key, key) == 0) return entry;
    }
    return NULL;
}

static void lease_add(struct entry *entry, struct tid_lease *lease) {
    lease->entry = entry;
    LIST_INSERT_HEAD(&entry->leases, lease, link);
}

/* An entry for its first lease: started if it fits, else waiting if one more may wait. */
static enum tid_lease_result entry_add(struct tid_factor_cache *cache,
                                       const struct tid_factor_need *need,
                                       struct tid_lease *lease) {
    /* Earlier waiters go first. */
    const bool fits = cache->counts.waiting == 0 && reserve(cache, need->peak_bytes);
    if (!fits && cache->counts.waiting == TID_FACTORS_WAITING_MAX) return TID_LEASE_BUSY;
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return TID_LEASE_NO_MEMORY;
    entry->job = (struct tid_job){.run = entry_run, .done = entry_done};
    entry->cache = cache;
    entry->factor_bytes = need->factor_bytes;
    entry->peak_bytes = need->peak_bytes;
    strncpy(entry->key, need->key, sizeof entry->key - 1);
    lease_add(entry, lease);
    if (!fits) {
        cache->counts.waiting++;
    } else if (!start(entry)) {
        free(entry);
        return TID_LEASE_NO_MEMORY;
    }
    TAILQ_INSERT_TAIL(&cache->entries, entry, link);
    return TID_LEASE_MADE;
}

enum tid_lease_result tid_factor_cache_lease(struct tid_factor_cache *cache,
                                             const struct tid_factor_need *need,
                                             struct tid_lease **lease) {
    enum tid_lease_result result = TID_LEASE_MADE;
    if (need->peak_bytes > cache->limit_bytes) return TID_LEASE_TOO_LARGE;
    struct tid_lease *made = calloc(1, sizeof *made);
    if (!made) return TID_LEASE_NO_MEMORY;
    made->plan = need->plan;

    pthread_mutex_lock(&cache->lock);
    struct entry *entry = entry_find(cache, need->key);
    if (entry) {
        lease_add(entry, made);
        cache->counts.reused++;
    } else {
        result = entry_add(cache, need, made);
    }
    if (result == TID_LEASE_BUSY) cache->counts.refused++;
    pthread_mutex_unlock(&cache->lock);
    if (result == TID_LEASE_MADE)
        *lease = made;
    else
        free(made);
    return result;
}

static void last_lease_released(struct entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    switch (entry->state) {
    case WAITING:
        cache->counts.waiting--;
        cache->counts.cancelled++;
        TAILQ_REMOVE(&cache->entries, entry, link);
        free(entry);
        break;
    case COMPUTING:
        cache->counts.cancelled++;
        entry->state = CANCELLED;
        TAILQ_REMOVE(&cache->entries, entry, link);
        if (tid_pool_cancel(cache->pool, &entry->job)) discard(entry, entry->peak_bytes);
        break;
    case COMPLETE:
        /* Now the most recently used one. */
        TAILQ_REMOVE(&cache->entries, entry, link);
        TAILQ_INSERT_TAIL(&cache->entries, entry, link);
        limit_count(cache);
        break;
    case FAILED:
        free(entry);
        break;
    case CANCELLED:
        break; /* it has no lease */
    }
    admit(cache);
}

void tid_lease_release(struct tid_lease *lease) {
    if (!lease) return;
    struct entry *entry = lease->entry;
    struct tid_factor_cache *cache = entry->cache;
    pthread_mutex_lock(&cache->lock);
    LIST_REMOVE(lease, link);
    if (LIST_EMPTY(&entry->leases)) last_lease_released(entry);
    pthread_mutex_unlock(&cache->lock);
    free(lease);
}

bool tid_lease_wait(struct tid_lease *lease, void (*ready)(void *argument),
                    void *argument) {
    struct tid_factor_cache *cache = lease->entry->cache;
    pthread_mutex_lock(&cache->lock);
    const enum state state = lease->entry->state;
    const bool finished = state == COMPLETE || state == FAILED;
    if (!finished) {
        lease->ready = ready;
        lease->argument = argument;
    }
    pthread_mutex_unlock(&cache->lock);
    return finished;
}

void tid_lease_forget(struct tid_lease *lease) {
    struct tid_factor_cache *cache = lease->entry->cache;
    pthread_mutex_lock(&cache->lock);
    lease->ready = NULL;
    pthread_mutex_unlock(&cache->lock);
}

const struct ti_factor *tid_lease_get(const struct tid_lease *lease) {
    const struct entry *entry = lease->entry;
    struct tid_factor_cache *cache = entry->cache;
    pthread_mutex_lock(&cache->lock);
    const struct ti_factor *factor = entry->state == COMPLETE ? entry->factor : NULL;
    pthread_mutex_unlock(&cache->lock);
    return factor;
}

struct tid_factor_counts tid_factor_counts(struct tid_factor_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    struct tid_factor_counts counts = cache->counts;
    counts.bytes = cache->used_bytes;
    pthread_mutex_unlock(&cache->lock);
    return counts;
}
