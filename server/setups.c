/* SPDX-License-Identifier: MIT */
/*
 * One lock guards all of this; under it nothing is computed and nothing large is freed. What
 * is given up is freed by a job of the pool, for giving back hundreds of megabytes takes
 * milliseconds. See setups.h.
 */
#include "setups.h"

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
    struct tid_setups *setups;
    struct kept *next, *previous;
    struct tid_claim *claims;
    enum state state;
    struct ti_setup *setup;
    unsigned stage;
    size_t kept_bytes, peak_bytes;
    char key[33];
};

struct tid_claim {
    struct kept *kept;
    struct tid_claim *next, *previous;
    const struct ti_plan *plan;
    void (*ready)(void *argument);
    void *argument;
};

/*
 *   first, last  the listed setups: waiting ones in the order in which they came, complete
 *                ones in the order in which they were last used
 *   garbage      to be freed by the job 'sweep', which is in the pool if 'sweeping'
 */
struct tid_setups {
    pthread_mutex_t lock;
    struct tid_compute *compute;
    const struct tid_setup_functions *functions;
    size_t limit_bytes, used_bytes;
    struct kept *first, *last;
    struct kept *garbage;
    struct tid_job sweep;
    bool sweeping;
    unsigned complete;
    struct tid_setups_counts counts;
};

const struct tid_setup_functions tid_setup_functions = {
    ti_setup_make, ti_setup_free, ti_setup_stages, ti_setup_pieces, ti_setup_run,
};

static void list_add(struct tid_setups *setups, struct kept *kept) {
    kept->next = NULL;
    kept->previous = setups->last;
    if (setups->last != NULL)
        setups->last->next = kept;
    else
        setups->first = kept;
    setups->last = kept;
}

static void list_remove(struct tid_setups *setups, struct kept *kept) {
    if (kept->previous != NULL)
        kept->previous->next = kept->next;
    else
        setups->first = kept->next;
    if (kept->next != NULL)
        kept->next->previous = kept->previous;
    else
        setups->last = kept->previous;
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

static void garbage_free(const struct tid_setup_functions *functions,
                         struct kept *garbage) {
    const bool any = garbage != NULL;

    while (garbage != NULL) {
        struct kept *kept = garbage;
        garbage = kept->next;
        if (kept->setup != NULL) functions->free(kept->setup);
        free(kept);
    }
    if (any) give_back();
}

static void sweep_run(struct tid_job *job, size_t piece) {
    struct tid_setups *setups =
        (struct tid_setups *)(void *)((char *)job - offsetof(struct tid_setups, sweep));

    (void)piece;
    pthread_mutex_lock(&setups->lock);
    struct kept *garbage = setups->garbage;
    setups->garbage = NULL;
    pthread_mutex_unlock(&setups->lock);
    garbage_free(setups->functions, garbage);
}

static void sweep_done(struct tid_job *job) {
    struct tid_setups *setups =
        (struct tid_setups *)(void *)((char *)job - offsetof(struct tid_setups, sweep));

    pthread_mutex_lock(&setups->lock);
    setups->sweeping = setups->garbage != NULL;
    if (setups->sweeping) tid_compute_submit(setups->compute, job);
    pthread_mutex_unlock(&setups->lock);
}

/* Has a setup freed that is in no list; 'bytes' is what it counted for. */
static void give_up(struct tid_setups *setups, struct kept *kept, size_t bytes) {
    setups->used_bytes -= bytes;
    kept->next = setups->garbage;
    setups->garbage = kept;
    if (setups->sweeping) return;
    setups->sweeping = true;
    tid_compute_submit(setups->compute, &setups->sweep);
}

static bool is_idle(const struct kept *kept) {
    return kept->state == COMPLETE && kept->claims == NULL;
}

/* Gives up what nobody uses, least recently used first, until so much would fit. */
static bool make_room(struct tid_setups *setups, size_t bytes) {
    size_t idle_bytes = 0;

    for (const struct kept *kept = setups->first; kept != NULL; kept = kept->next)
        if (is_idle(kept)) idle_bytes += kept->kept_bytes;
    if (bytes > setups->limit_bytes - (setups->used_bytes - idle_bytes)) return false;
    for (struct kept *kept = setups->first, *next; kept != NULL; kept = next) {
        next = kept->next;
        if (bytes <= setups->limit_bytes - setups->used_bytes) break;
        if (!is_idle(kept)) continue;
        list_remove(setups, kept);
        setups->complete--;
        give_up(setups, kept, kept->kept_bytes);
    }
    return true;
}

/* Tells all who wait for it. */
static void tell(struct kept *kept) {
    for (struct tid_claim *claim = kept->claims; claim != NULL; claim = claim->next) {
        void (*ready)(void *) = claim->ready;
        claim->ready = NULL;
        if (ready != NULL) ready(claim->argument);
    }
}

/* Goes on with the stage that is next, or with the fact that there is none. */
static void advance(struct tid_setups *setups, struct kept *kept) {
    const unsigned stages = setups->functions->stages(kept->setup);

    for (; kept->stage < stages; kept->stage++) {
        kept->job.pieces = setups->functions->pieces(kept->setup, kept->stage);
        if (kept->job.pieces == 0) continue;
        tid_compute_submit(setups->compute, &kept->job);
        return;
    }
    setups->used_bytes -= kept->peak_bytes - kept->kept_bytes;
    setups->complete++;
    setups->counts.computed++;
    kept->state = COMPLETE;
    tell(kept);
}

/* Sets the memory aside and begins; there is room. */
static bool start(struct tid_setups *setups, struct kept *kept) {
    if (setups->functions->make(kept->claims->plan, &kept->setup, NULL) != TI_OK)
        return false;
    setups->used_bytes += kept->peak_bytes;
    kept->state = COMPUTING;
    advance(setups, kept);
    return true;
}

/* Begins what waits for memory, in its order, as far as there is some. */
static void admit(struct tid_setups *setups) {
    for (struct kept *kept = setups->first, *next;
         kept != NULL && setups->counts.waiting > 0; kept = next) {
        /* What make_room() takes from the list is COMPLETE: look for the next later. */
        if (kept->state == WAITING) {
            if (!make_room(setups, kept->peak_bytes)) return;
            setups->counts.waiting--;
            if (!start(setups, kept)) {
                next = kept->next;
                list_remove(setups, kept);
                kept->state = FAILED;
                tell(kept);
                continue;
            }
        }
        next = kept->next;
    }
}

/* Gives up the least recently used of too many. */
static void limit_count(struct tid_setups *setups) {
    for (struct kept *kept = setups->first, *next;
         kept != NULL && setups->complete > TID_SETUPS_KEPT; kept = next) {
        next = kept->next;
        if (!is_idle(kept)) continue;
        list_remove(setups, kept);
        setups->complete--;
        give_up(setups, kept, kept->kept_bytes);
    }
}

static void kept_run(struct tid_job *job, size_t piece) {
    struct kept *kept = (struct kept *)(void *)job;

    kept->setups->functions->run(kept->setup, kept->stage, piece);
}

/* A stage is complete, or its last pieces have ended after it was given up. */
static void kept_done(struct tid_job *job) {
    struct kept *kept = (struct kept *)(void *)job;
    struct tid_setups *setups = kept->setups;
    bool complete = false;

    pthread_mutex_lock(&setups->lock);
    if (kept->state == GIVEN_UP) {
        give_up(setups, kept, kept->peak_bytes);
    } else {
        kept->stage++;
        advance(setups, kept);
        complete = kept->state == COMPLETE;
        limit_count(setups);
    }
    admit(setups);
    pthread_mutex_unlock(&setups->lock);
    if (complete) give_back(); /* what only computing needed */
}

struct tid_setups *tid_setups_make(struct tid_compute *compute, size_t limit_bytes,
                                   const struct tid_setup_functions *functions) {
    struct tid_setups *setups = calloc(1, sizeof *setups);

    if (setups == NULL) return NULL;
    part_large_blocks();
    pthread_mutex_init(&setups->lock, NULL);
    setups->compute = compute;
    setups->functions = functions;
    setups->limit_bytes = limit_bytes;
    setups->sweep = (struct tid_job){.pieces = 1, .run = sweep_run, .done = sweep_done};
    return setups;
}

void tid_setups_free(struct tid_setups *setups) {
    if (setups == NULL) return;
    garbage_free(setups->functions, setups->garbage);
    garbage_free(setups->functions, setups->first);
    pthread_mutex_destroy(&setups->lock);
    free(setups);
}

size_t tid_setups_limit(const struct tid_setups *setups) { return setups->limit_bytes; }

static struct kept *find(const struct tid_setups *setups, const char *key) {
    struct kept *kept = setups->first;

    while (kept != NULL && strcmp(kept->key, key) != 0) kept = kept->next;
    return kept;
}

static void claim_add(struct kept *kept, struct tid_claim *claim) {
    claim->kept = kept;
    claim->previous = NULL;
    claim->next = kept->claims;
    if (claim->next != NULL) claim->next->previous = claim;
    kept->claims = claim;
}

/* A setup for its first claim: begun if there is room, else waiting if that is allowed. */
static enum tid_claim_result kept_make(struct tid_setups *setups,
                                       const struct tid_setup_need *need,
                                       struct tid_claim *claim) {
    /* Who waits already comes first. */
    const bool room = setups->counts.waiting == 0 && make_room(setups, need->peak_bytes);

    if (!room && setups->counts.waiting == TID_SETUPS_WAITING) return TID_CLAIM_BUSY;
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return TID_CLAIM_NO_MEMORY;
    kept->job = (struct tid_job){.run = kept_run, .done = kept_done};
    kept->setups = setups;
    kept->kept_bytes = need->kept_bytes;
    kept->peak_bytes = need->peak_bytes;
    strncpy(kept->key, need->key, sizeof kept->key - 1);
    claim_add(kept, claim);
    if (!room) {
        setups->counts.waiting++;
    } else if (!start(setups, kept)) {
        free(kept);
        return TID_CLAIM_NO_MEMORY;
    }
    list_add(setups, kept);
    return TID_CLAIM_MADE;
}

enum tid_claim_result tid_setups_claim(struct tid_setups *setups,
                                       const struct tid_setup_need *need,
                                       struct tid_claim **claim) {
    enum tid_claim_result result = TID_CLAIM_MADE;

    if (need->peak_bytes > setups->limit_bytes) return TID_CLAIM_TOO_LARGE;
    struct tid_claim *made = calloc(1, sizeof *made);
    if (made == NULL) return TID_CLAIM_NO_MEMORY;
    made->plan = need->plan;

    pthread_mutex_lock(&setups->lock);
    struct kept *kept = find(setups, need->key);
    if (kept != NULL) {
        claim_add(kept, made);
        setups->counts.reused++;
    } else {
        result = kept_make(setups, need, made);
    }
    if (result == TID_CLAIM_BUSY) setups->counts.refused++;
    pthread_mutex_unlock(&setups->lock);
    if (result == TID_CLAIM_MADE)
        *claim = made;
    else
        free(made);
    return result;
}

/* The last claim has gone. */
static void unwanted(struct tid_setups *setups, struct kept *kept) {
    if (kept->state == FAILED) {
        free(kept);
        return;
    }
    list_remove(setups, kept);
    switch (kept->state) {
    case WAITING:
        setups->counts.waiting--;
        setups->counts.cancelled++;
        free(kept);
        break;
    case COMPUTING:
        setups->counts.cancelled++;
        kept->state = GIVEN_UP;
        if (tid_compute_cancel(setups->compute, &kept->job))
            give_up(setups, kept, kept->peak_bytes);
        break;
    default:
        list_add(setups, kept); /* as the one that was used last */
        limit_count(setups);
        break;
    }
    admit(setups);
}

void tid_claim_release(struct tid_claim *claim) {
    if (claim == NULL) return;
    struct kept *kept = claim->kept;
    struct tid_setups *setups = kept->setups;

    pthread_mutex_lock(&setups->lock);
    if (claim->previous != NULL)
        claim->previous->next = claim->next;
    else
        kept->claims = claim->next;
    if (claim->next != NULL) claim->next->previous = claim->previous;
    if (kept->claims == NULL) unwanted(setups, kept);
    pthread_mutex_unlock(&setups->lock);
    free(claim);
}

bool tid_claim_wait(struct tid_claim *claim, void (*ready)(void *argument),
                    void *argument) {
    struct tid_setups *setups = claim->kept->setups;

    pthread_mutex_lock(&setups->lock);
    const enum state state = claim->kept->state;
    const bool over = state == COMPLETE || state == FAILED;
    if (!over) {
        claim->ready = ready;
        claim->argument = argument;
    }
    pthread_mutex_unlock(&setups->lock);
    return over;
}

void tid_claim_forget(struct tid_claim *claim) {
    struct tid_setups *setups = claim->kept->setups;

    pthread_mutex_lock(&setups->lock);
    claim->ready = NULL;
    pthread_mutex_unlock(&setups->lock);
}

const struct ti_setup *tid_claim_get(const struct tid_claim *claim) {
    struct tid_setups *setups = claim->kept->setups;

    pthread_mutex_lock(&setups->lock);
    const struct ti_setup *setup =
        claim->kept->state == COMPLETE ? claim->kept->setup : NULL;
    pthread_mutex_unlock(&setups->lock);
    return setup;
}

struct tid_setups_counts tid_setups_counts(struct tid_setups *setups) {
    pthread_mutex_lock(&setups->lock);
    struct tid_setups_counts counts = setups->counts;
    counts.bytes = setups->used_bytes;
    pthread_mutex_unlock(&setups->lock);
    return counts;
}
