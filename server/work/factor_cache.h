/* SPDX-License-Identifier: MIT */
/*
 * The setups (tensorinit/setup.h) that requests need: computed once for all requests that
 * can share one, kept as long as there is memory, given up when nobody wants them any more.
 *
 * A request claims a setup. The first claim has it computed, by the threads of a pool; the
 * others join. Complete, it stays for later requests until its memory is wanted for another
 * one: least recently used out first. If the last claim goes before it is complete, no
 * further piece is computed and the memory is freed.
 *
 * The memory of all setups together keeps within a limit; one that is being computed counts
 * with its peak. A setup for which there is no room, because requests use all that is kept,
 * waits; so many may wait, first come, first served.
 *
 * From any thread, and no function here waits for what is computed.
 */
#ifndef TID_SETUPS_H
#define TID_SETUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/factor.h>

#include "server/work/pool.h"

struct tid_factor_cache;
struct tid_lease;

/* Setups that wait for memory, at most; and that are kept, however small they are. */
#define TID_SETUPS_WAITING 32
#define TID_SETUPS_KEPT 1024

/* How a setup is computed: as <tensorinit/factor.h> has it, or a test's own. */
struct tid_factor_functions {
    enum ti_status (*make)(const struct ti_plan *plan, struct ti_factor **factor,
                           struct ti_error *error);
    void (*free)(struct ti_factor *factor);
    unsigned (*stages)(const struct ti_factor *factor);
    size_t (*pieces)(const struct ti_factor *factor, unsigned stage);
    void (*run)(struct ti_factor *factor, unsigned stage, size_t piece);
};

extern const struct tid_factor_functions tid_factor_functions;

/*
 *   compute      the pool; must outlive all claims, and be stopped before the setups are
 *                freed
 *   limit_bytes  of all setups together
 *   functions    usually &tid_factor_functions
 *
 * NULL without memory. tid_factor_cache_free() wants all claims released; NULL is allowed.
 */
struct tid_factor_cache *
tid_factor_cache_make(struct tid_pool *compute, size_t limit_bytes,
                      const struct tid_factor_functions *functions);
void tid_factor_cache_free(struct tid_factor_cache *factor_cache);

/* What a plan needs, as ti_plan_info() has it; 'plan' must outlive the claim. */
struct tid_factor_need {
    const struct ti_plan *plan;
    const char *key;
    size_t kept_bytes, peak_bytes;
};

size_t tid_factor_cache_limit(const struct tid_factor_cache *factor_cache);

enum tid_lease_result {
    TID_CLAIM_MADE,
    TID_CLAIM_TOO_LARGE, /* more than the limit, now and ever */
    TID_CLAIM_BUSY,      /* no room, and too many wait already */
    TID_CLAIM_NO_MEMORY, /* the system has none */
};

/* Claims a setup; on TID_CLAIM_MADE '*claim' is to be released. */
enum tid_lease_result tid_factor_cache_lease(struct tid_factor_cache *factor_cache,
                                             const struct tid_factor_need *need,
                                             struct tid_lease **claim);

/* Takes the claim back; NULL is allowed. The setup must not be used any more. */
void tid_lease_release(struct tid_lease *claim);

/*
 * True if the setup is complete, or has failed for want of memory. Else 'ready' will be
 * called once when it is; under a lock, so that all it may do is to submit a job or note
 * the fact. One call at a time may wait. After tid_lease_forget() it is not called any more.
 */
bool tid_lease_wait(struct tid_lease *claim, void (*ready)(void *argument),
                    void *argument);
void tid_lease_forget(struct tid_lease *claim);

/* The setup, once it is complete; NULL if it is not, or has failed. */
const struct ti_factor *tid_lease_get(const struct tid_lease *claim);

/* For /metrics. 'bytes' counts what is kept and what is being computed. */
struct tid_factor_counts {
    uint64_t computed, reused, cancelled, refused;
    uint64_t waiting, bytes;
};

struct tid_factor_counts tid_factor_counts(struct tid_factor_cache *factor_cache);

#endif
