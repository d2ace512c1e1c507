/* SPDX-License-Identifier: MIT */
/*
 * One lock guards all of this; under it nothing is computed and nothing large is freed. What
 * is given up is freed by a job of the pool, for giving back hundreds of megabytes takes
 * milliseconds. See setups.h.
 */
#include "server/work/factor_cache.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 *   WAITING    for memory
 *   COMPUTING  its job is in the pool
 *   COMPLETE   only read from now on
 *   FAILED     there was no memory when its turn came
 *   GIVEN_UP   nobody wants it, and pieces of it are still running
 */
enum state { WAITING, COMPUTING, COMPLETE, FAILED, GIVEN_UP };

/*
 * 'listed' setups are found by their key: all but the FAILED and the GIVEN_UP.
 */
struct kept {
    struct tid_job job; /* first: the job is the setup */
    struct tid_factor_cache *factor_cache;
    struct kept *next, *previous;
    struct tid_lease *claims;
    enum state state;
    struct ti_factor *factor;
    unsigned stage;
    size_t kept_bytes, peak_bytes;
    char key[33];
};

struct tid_lease {
    struct kept *kept;
    struct tid_lease *next, *previous;
    const struct ti_plan *plan;
    void (*ready)(void *argument);
    void *argument;
};

/*
 *   first, last  the listed setups: waiting ones in the order in which they came, complete
 *                ones in the order in which they were last used
 *   garbage      to be freed by the job 'sweep', which is in the pool if 'sweeping'
 */
struct tid_factor_cache {
    pthread_mutex_t lock;
    struct tid_pool *compute;
    const struct tid_factor_functions *functions;
    size_t limit_bytes, used_bytes;
    struct kept *first, *last;
    struct kept *garbage;
    struct tid_job sweep;
    bool sweeping;
    unsigned complete;
    struct tid_factor_counts counts;
};

const struct tid_factor_functions tid_factor_functions = {
    ti_factor_make, ti_factor_free, ti_factor_phases, ti_factor_tasks, ti_factor_run,
};

static void list_add(struct tid_factor_cache *factor_cache, struct kept *kept) {
    kept->next = NULL;
    kept->previous = factor_cache->last;
    if (factor_cache->last != NULL)
        factor_cache->last->next = kept;
    else
        factor_cache->first = kept;
    factor_cache->last = kept;
}

static void list_remove(struct tid_factor_cache *factor_cache, struct kept *kept) {
    if (kept->previous != NULL)
        kept->previous->next = kept->next;
    else
        factor_cache->first = kept->next;
    if (kept->next != NULL)
        kept->next->previous = kept->previous;
    else
        factor_cache->last = kept->previous;
}

/*
 * Lets the large parts of a setup go back to the system as soon as they are freed. Of itself
 * glibc, having seen such blocks freed, keeps the next ones for later, 64 MiB in each arena.
 * Blocks of streams, up to 1 MiB, are still kept: every request needs one.
 */
static void part_large_blocks(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

/* Gives freed memory of smaller parts back to the system. */
static void give_back(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void garbage_free(const struct tid_factor_functions *functions,
                         struct kept *garbage) {
    const bool any = garbage != NULL;

    while (garbage != NULL) {
        struct kept *kept = garbage;
        garbage = kept->next;
        if (kept->factor != NULL) functions->free(kept->factor);
        free(kept);
    }
    if (any) give_back();
}

static void sweep_run(struct tid_job *job, size_t piece) {
    struct tid_factor_cache *factor_cache =
        (struct tid_factor_cache *)(void *)((char *)job -
                                            offsetof(struct tid_factor_cache, sweep));

    (void)piece;
    pthread_mutex_lock(&factor_cache->lock);
    struct kept *garbage = factor_cache->garbage;
    factor_cache->garbage = NULL;
    pthread_mutex_unlock(&factor_cache->lock);
    garbage_free(factor_cache->functions, garbage);
}

static void sweep_done(struct tid_job *job) {
    struct tid_factor_cache *factor_cache =
        (struct tid_factor_cache *)(void *)((char *)job -
                                            offsetof(struct tid_factor_cache, sweep));

    pthread_mutex_lock(&factor_cache->lock);
    factor_cache->sweeping = factor_cache->garbage != NULL;
    if (factor_cache->sweeping) tid_pool_submit(factor_cache->compute, job);
    pthread_mutex_unlock(&factor_cache->lock);
}

/* Has a setup freed that is in no list; 'bytes' is what it counted for. */
static void give_up(struct tid_factor_cache *factor_cache, struct kept *kept,
                    size_t bytes) {
    factor_cache->used_bytes -= bytes;
    kept->next = factor_cache->garbage;
    factor_cache->garbage = kept;
    if (factor_cache->sweeping) return;
    factor_cache->sweeping = true;
    tid_pool_submit(factor_cache->compute, &factor_cache->sweep);
}

static bool is_idle(const struct kept *kept) {
    return kept->state == COMPLETE && kept->claims == NULL;
}

/* Gives up what nobody uses, least recently used first, until so much would fit. */
static bool make_room(struct tid_factor_cache *factor_cache, size_t bytes) {
    size_t idle_bytes = 0;

    for (const struct kept *kept = factor_cache->first; kept != NULL; kept = kept->next)
        if (is_idle(kept)) idle_bytes += kept->kept_bytes;
    if (bytes > factor_cache->limit_bytes - (factor_cache->used_bytes - idle_bytes))
        return false;
    for (struct kept *kept = factor_cache->first, *next; kept != NULL; kept = next) {
        next = kept->next;
        if (bytes <= factor_cache->limit_bytes - factor_cache->used_bytes) break;
        if (!is_idle(kept)) continue;
        list_remove(factor_cache, kept);
        factor_cache->complete--;
        give_up(factor_cache, kept, kept->kept_bytes);
    }
    return true;
}

/* Tells all who wait for it. */
static void tell(struct kept *kept) {
    for (struct tid_lease *claim = kept->claims; claim != NULL; claim = claim->next) {
        void (*ready)(void *) = claim->ready;
        claim->ready = NULL;
        if (ready != NULL) ready(claim->argument);
    }
}

/* Goes on with the stage that is next, or with the fact that there is none. */
static void advance(struct tid_factor_cache *factor_cache, struct kept *kept) {
    const unsigned stages = factor_cache->functions->stages(kept->factor);

    for (; kept->stage < stages; kept->stage++) {
        kept->job.pieces = factor_cache->functions->pieces(kept->factor, kept->stage);
        if (kept->job.pieces == 0) continue;
        tid_pool_submit(factor_cache->compute, &kept->job);
        return;
    }
    factor_cache->used_bytes -= kept->peak_bytes - kept->kept_bytes;
    factor_cache->complete++;
    factor_cache->counts.computed++;
    kept->state = COMPLETE;
    tell(kept);
}

/* Sets the memory aside and begins; there is room. */
static bool start(struct tid_factor_cache *factor_cache, struct kept *kept) {
    if (factor_cache->functions->make(kept->claims->plan, &kept->factor, NULL) != TI_OK)
        return false;
    factor_cache->used_bytes += kept->peak_bytes;
    kept->state = COMPUTING;
    advance(factor_cache, kept);
    return true;
}

/* Begins what waits for memory, in its order, as far as there is some. */
static void admit(struct tid_factor_cache *factor_cache) {
    for (struct kept *kept = factor_cache->first, *next;
         kept != NULL && factor_cache->counts.waiting > 0; kept = next) {
        /* What make_room() takes from the list is COMPLETE: look for the next later. */
        if (kept->state == WAITING) {
            if (!make_room(factor_cache, kept->peak_bytes)) return;
            factor_cache->counts.waiting--;
            if (!start(factor_cache, kept)) {
                next = kept->next;
                list_remove(factor_cache, kept);
                kept->state = FAILED;
                tell(kept);
                continue;
            }
        }
        next = kept->next;
    }
}

/* Gives up the least recently used of too many. */
static void limit_count(struct tid_factor_cache *factor_cache) {
    for (struct kept *kept = factor_cache->first, *next;
         kept != NULL && factor_cache->complete > TID_SETUPS_KEPT; kept = next) {
        next = kept->next;
        if (!is_idle(kept)) continue;
        list_remove(factor_cache, kept);
        factor_cache->complete--;
        give_up(factor_cache, kept, kept->kept_bytes);
    }
}

static void kept_run(struct tid_job *job, size_t piece) {
    struct kept *kept = (struct kept *)(void *)job;

    kept->factor_cache->functions->run(kept->factor, kept->stage, piece);
}

/* A stage is complete, or its last pieces have ended after it was given up. */
static void kept_done(struct tid_job *job) {
    struct kept *kept = (struct kept *)(void *)job;
    struct tid_factor_cache *factor_cache = kept->factor_cache;
    bool complete = false;

    pthread_mutex_lock(&factor_cache->lock);
    if (kept->state == GIVEN_UP) {
        give_up(factor_cache, kept, kept->peak_bytes);
    } else {
        kept->stage++;
        advance(factor_cache, kept);
        complete = kept->state == COMPLETE;
        limit_count(factor_cache);
    }
    admit(factor_cache);
    pthread_mutex_unlock(&factor_cache->lock);
    if (complete) give_back(); /* what only computing needed */
}

struct tid_factor_cache *
tid_factor_cache_make(struct tid_pool *compute, size_t limit_bytes,
                      const struct tid_factor_functions *functions) {
    struct tid_factor_cache *factor_cache = calloc(1, sizeof *factor_cache);

    if (factor_cache == NULL) return NULL;
    part_large_blocks();
    pthread_mutex_init(&factor_cache->lock, NULL);
    factor_cache->compute = compute;
    factor_cache->functions = functions;
    factor_cache->limit_bytes = limit_bytes;
    factor_cache->sweep =
        (struct tid_job){.pieces = 1, .run = sweep_run, .done = sweep_done};
    return factor_cache;
}

void tid_factor_cache_free(struct tid_factor_cache *factor_cache) {
    if (factor_cache == NULL) return;
    garbage_free(factor_cache->functions, factor_cache->garbage);
    garbage_free(factor_cache->functions, factor_cache->first);
    pthread_mutex_destroy(&factor_cache->lock);
    free(factor_cache);
}

size_t tid_factor_cache_limit(const struct tid_factor_cache *factor_cache) {
    return factor_cache->limit_bytes;
}

static struct kept *find(const struct tid_factor_cache *factor_cache, const char *key) {
    struct kept *kept = factor_cache->first;

    while (kept != NULL && strcmp(kept->key, key) != 0) kept = kept->next;
    return kept;
}

static void claim_add(struct kept *kept, struct tid_lease *claim) {
    claim->kept = kept;
    claim->previous = NULL;
    claim->next = kept->claims;
    if (claim->next != NULL) claim->next->previous = claim;
    kept->claims = claim;
}

/* A setup for its first claim: begun if there is room, else waiting if that is allowed. */
static enum tid_lease_result kept_make(struct tid_factor_cache *factor_cache,
                                       const struct tid_factor_need *need,
                                       struct tid_lease *claim) {
    /* Who waits already comes first. */
    const bool room =
        factor_cache->counts.waiting == 0 && make_room(factor_cache, need->peak_bytes);

    if (!room && factor_cache->counts.waiting == TID_SETUPS_WAITING)
        return TID_CLAIM_BUSY;
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return TID_CLAIM_NO_MEMORY;
    kept->job = (struct tid_job){.run = kept_run, .done = kept_done};
    kept->factor_cache = factor_cache;
    kept->kept_bytes = need->kept_bytes;
    kept->peak_bytes = need->peak_bytes;
    strncpy(kept->key, need->key, sizeof kept->key - 1);
    claim_add(kept, claim);
    if (!room) {
        factor_cache->counts.waiting++;
    } else if (!start(factor_cache, kept)) {
        free(kept);
        return TID_CLAIM_NO_MEMORY;
    }
    list_add(factor_cache, kept);
    return TID_CLAIM_MADE;
}

enum tid_lease_result tid_factor_cache_lease(struct tid_factor_cache *factor_cache,
                                             const struct tid_factor_need *need,
                                             struct tid_lease **claim) {
    enum tid_lease_result result = TID_CLAIM_MADE;

    if (need->peak_bytes > factor_cache->limit_bytes) return TID_CLAIM_TOO_LARGE;
    struct tid_lease *made = calloc(1, sizeof *made);
    if (made == NULL) return TID_CLAIM_NO_MEMORY;
    made->plan = need->plan;

    pthread_mutex_lock(&factor_cache->lock);
    struct kept *kept = find(factor_cache, need->key);
    if (kept != NULL) {
        claim_add(kept, made);
        factor_cache->counts.reused++;
    } else {
        result = kept_make(factor_cache, need, made);
    }
    if (result == TID_CLAIM_BUSY) factor_cache->counts.refused++;
    pthread_mutex_unlock(&factor_cache->lock);
    if (result == TID_CLAIM_MADE)
        *claim = made;
    else
        free(made);
    return result;
}

/* The last claim has gone. */
static void unwanted(struct tid_factor_cache *factor_cache, struct kept *kept) {
    if (kept->state == FAILED) {
        free(kept);
        return;
    }
    list_remove(factor_cache, kept);
    switch (kept->state) {
    case WAITING:
        factor_cache->counts.waiting--;
        factor_cache->counts.cancelled++;
        free(kept);
        break;
    case COMPUTING:
        factor_cache->counts.cancelled++;
        kept->state = GIVEN_UP;
        if (tid_pool_cancel(factor_cache->compute, &kept->job))
            give_up(factor_cache, kept, kept->peak_bytes);
        break;
    default:
        list_add(factor_cache, kept); /* as the one that was used last */
        limit_count(factor_cache);
        break;
    }
    admit(factor_cache);
}

void tid_lease_release(struct tid_lease *claim) {
    if (claim == NULL) return;
    struct kept *kept = claim->kept;
    struct tid_factor_cache *factor_cache = kept->factor_cache;

    pthread_mutex_lock(&factor_cache->lock);
    if (claim->previous != NULL)
        claim->previous->next = claim->next;
    else
        kept->claims = claim->next;
    if (claim->next != NULL) claim->next->previous = claim->previous;
    if (kept->claims == NULL) unwanted(factor_cache, kept);
    pthread_mutex_unlock(&factor_cache->lock);
    free(claim);
}

bool tid_lease_wait(struct tid_lease *claim, void (*ready)(void *argument),
                    void *argument) {
    struct tid_factor_cache *factor_cache = claim->kept->factor_cache;

    pthread_mutex_lock(&factor_cache->lock);
    const enum state state = claim->kept->state;
    const bool over = state == COMPLETE || state == FAILED;
    if (!over) {
        claim->ready = ready;
        claim->argument = argument;
    }
    pthread_mutex_unlock(&factor_cache->lock);
    return over;
}

void tid_lease_forget(struct tid_lease *claim) {
    struct tid_factor_cache *factor_cache = claim->kept->factor_cache;

    pthread_mutex_lock(&factor_cache->lock);
    claim->ready = NULL;
    pthread_mutex_unlock(&factor_cache->lock);
}

const struct ti_factor *tid_lease_get(const struct tid_lease *claim) {
    struct tid_factor_cache *factor_cache = claim->kept->factor_cache;

    pthread_mutex_lock(&factor_cache->lock);
    const struct ti_factor *factor =
        claim->kept->state == COMPLETE ? claim->kept->factor : NULL;
    pthread_mutex_unlock(&factor_cache->lock);
    return factor;
}

struct tid_factor_counts tid_factor_counts(struct tid_factor_cache *factor_cache) {
    pthread_mutex_lock(&factor_cache->lock);
    struct tid_factor_counts counts = factor_cache->counts;
    counts.bytes = factor_cache->used_bytes;
    pthread_mutex_unlock(&factor_cache->lock);
    return counts;
}
