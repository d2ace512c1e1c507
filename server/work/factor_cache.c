/* SPDX-License-Identifier: MIT */
/*
 * The cache of factorizations: leases, computation, and the thread that frees and expires
 * entries. See factor_cache.h; factor_memory.c has the rules about memory.
 */
#include "server/work/factor_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/work/clock.h"
#include "server/work/factor_entry.h"
#include "server/work/heap.h"
#include "server/work/thread.h"

/* How often the thread looks while entries wait, and between two trims of the heap. */
#define TICK_MS 100
#define TRIM_MS 1000

const struct tid_factor_functions tid_factor_functions = {
    ti_factor_make, ti_factor_free, ti_factor_phases, ti_factor_tasks, ti_factor_run,
};

/* Frees what has been discarded. Called, and returns, with the lock held. */
static void free_garbage(struct tid_factor_cache *cache) {
    struct tid_entry_list garbage = TAILQ_HEAD_INITIALIZER(garbage);
    TAILQ_CONCAT(&garbage, &cache->garbage, link);
    pthread_mutex_unlock(&cache->lock);
    tid_entries_free(cache->options.functions, &garbage);
    pthread_mutex_lock(&cache->lock);
}

/* The same for the heap. */
static void trim(struct tid_factor_cache *cache) {
    cache->freed_bytes = 0;
    pthread_mutex_unlock(&cache->lock);
    tid_heap_trim();
    pthread_mutex_lock(&cache->lock);
}

static void *thread_run(void *argument) {
    struct tid_factor_cache *cache = argument;
    int64_t trim_ms = tid_clock_ms();
    tid_thread_begin("factors");
    pthread_mutex_lock(&cache->lock);
    while (!cache->stopping) {
        const int64_t now_ms = tid_clock_ms();
        const bool trims = cache->freed_bytes >= TID_TRIM_BYTES;
        tid_entries_tick(cache, now_ms);
        if (!TAILQ_EMPTY(&cache->garbage)) {
            free_garbage(cache);
        } else if (trims && now_ms >= trim_ms) {
            trim(cache);
            trim_ms = now_ms + TRIM_MS;
        } else if (!TAILQ_EMPTY(&cache->waiting)) {
            tid_clock_wait(&cache->wake, &cache->lock, TICK_MS);
        } else if (trims) {
            tid_clock_wait(&cache->wake, &cache->lock, trim_ms - now_ms);
        } else {
            pthread_cond_wait(&cache->wake, &cache->lock);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return NULL;
}

struct tid_factor_cache *tid_factor_cache_make(const struct tid_factor_options *options) {
    struct tid_factor_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return NULL;
    tid_heap_init();
    pthread_mutex_init(&cache->lock, NULL);
    tid_clock_cond_init(&cache->wake);
    TAILQ_INIT(&cache->waiting);
    TAILQ_INIT(&cache->active);
    TAILQ_INIT(&cache->garbage);
    cache->options = *options;
    options->memory->argument = cache;
    options->memory->reclaim = tid_entries_reclaim;
    const int error = tid_thread_create(&cache->thread, thread_run, cache);
    if (error == 0) return cache;
    pthread_cond_destroy(&cache->wake);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
    options->memory->reclaim = NULL;
    errno = error;
    return NULL;
}

void tid_factor_cache_free(struct tid_factor_cache *cache) {
    if (!cache) return;
    pthread_mutex_lock(&cache->lock);
    cache->stopping = true;
    pthread_cond_signal(&cache->wake);
    pthread_mutex_unlock(&cache->lock);
    pthread_join(cache->thread, NULL);
    cache->options.memory->reclaim = NULL;
    tid_entries_free(cache->options.functions, &cache->garbage);
    tid_entries_free(cache->options.functions, &cache->active);
    pthread_cond_destroy(&cache->wake);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static void entry_run(struct tid_job *job, size_t task) {
    struct tid_entry *entry = (struct tid_entry *)(void *)job;
    entry->cache->options.functions->run(entry->factor, entry->phase, task);
}

/* A phase is complete, or the last running tasks of a cancelled entry have ended. */
static void entry_done(struct tid_job *job) {
    struct tid_entry *entry = (struct tid_entry *)(void *)job;
    struct tid_factor_cache *cache = entry->cache;
    pthread_mutex_lock(&cache->lock);
    if (entry->state == TID_ENTRY_CANCELLED) {
        tid_entry_discard(entry, entry->peak_bytes);
    } else {
        entry->phase++;
        tid_entry_advance(entry);
    }
    tid_entries_admit(cache);
    pthread_mutex_unlock(&cache->lock);
}

static struct tid_entry *entry_find(struct tid_factor_cache *cache, const char *key) {
    struct tid_entry *entry;
    TAILQ_FOREACH(entry, &cache->active, link) {
        if (strcmp(entry->key, key) == 0) return entry;
    }
    TAILQ_FOREACH(entry, &cache->waiting, link) {
        if (strcmp(entry->key, key) == 0) return entry;
    }
    return NULL;
}

static void lease_add(struct tid_entry *entry, struct tid_lease *lease) {
    if (entry->state == TID_ENTRY_COMPLETE && LIST_EMPTY(&entry->leases))
        tid_entry_end_idle(entry);
    lease->entry = entry;
    LIST_INSERT_HEAD(&entry->leases, lease, link);
}

/* A new entry for its first lease; NULL if malloc() fails. */
static struct tid_entry *entry_add(struct tid_lease *lease) {
    struct tid_factor_cache *cache = lease->cache;
    struct tid_entry *entry = calloc(1, sizeof *entry);
    if (!entry) return NULL;
    entry->job = (struct tid_job){.run = entry_run, .done = entry_done};
    entry->cache = cache;
    entry->use = tid_memory_use_of(cache->options.memory, lease->need.peak_bytes);
    entry->factor_bytes = lease->need.factor_bytes;
    entry->peak_bytes = lease->need.peak_bytes;
    memcpy(entry->key, lease->key, sizeof entry->key);
    lease_add(entry, lease);
    tid_entry_enqueue(entry);
    return entry;
}

/* Joins an entry, or adds one, unless too many wait already. */
static enum tid_lease_result lease_begin(struct tid_lease *lease) {
    struct tid_factor_cache *cache = lease->cache;
    struct tid_entry *entry = entry_find(cache, lease->key);
    if (entry) {
        lease_add(entry, lease);
        cache->counts.reused++;
        return TID_LEASE_MADE;
    }
    entry = entry_add(lease);
    if (!entry) return TID_LEASE_NO_MEMORY;
    if (entry->state == TID_ENTRY_WAITING &&
        cache->counts.waiting > TID_FACTORS_WAITING_MAX) {
        tid_entry_dequeue(entry);
        free(entry);
        cache->counts.refused++;
        return TID_LEASE_BUSY;
    }
    if (entry->state != TID_ENTRY_FAILED) return TID_LEASE_MADE;
    free(entry);
    return TID_LEASE_NO_MEMORY;
}

enum tid_lease_result tid_factor_cache_lease(struct tid_factor_cache *cache,
                                             const struct tid_factor_need *need,
                                             struct tid_lease **lease) {
    struct tid_lease *made = calloc(1, sizeof *made);
    if (!made) return TID_LEASE_NO_MEMORY;
    made->cache = cache;
    made->need = *need;
    strncpy(made->key, need->key, sizeof made->key - 1);
    made->need.key = made->key;

    pthread_mutex_lock(&cache->lock);
    const enum tid_lease_result result = lease_begin(made);
    pthread_mutex_unlock(&cache->lock);
    if (result == TID_LEASE_MADE)
        *lease = made;
    else
        free(made);
    return result;
}

static void last_lease_released(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    switch (entry->state) {
    case TID_ENTRY_WAITING:
        cache->counts.cancelled++;
        tid_entry_dequeue(entry);
        free(entry);
        break;
    case TID_ENTRY_COMPUTING:
        cache->counts.cancelled++;
        entry->state = TID_ENTRY_CANCELLED;
        TAILQ_REMOVE(&cache->active, entry, link);
        if (tid_pool_cancel(cache->options.pool, &entry->job))
            tid_entry_discard(entry, entry->peak_bytes);
        break;
    case TID_ENTRY_COMPLETE:
        tid_entry_begin_idle(entry);
        break;
    case TID_ENTRY_EXPIRED:
    case TID_ENTRY_FAILED:
        free(entry);
        break;
    case TID_ENTRY_CANCELLED:
        break; /* it has no lease */
    }
    tid_entries_admit(cache);
}

static void lease_rest(struct tid_lease *lease) {
    if (lease->holds) lease->entry->holders--;
    lease->holds = false;
}

void tid_lease_release(struct tid_lease *lease) {
    if (!lease) return;
    struct tid_factor_cache *cache = lease->cache;
    pthread_mutex_lock(&cache->lock);
    lease_rest(lease);
    struct tid_entry *entry = lease->entry;
    if (entry) {
        LIST_REMOVE(lease, link);
        if (LIST_EMPTY(&entry->leases)) last_lease_released(entry);
    }
    pthread_mutex_unlock(&cache->lock);
    free(lease);
}

enum tid_lease_state tid_lease_state(const struct tid_lease *lease) {
    pthread_mutex_lock(&lease->cache->lock);
    const enum tid_lease_state state = tid_lease_state_of(lease);
    pthread_mutex_unlock(&lease->cache->lock);
    return state;
}

/* A lease whose entry has been evicted gets another one. It does not count as refused. */
static void lease_renew(struct tid_lease *lease) {
    struct tid_factor_cache *cache = lease->cache;
    struct tid_entry *entry = entry_find(cache, lease->key);
    if (entry)
        lease_add(entry, lease);
    else if (!entry_add(lease))
        lease->failed = true;
}

bool tid_lease_wait(struct tid_lease *lease, enum tid_lease_state wanted,
                    void (*ready)(void *argument), void *argument) {
    pthread_mutex_lock(&lease->cache->lock);
    if (!lease->entry && !lease->failed) lease_renew(lease);
    const bool reached = tid_lease_reaches(lease, wanted);
    if (!reached) {
        lease->wanted = wanted;
        lease->ready = ready;
        lease->argument = argument;
    }
    pthread_mutex_unlock(&lease->cache->lock);
    return reached;
}

void tid_lease_forget(struct tid_lease *lease) {
    pthread_mutex_lock(&lease->cache->lock);
    lease->ready = NULL;
    pthread_mutex_unlock(&lease->cache->lock);
}

const struct ti_factor *tid_lease_get(const struct tid_lease *lease) {
    pthread_mutex_lock(&lease->cache->lock);
    const struct ti_factor *factor = lease->holds ? lease->entry->factor : NULL;
    pthread_mutex_unlock(&lease->cache->lock);
    return factor;
}

void tid_lease_rest(struct tid_lease *lease) {
    pthread_mutex_lock(&lease->cache->lock);
    lease_rest(lease);
    pthread_mutex_unlock(&lease->cache->lock);
}

struct tid_factor_counts tid_factor_counts(struct tid_factor_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    struct tid_factor_counts counts = cache->counts;
    pthread_mutex_unlock(&cache->lock);
    counts.bytes = tid_memory_used(cache->options.memory, TID_MEMORY_SMALL) +
                   tid_memory_used(cache->options.memory, TID_MEMORY_LARGE);
    return counts;
}
