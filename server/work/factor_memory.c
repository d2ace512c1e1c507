/* SPDX-License-Identifier: MIT */
/*
 * Which factorization gets memory, and which one loses it: the rules are those of
 * factor_cache.h.
 */
#include <stdlib.h>

#include "server/work/clock.h"
#include "server/work/factor_entry.h"

/* Up to this size an entry is freed at once, which takes microseconds. */
#define SMALL_FREE_BYTES ((size_t)1 << 18)

void tid_entries_free(const struct tid_factor_functions *functions,
                      struct tid_entry_list *list) {
    struct tid_entry *entry;
    while ((entry = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, entry, link);
        if (entry->factor) functions->free(entry->factor);
        tid_client_release(entry->client);
        free(entry);
    }
}

/* Gives back memory that is free now, or will be very soon. */
static void give(struct tid_entry *entry, size_t bytes) {
    struct tid_factor_cache *cache = entry->cache;
    tid_memory_give(cache->options.memory, entry->use, bytes);
    const bool enough = cache->freed_bytes >= TID_TRIM_BYTES;
    cache->freed_bytes += bytes;
    if (!enough && cache->freed_bytes >= TID_TRIM_BYTES)
        pthread_cond_signal(&cache->wake);
}

void tid_entry_discard(struct tid_entry *entry, size_t bytes) {
    struct tid_factor_cache *cache = entry->cache;
    give(entry, bytes);
    if (bytes > SMALL_FREE_BYTES) {
        TAILQ_INSERT_TAIL(&cache->garbage, entry, link);
        pthread_cond_signal(&cache->wake);
    } else {
        struct tid_entry_list list = TAILQ_HEAD_INITIALIZER(list);
        TAILQ_INSERT_TAIL(&list, entry, link);
        tid_entries_free(cache->options.functions, &list);
    }
}

static bool is_idle(const struct tid_entry *entry) {
    return entry->state == TID_ENTRY_COMPLETE && LIST_EMPTY(&entry->leases);
}

static bool is_revocable(const struct tid_entry *entry, int64_t now_ms) {
    return entry->state == TID_ENTRY_COMPLETE && !LIST_EMPTY(&entry->leases) &&
           entry->holders == 0 && now_ms >= entry->revocable_ms;
}

static void evict(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    if (is_idle(entry)) tid_entry_end_idle(entry);
    while (!LIST_EMPTY(&entry->leases)) {
        struct tid_lease *lease = LIST_FIRST(&entry->leases);
        LIST_REMOVE(lease, link);
        lease->entry = NULL;
    }
    TAILQ_REMOVE(&cache->active, entry, link);
    cache->complete_count--;
    cache->counts.evicted++;
    tid_entry_discard(entry, entry->factor_bytes);
}

/* Evicts idle entries while there are too many. */
static void limit_count(struct tid_factor_cache *cache) {
    struct tid_entry *entry, *next;
    for (entry = TAILQ_FIRST(&cache->active);
         entry && cache->complete_count > TID_FACTORS_CACHED_MAX; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (is_idle(entry)) evict(entry);
    }
}

void tid_entry_begin_idle(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    cache->idle_bytes[entry->use] += entry->factor_bytes;
    /* Now the most recently used one. */
    TAILQ_REMOVE(&cache->active, entry, link);
    TAILQ_INSERT_TAIL(&cache->active, entry, link);
    limit_count(cache);
}

void tid_entry_end_idle(struct tid_entry *entry) {
    entry->cache->idle_bytes[entry->use] -= entry->factor_bytes;
}

void tid_entries_reclaim(void *cache, size_t bytes) {
    struct tid_factor_cache *const from = cache;
    struct tid_entry *entry, *next;
    size_t evicted_bytes = 0;
    pthread_mutex_lock(&from->lock);
    for (entry = TAILQ_FIRST(&from->active); entry && evicted_bytes < bytes;
         entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (!is_idle(entry)) continue;
        evicted_bytes += entry->factor_bytes;
        evict(entry);
    }
    pthread_mutex_unlock(&from->lock);
}

/*
 * Takes the memory of an entry that waits, and evicts idle ones for it. Evicts none and
 * returns false if all of them would not be enough.
 */
static bool reserve(struct tid_entry *wanting) {
    struct tid_factor_cache *cache = wanting->cache;
    struct tid_memory *memory = cache->options.memory;
    const enum tid_memory_use use = wanting->use;
    const size_t bytes = wanting->peak_bytes, *idle = cache->idle_bytes;
    if (!tid_memory_would_fit(memory, use, bytes, idle[TID_MEMORY_SMALL],
                              idle[TID_MEMORY_LARGE]))
        return false;
    /* Hundreds of small ones would make little space for a large one. */
    const bool large_only =
        use == TID_MEMORY_LARGE &&
        tid_memory_would_fit(memory, use, bytes, 0, idle[TID_MEMORY_LARGE]);
    struct tid_entry *entry = TAILQ_FIRST(&cache->active);
    while (!tid_memory_take(memory, use, bytes)) {
        while (entry &&
               (!is_idle(entry) || (large_only && entry->use != TID_MEMORY_LARGE)))
            entry = TAILQ_NEXT(entry, link);
        if (!entry) return false; /* a response has taken memory meanwhile */
        struct tid_entry *next = TAILQ_NEXT(entry, link);
        evict(entry);
        entry = next;
    }
    return true;
}

/* Puts the job into the share of one of the clients, for the next phase. */
static void choose_client(struct tid_entry *entry) {
    const struct tid_lease *lease;
    unsigned count = 0;
    LIST_FOREACH(lease, &entry->leases, link) count++;
    unsigned before = count > 0 ? entry->phase % count : 0;
    lease = LIST_FIRST(&entry->leases);
    while (before-- > 0) lease = LIST_NEXT(lease, link);
    struct tid_client *client = tid_client_keep(lease ? lease->need.client : NULL);
    tid_client_release(entry->client);
    entry->client = client;
    entry->job.share = tid_client_share(client);
}

void tid_entry_advance(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    const struct tid_factor_functions *functions = cache->options.functions;
    const unsigned phases = functions->phases(entry->factor);
    for (; entry->phase < phases; entry->phase++) {
        entry->job.task_count = functions->tasks(entry->factor, entry->phase);
        if (entry->job.task_count == 0) continue;
        choose_client(entry);
        tid_pool_submit(cache->options.pool, &entry->job);
        return;
    }
    /* The core has freed what only the computation needed. */
    give(entry, entry->peak_bytes - entry->factor_bytes);
    const int64_t now_ms = tid_clock_ms();
    entry->revocable_ms = now_ms + cache->options.keep_ms + (now_ms - entry->since_ms);
    entry->state = TID_ENTRY_COMPLETE;
    tid_client_release(entry->client);
    entry->client = NULL;
    cache->complete_count++;
    cache->counts.computed++;
    tid_entry_notify(entry);
    limit_count(cache);
}

/* Starts an entry whose memory has been taken. */
static void start(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    const struct ti_plan *plan = LIST_FIRST(&entry->leases)->need.plan;
    if (cache->options.functions->make(plan, &entry->factor, NULL) != TI_OK) {
        tid_memory_give(cache->options.memory, entry->use, entry->peak_bytes);
        entry->state = TID_ENTRY_FAILED;
        tid_entry_notify(entry);
        return;
    }
    TAILQ_INSERT_TAIL(&cache->active, entry, link);
    entry->state = TID_ENTRY_COMPUTING;
    entry->since_ms = tid_clock_ms();
    tid_entry_notify(entry);
    tid_entry_advance(entry);
}

/* The first large one that waits. */
static struct tid_entry *first_large(struct tid_factor_cache *cache) {
    struct tid_entry *entry = TAILQ_FIRST(&cache->waiting);
    while (entry && entry->use != TID_MEMORY_LARGE) entry = TAILQ_NEXT(entry, link);
    return entry;
}

void tid_entry_dequeue(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    if (entry == first_large(cache)) cache->passed_bytes = 0;
    TAILQ_REMOVE(&cache->waiting, entry, link);
    cache->counts.waiting--;
}

/* Whether a large entry may start before the first one that waits. */
static bool may_pass(const struct tid_entry *entry) {
    const struct tid_factor_cache *cache = entry->cache;
    const size_t limit = tid_memory_max(cache->options.memory, TID_MEMORY_LARGE);
    return cache->passed_bytes <= limit &&
           entry->peak_bytes <= limit - cache->passed_bytes;
}

void tid_entries_admit(struct tid_factor_cache *cache) {
    struct tid_entry *entry, *next;
    bool passes = false; /* a large one waits before this one */
    for (entry = TAILQ_FIRST(&cache->waiting); entry; entry = next) {
        next = TAILQ_NEXT(entry, link);
        const bool is_large = entry->use == TID_MEMORY_LARGE;
        if ((is_large && passes && !may_pass(entry)) || !reserve(entry)) {
            passes |= is_large;
            continue;
        }
        if (is_large && passes) cache->passed_bytes += entry->peak_bytes;
        tid_entry_dequeue(entry);
        start(entry);
    }
}

void tid_entry_enqueue(struct tid_entry *entry) {
    struct tid_factor_cache *cache = entry->cache;
    entry->state = TID_ENTRY_WAITING;
    entry->since_ms = tid_clock_ms();
    TAILQ_INSERT_TAIL(&cache->waiting, entry, link);
    cache->counts.waiting++;
    tid_entries_admit(cache);
    if (entry->state == TID_ENTRY_WAITING) pthread_cond_signal(&cache->wake);
}

static void expire(struct tid_factor_cache *cache, int64_t now_ms) {
    struct tid_entry *entry;
    /* They are in order of arrival. */
    while ((entry = TAILQ_FIRST(&cache->waiting)) && cache->options.wait_ms > 0 &&
           now_ms - entry->since_ms >= cache->options.wait_ms) {
        tid_entry_dequeue(entry);
        cache->counts.expired++;
        entry->state = TID_ENTRY_EXPIRED;
        tid_entry_notify(entry);
    }
}

/* What a use could have if all idle and all revocable entries were evicted. */
struct revocable {
    size_t bytes[TID_MEMORY_USES];
};

static struct revocable sum_revocable(const struct tid_factor_cache *cache,
                                      int64_t now_ms) {
    struct revocable sum = {{0}};
    const struct tid_entry *entry;
    TAILQ_FOREACH(entry, &cache->active, link) {
        if (is_idle(entry) || is_revocable(entry, now_ms))
            sum.bytes[entry->use] += entry->factor_bytes;
    }
    return sum;
}

/* The first entry that waits and could start, or NULL. */
static struct tid_entry *first_to_serve(struct tid_factor_cache *cache,
                                        const struct revocable *sum) {
    struct tid_entry *entry;
    bool passes = false;
    TAILQ_FOREACH(entry, &cache->waiting, link) {
        const bool is_large = entry->use == TID_MEMORY_LARGE;
        if ((!is_large || !passes || may_pass(entry)) &&
            tid_memory_would_fit(cache->options.memory, entry->use, entry->peak_bytes,
                                 sum->bytes[TID_MEMORY_SMALL],
                                 sum->bytes[TID_MEMORY_LARGE]))
            return entry;
        passes |= is_large;
    }
    return NULL;
}

/* Evicts entries although they are leased, if an entry that waits can start then. */
static void revoke(struct tid_factor_cache *cache, int64_t now_ms) {
    const struct revocable sum = sum_revocable(cache, now_ms);
    const struct tid_entry *wanting = first_to_serve(cache, &sum);
    struct tid_entry *entry = TAILQ_FIRST(&cache->active), *next;
    if (!wanting) return;
    for (; entry; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (tid_memory_would_fit(cache->options.memory, wanting->use, wanting->peak_bytes,
                                 cache->idle_bytes[TID_MEMORY_SMALL],
                                 cache->idle_bytes[TID_MEMORY_LARGE]))
            return;
        if (!is_revocable(entry, now_ms)) continue;
        cache->counts.revoked++;
        evict(entry);
    }
}

void tid_entries_tick(struct tid_factor_cache *cache, int64_t now_ms) {
    expire(cache, now_ms);
    /* Responses do not say when they give memory back. */
    tid_entries_admit(cache);
    if (TAILQ_EMPTY(&cache->waiting)) return;
    revoke(cache, now_ms);
    tid_entries_admit(cache);
}
