/* SPDX-License-Identifier: MIT */
/*
 * server/work/factor_cache: entries that are shared, cached, evicted, waited for, passed,
 * expired, revoked and cancelled.
 * The factorizations are fakes whose tasks wait at a gate and check the order of phases.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/work/factor_cache.h"
#include "support/test.h"
#include "support/wait.h"

/* A fake plan: its key, and the gate of its tasks. */
struct ti_plan {
    char key[33];
    atomic_bool closed;
    atomic_bool no_memory;
    atomic_uint made, freed, tasks;
};

#define PHASES 3

/* Tasks of each phase; one phase has none. */
static const size_t tasks_of[PHASES] = {4, 0, 5};

struct ti_factor {
    struct ti_plan *plan;
    atomic_uint run[PHASES];
    atomic_bool wrong; /* a phase began before the previous one was complete */
};

static enum ti_status fake_make(const struct ti_plan *plan, struct ti_factor **factor,
                                struct ti_error *error) {
    struct ti_plan *fake = (struct ti_plan *)(uintptr_t)plan;
    (void)error;

    if (atomic_load(&fake->no_memory)) return TI_ENOMEM;
    *factor = calloc(1, sizeof **factor);
    (*factor)->plan = fake;
    atomic_fetch_add(&fake->made, 1);
    return TI_OK;
}

static void fake_free(struct ti_factor *factor) {
    atomic_fetch_add(&factor->plan->freed, 1);
    free(factor);
}

static unsigned fake_phases(const struct ti_factor *factor) {
    (void)factor;
    return PHASES;
}

static size_t fake_tasks(const struct ti_factor *factor, unsigned phase) {
    (void)factor;
    return tasks_of[phase];
}

static void fake_run(struct ti_factor *factor, unsigned phase, size_t task) {
    (void)task;
    for (unsigned i = 0; i < phase; i++)
        if (atomic_load(&factor->run[i]) != tasks_of[i])
            atomic_store(&factor->wrong, true);
    atomic_fetch_add(&factor->plan->tasks, 1);
    while (atomic_load(&factor->plan->closed)) pause_ms(1);
    atomic_fetch_add(&factor->run[phase], 1);
}

static const struct tid_factor_functions fake = {fake_make, fake_free, fake_phases,
                                                 fake_tasks, fake_run};

static struct tid_pool *pool;
static struct tid_memory memory;
static struct tid_factor_cache *cache;
static struct ti_plan plans[64];

/* Three complete entries fit: each takes 100 bytes. */
#define LIMIT 350
#define COMPLETE 100
#define PEAK 150

/* Starts with so much memory, all of it for large entries. */
static int begin_with(size_t limit_bytes, int64_t wait_ms, int64_t keep_ms) {
    memset(plans, 0, sizeof plans);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        snprintf(plans[i].key, sizeof plans[i].key, "%032u", i);
    tid_memory_init(&memory, limit_bytes);
    memory.reserve_bytes = 0;
    pool = tid_pool_start(2);
    if (!pool) return 1;
    cache = tid_factor_cache_make(
        &(struct tid_factor_options){pool, &memory, wait_ms, keep_ms, &fake});
    return cache ? 0 : 1;
}

static int begin(void **state) {
    (void)state;
    return begin_with(LIMIT, 0, 1000000);
}

static int begin_much(void **state) {
    (void)state;
    return begin_with((size_t)4 << 20, 0, 1000000);
}

static int begin_expiring(void **state) {
    (void)state;
    return begin_with(LIMIT, 150, 1000000);
}

static int begin_revoking(void **state) {
    (void)state;
    return begin_with(LIMIT, 0, 0);
}

/* 1,024 bytes, of which large entries leave 256; up to 4 bytes are small. */
static int begin_reserving(void **state) {
    (void)state;
    if (begin_with(1024, 0, 1000000) != 0) return 1;
    memory.reserve_bytes = 256;
    return 0;
}

/* After every test: each factorization that was made has been freed once. */
static int end(void **state) {
    (void)state;
    tid_pool_stop(pool);
    tid_factor_cache_free(cache);
    tid_memory_clear(&memory);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        if (plans[i].made != plans[i].freed) return 1;
    return 0;
}

static enum tid_lease_result try_lease(unsigned plan, size_t peak,
                                       struct tid_lease **lease) {
    const struct tid_factor_need need = {&plans[plan], plans[plan].key, COMPLETE, peak,
                                         NULL};
    return tid_factor_cache_lease(cache, &need, lease);
}

static struct tid_lease *lease_of(unsigned plan) {
    struct tid_lease *lease = NULL;
    assert_int_equal(try_lease(plan, PEAK, &lease), TID_LEASE_MADE);
    return lease;
}

static void note(void *flag) { atomic_store((atomic_bool *)flag, true); }

/* If so, the lease holds it from now on. */
static bool is_finished(struct tid_lease *lease) {
    atomic_bool unused = false;
    const bool finished = tid_lease_wait(lease, TID_LEASE_COMPLETE, note, &unused);
    tid_lease_forget(lease);
    return finished;
}

/* Leases it, waits until it is complete and releases it. */
static void compute_one(unsigned plan) {
    struct tid_lease *lease = lease_of(plan);
    assert_soon(is_finished(lease));
    tid_lease_release(lease);
}

static void completes(void **state) {
    struct tid_lease *lease = NULL;
    atomic_bool notified = false;
    (void)state;

    atomic_store(&plans[0].closed, true);
    lease = lease_of(0);
    assert_false(tid_lease_wait(lease, TID_LEASE_COMPLETE, note, &notified));
    assert_null(tid_lease_get(lease));
    assert_int_equal(tid_factor_counts(cache).bytes, PEAK);
    assert_soon(atomic_load(&plans[0].tasks) == 2); /* both threads */
    pause_ms(20);
    assert_false(atomic_load(&notified));
    atomic_store(&plans[0].closed, false);
    assert_soon(atomic_load(&notified));
    const struct ti_factor *factor = tid_lease_get(lease);
    assert_non_null(factor);
    assert_false(atomic_load(&factor->wrong));
    for (unsigned i = 0; i < PHASES; i++)
        assert_int_equal(atomic_load(&factor->run[i]), tasks_of[i]);
    const struct tid_factor_counts counts = tid_factor_counts(cache);
    assert_int_equal(counts.computed, 1);
    assert_int_equal(counts.reused, 0);
    assert_int_equal(counts.bytes, COMPLETE);
    tid_lease_release(lease);
    tid_lease_release(NULL);
}

static void shared(void **state) {
    atomic_bool notified[3] = {false, false, false};
    struct tid_lease *leases[3];
    (void)state;

    atomic_store(&plans[0].closed, true);
    for (unsigned i = 0; i < 3; i++) {
        leases[i] = lease_of(0);
        assert_false(tid_lease_wait(leases[i], TID_LEASE_COMPLETE, note, &notified[i]));
    }
    tid_lease_forget(leases[1]);
    tid_lease_release(leases[0]); /* the first lease may be the first to go */
    atomic_store(&plans[0].closed, false);
    assert_soon(atomic_load(&notified[2]));
    assert_false(atomic_load(&notified[0]) || atomic_load(&notified[1]));
    assert_null(tid_lease_get(leases[1])); /* it has not waited */
    assert_non_null(tid_lease_get(leases[2]));
    tid_lease_release(leases[1]);
    tid_lease_release(leases[2]);
    compute_one(0); /* is cached */
    assert_int_equal(atomic_load(&plans[0].made), 1);
    const struct tid_factor_counts counts = tid_factor_counts(cache);
    assert_int_equal(counts.computed, 1);
    assert_int_equal(counts.reused, 3);
    assert_int_equal(counts.cancelled, 0);
}

static void evicts_least_recently_used(void **state) {
    (void)state;
    compute_one(0);
    compute_one(1);
    compute_one(0);
    compute_one(2); /* 100 + 100 + 150 fit exactly */
    assert_int_equal(tid_factor_counts(cache).bytes, 300);
    assert_int_equal(tid_factor_counts(cache).computed, 3);
    compute_one(3); /* 1 is the least recently used */
    assert_soon(atomic_load(&plans[1].freed) == 1);
    assert_int_equal(atomic_load(&plans[0].freed), 0);
    assert_int_equal(atomic_load(&plans[2].freed), 0);
    compute_one(0);
    assert_int_equal(atomic_load(&plans[0].made), 1);
    assert_int_equal(tid_factor_counts(cache).bytes, 300);
}

static void leased_ones_stay_others_wait(void **state) {
    struct tid_lease *used[2], *waiting[2];
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        used[i] = lease_of(i);
        assert_soon(is_finished(used[i]));
    }
    atomic_store(&plans[2].closed, true);
    waiting[0] = lease_of(2); /* fits */
    waiting[1] = lease_of(3); /* 200 + 150 are in use */
    assert_int_equal(tid_factor_counts(cache).waiting, 1);
    assert_int_equal(atomic_load(&plans[3].made), 0);
    assert_false(is_finished(waiting[1]));
    atomic_store(&plans[2].closed, false);
    assert_soon(is_finished(waiting[0]));
    assert_int_equal(tid_factor_counts(cache).waiting, 1); /* 300 are in use */
    tid_lease_release(used[0]);
    assert_soon(is_finished(waiting[1]));
    assert_soon(atomic_load(&plans[0].freed) == 1);
    assert_int_equal(tid_factor_counts(cache).waiting, 0);
    tid_lease_release(used[1]);
    tid_lease_release(waiting[0]);
    tid_lease_release(waiting[1]);
    assert_int_equal(tid_factor_counts(cache).bytes, 300);
}

/*
 * Entries that fit pass one that does not, until those that have passed come to the whole
 * memory.
 */
static void passes_within_a_bound(void **state) {
    struct tid_lease *used = lease_of(0), *large = NULL, *late = NULL;
    (void)state;

    assert_soon(is_finished(used));
    assert_int_equal(try_lease(1, LIMIT, &large), TID_LEASE_MADE);
    assert_int_equal(tid_factor_counts(cache).waiting, 1);
    compute_one(2);
    compute_one(3); /* 2 * 150 of 350 */
    compute_one(2); /* is cached and needs none */
    assert_int_equal(try_lease(4, PEAK, &late), TID_LEASE_MADE);
    assert_int_equal(tid_factor_counts(cache).waiting, 2);
    pause_ms(250); /* the thread has looked */
    assert_int_equal(atomic_load(&plans[4].made), 0);
    assert_int_equal(tid_lease_state(late), TID_LEASE_WAITING);
    tid_lease_release(used);
    assert_soon(is_finished(large));
    tid_lease_release(large);
    assert_soon(is_finished(late));
    tid_lease_release(late);
    /* The next one that waits has the whole bound before it again. */
    used = lease_of(5);
    assert_soon(is_finished(used));
    assert_int_equal(try_lease(6, LIMIT, &large), TID_LEASE_MADE);
    compute_one(7);
    compute_one(8);
    tid_lease_release(large);
    tid_lease_release(used);
}

/* Small ones use what large ones leave, and pass them without a bound. */
static void small_ones_pass(void **state) {
    struct tid_lease *used = NULL, *large = NULL;
    (void)state;

    atomic_store(&plans[0].closed, true);
    assert_int_equal(try_lease(0, 768, &used), TID_LEASE_MADE);
    assert_int_equal(try_lease(1, 101, &large), TID_LEASE_MADE);
    assert_int_equal(tid_factor_counts(cache).waiting, 1);
    for (unsigned i = 0; i < 500; i++) {
        static struct ti_plan plan;
        char key[33];
        snprintf(key, sizeof key, "small%027u", i);
        const struct tid_factor_need need = {&plan, key, 3, 4, NULL};
        struct tid_lease *lease = NULL;
        assert_int_equal(tid_factor_cache_lease(cache, &need, &lease), TID_LEASE_MADE);
        assert_int_not_equal(tid_lease_state(lease), TID_LEASE_WAITING);
        tid_lease_release(lease);
    }
    assert_int_equal(tid_lease_state(large), TID_LEASE_WAITING);
    atomic_store(&plans[0].closed, false);
    assert_soon(is_finished(large));
    tid_lease_release(large);
    tid_lease_release(used);
}

/* What waits too long is told so; later requests for it wait again. */
static void expires(void **state) {
    struct tid_lease *used = lease_of(0), *waiting = NULL, *joined = NULL;
    atomic_bool admitted = false, complete = false;
    (void)state;

    assert_soon(is_finished(used));
    assert_int_equal(try_lease(1, LIMIT, &waiting), TID_LEASE_MADE);
    assert_int_equal(try_lease(1, LIMIT, &joined), TID_LEASE_MADE);
    assert_false(tid_lease_wait(waiting, TID_LEASE_COMPUTING, note, &admitted));
    assert_false(tid_lease_wait(joined, TID_LEASE_COMPLETE, note, &complete));
    pause_ms(50);
    assert_false(atomic_load(&admitted));
    assert_soon(atomic_load(&admitted) && atomic_load(&complete));
    assert_int_equal(tid_lease_state(waiting), TID_LEASE_EXPIRED);
    assert_true(is_finished(joined));
    assert_null(tid_lease_get(joined));
    assert_int_equal(tid_factor_counts(cache).expired, 1);
    assert_int_equal(tid_factor_counts(cache).waiting, 0);
    tid_lease_release(used);
    compute_one(1);
    tid_lease_release(waiting);
    tid_lease_release(joined);
}

static void admitted(void **state) {
    struct tid_lease *used = lease_of(0), *lease = NULL;
    atomic_bool notified = false;
    (void)state;

    assert_soon(is_finished(used));
    atomic_store(&plans[1].closed, true);
    assert_int_equal(try_lease(1, LIMIT, &lease), TID_LEASE_MADE);
    assert_int_equal(tid_lease_state(lease), TID_LEASE_WAITING);
    assert_false(tid_lease_wait(lease, TID_LEASE_COMPUTING, note, &notified));
    tid_lease_release(used);
    assert_true(atomic_load(&notified));
    assert_int_equal(tid_lease_state(lease), TID_LEASE_COMPUTING);
    assert_true(tid_lease_wait(lease, TID_LEASE_COMPUTING, note, &notified));
    assert_null(tid_lease_get(lease));
    atomic_store(&plans[1].closed, false);
    assert_soon(is_finished(lease));
    assert_int_equal(tid_lease_state(lease), TID_LEASE_COMPLETE);
    assert_non_null(tid_lease_get(lease));
    tid_lease_release(lease);
}

/* One that reads slowly loses its entry between two uses, and gets it again. */
static void revoked_and_renewed(void **state) {
    struct tid_lease *slow = lease_of(0), *sharing = lease_of(0), *large = NULL;
    (void)state;

    assert_soon(is_finished(slow) && is_finished(sharing));
    tid_lease_rest(slow);
    assert_null(tid_lease_get(slow));
    assert_int_equal(try_lease(1, LIMIT, &large), TID_LEASE_MADE);
    pause_ms(250);
    assert_int_equal(tid_lease_state(large), TID_LEASE_WAITING); /* one still holds it */
    assert_non_null(tid_lease_get(sharing));
    tid_lease_rest(sharing);
    assert_soon(is_finished(large));
    assert_int_equal(tid_factor_counts(cache).revoked, 1);
    assert_int_equal(tid_lease_state(slow), TID_LEASE_WAITING);
    assert_int_equal(atomic_load(&plans[0].freed), 1);
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 150));
    assert_false(is_finished(slow)); /* waits now, and the other one joins it */
    assert_false(is_finished(sharing));
    assert_int_equal(tid_factor_counts(cache).waiting, 1);
    pause_ms(250);
    assert_non_null(tid_lease_get(large)); /* as long as it is held */
    tid_lease_rest(large);
    assert_soon(is_finished(slow) && is_finished(sharing));
    assert_non_null(tid_lease_get(slow));
    assert_ptr_equal(tid_lease_get(slow), tid_lease_get(sharing));
    assert_int_equal(atomic_load(&plans[0].made), 2);
    tid_lease_release(slow);
    tid_lease_release(sharing);
    tid_lease_release(large); /* which has none any more */
}

/* As long as no one waits, leased entries stay. */
static void not_revoked_without_need(void **state) {
    struct tid_lease *slow = lease_of(0);
    (void)state;

    assert_soon(is_finished(slow));
    tid_lease_rest(slow);
    compute_one(1);
    compute_one(2);
    compute_one(3);
    pause_ms(250);
    assert_int_equal(tid_factor_counts(cache).revoked, 0);
    assert_true(is_finished(slow));
    assert_int_equal(atomic_load(&plans[0].made), 1);
    tid_lease_release(slow);
}

/* Responses get the memory of what is only cached, not of what is leased. */
static void responses_reclaim(void **state) {
    struct tid_lease *used = lease_of(0), *waiting = NULL;
    (void)state;

    assert_soon(is_finished(used));
    compute_one(1);
    compute_one(2);
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 50));
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 20));
    assert_soon(atomic_load(&plans[1].freed) == 1);
    assert_int_equal(tid_factor_counts(cache).bytes, 200);
    assert_false(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 181));
    assert_int_equal(tid_factor_counts(cache).bytes, 100);
    assert_true(tid_memory_take(&memory, TID_MEMORY_RESPONSE, 180));
    /* And an entry gets it when they give it back. */
    assert_int_equal(try_lease(3, PEAK, &waiting), TID_LEASE_MADE);
    assert_int_equal(tid_lease_state(waiting), TID_LEASE_WAITING);
    tid_memory_give(&memory, TID_MEMORY_RESPONSE, 250);
    assert_soon(is_finished(waiting));
    tid_lease_release(used);
    tid_lease_release(waiting);
}

static void limits(void **state) {
    struct tid_lease *leases[TID_FACTORS_WAITING_MAX + 1], *joined, *more = NULL;
    (void)state;

    leases[0] = lease_of(40);
    assert_soon(is_finished(leases[0]));
    for (unsigned i = 1; i <= TID_FACTORS_WAITING_MAX; i++)
        assert_int_equal(try_lease(i, LIMIT, &leases[i]), TID_LEASE_MADE);
    assert_int_equal(try_lease(41, LIMIT, &more), TID_LEASE_BUSY);
    assert_null(more);
    joined = lease_of(3); /* joins an entry that waits already */
    const struct tid_factor_counts counts = tid_factor_counts(cache);
    assert_int_equal(counts.waiting, TID_FACTORS_WAITING_MAX);
    assert_int_equal(counts.refused, 1);
    for (unsigned i = 0; i <= TID_FACTORS_WAITING_MAX; i++) {
        assert_soon(is_finished(leases[i]));
        tid_lease_release(leases[i]);
        if (i == 3) tid_lease_release(joined);
    }
    assert_int_equal(tid_factor_counts(cache).waiting, 0);
}

/* The last lease goes while tasks run: they end, no other starts, all is freed. */
static void cancelled(void **state) {
    struct tid_lease *lease;
    atomic_bool notified = false;
    (void)state;

    atomic_store(&plans[0].closed, true);
    lease = lease_of(0);
    assert_false(tid_lease_wait(lease, TID_LEASE_COMPLETE, note, &notified));
    assert_soon(atomic_load(&plans[0].tasks) == 2);
    tid_lease_release(lease);
    assert_int_equal(tid_factor_counts(cache).bytes, PEAK); /* not yet freed */
    assert_int_equal(tid_factor_counts(cache).cancelled, 1);
    struct tid_lease *again = lease_of(0); /* a new entry, not the cancelled one */
    assert_int_equal(atomic_load(&plans[0].made), 2);
    atomic_store(&plans[0].closed, false);
    assert_soon(is_finished(again));
    assert_soon(atomic_load(&plans[0].freed) == 1);
    assert_int_equal(atomic_load(&plans[0].tasks), 2 + 9);
    assert_int_equal(tid_factor_counts(cache).bytes, COMPLETE);
    assert_false(atomic_load(&notified));
    tid_lease_release(again);
}

/* Cancelled before its first task: its memory goes to an entry that waits. */
static void cancelled_before_start(void **state) {
    struct tid_lease *busy = NULL, *queued = NULL;
    (void)state;

    atomic_store(&plans[0].closed, true);
    busy = lease_of(0);
    assert_soon(atomic_load(&plans[0].tasks) == 2);
    queued = lease_of(1);
    struct tid_lease *waiting = lease_of(2);
    assert_int_equal(tid_factor_counts(cache).waiting, 1);
    tid_lease_release(queued);
    assert_int_equal(tid_factor_counts(cache).waiting, 0);
    assert_int_equal(atomic_load(&plans[2].made), 1);
    atomic_store(&plans[0].closed, false);
    assert_soon(is_finished(busy) && is_finished(waiting));
    assert_int_equal(atomic_load(&plans[1].tasks), 0);
    assert_soon(atomic_load(&plans[1].freed) == 1);
    tid_lease_release(busy);
    tid_lease_release(waiting);
}

static void no_memory(void **state) {
    struct tid_lease *lease = NULL, *used, *waiting;
    atomic_bool notified = false;
    (void)state;

    atomic_store(&plans[0].no_memory, true);
    assert_int_equal(try_lease(0, PEAK, &lease), TID_LEASE_NO_MEMORY);
    assert_null(lease);
    assert_int_equal(tid_factor_counts(cache).bytes, 0);

    used = lease_of(1);
    assert_soon(is_finished(used));
    assert_int_equal(try_lease(0, LIMIT, &waiting), TID_LEASE_MADE);
    assert_false(tid_lease_wait(waiting, TID_LEASE_COMPLETE, note, &notified));
    tid_lease_release(used); /* now it is started, and fails */
    assert_true(atomic_load(&notified));
    assert_true(is_finished(waiting));
    assert_null(tid_lease_get(waiting));
    atomic_store(&plans[0].no_memory, false);
    compute_one(0); /* a later request tries again */
    tid_lease_release(waiting);
    assert_int_equal(tid_factor_counts(cache).bytes, COMPLETE);
}

/* The number of cached entries is limited, however small they are. */
static void count_is_limited(void **state) {
    static struct ti_plan plan;
    (void)state;

    for (unsigned i = 0; i < TID_FACTORS_CACHED_MAX + 20; i++) {
        char key[33];
        snprintf(key, sizeof key, "small%027u", i);
        const struct tid_factor_need need = {&plan, key, 0, 1, NULL};
        struct tid_lease *lease = NULL;
        assert_int_equal(tid_factor_cache_lease(cache, &need, &lease), TID_LEASE_MADE);
        assert_soon(is_finished(lease));
        tid_lease_release(lease);
    }
    assert_soon(atomic_load(&plan.freed) == 20);
}

/* Takes the place of glibc's, and counts. */
static atomic_uint trims;

int malloc_trim(size_t pad);
int malloc_trim(size_t pad) {
    (void)pad;
    atomic_fetch_add(&trims, 1);
    return 0;
}

/* The heap is trimmed when much has been freed, but not after each factorization. */
static void trims_seldom(void **state) {
    const size_t bytes = (size_t)1 << 20;
    (void)state;

    atomic_store(&trims, 0);
    for (unsigned i = 0; i < COUNT_OF(plans); i++) {
        const struct tid_factor_need need = {&plans[i], plans[i].key, 8, bytes, NULL};
        struct tid_lease *lease = NULL;
        assert_int_equal(tid_factor_cache_lease(cache, &need, &lease), TID_LEASE_MADE);
        assert_soon(is_finished(lease));
        tid_lease_release(lease);
    }
    assert_soon(atomic_load(&trims) >= 1);
    assert_true(atomic_load(&trims) <= 10); /* of 64; one a second */
}

/* Many threads that lease, wait, use and release at any moment. */
struct storm {
    unsigned seed;
    unsigned wrong;
};

static void *storm_run(void *argument) {
    struct storm *storm = argument;
    unsigned bits = storm->seed;

    for (int i = 0; i < 400; i++) {
        struct tid_lease *lease = NULL;
        atomic_bool notified = false;
        bits = bits * 1103515245 + 12345;
        if (try_lease((bits >> 16) % 6, PEAK, &lease) != TID_LEASE_MADE) {
            storm->wrong++;
            continue;
        }
        /* It may release at once, or use it several times. */
        for (unsigned uses = bits >> 24 & 3; uses > 0; uses--) {
            atomic_store(&notified, false);
            bool finished = tid_lease_wait(lease, TID_LEASE_COMPLETE, note, &notified);
            for (int tries = 0; !finished && tries < 20000; tries++) {
                pause_ms(tries < 5 ? 0 : 1);
                finished = atomic_load(&notified);
            }
            const struct ti_factor *factor = tid_lease_get(lease);
            if (!factor || atomic_load(&factor->wrong) ||
                factor->plan != &plans[(bits >> 16) % 6])
                storm->wrong++;
            tid_lease_rest(lease);
        }
        if (!tid_lease_wait(lease, TID_LEASE_COMPLETE, note, &notified))
            pause_ms(bits >> 26 & 1);
        tid_lease_forget(lease);
        tid_lease_release(lease);
        if (tid_factor_counts(cache).bytes > LIMIT) storm->wrong++;
    }
    return NULL;
}

static void any_moment(void **state) {
    struct storm storms[6];
    pthread_t threads[6];
    (void)state;

    for (unsigned i = 0; i < 6; i++) {
        storms[i] = (struct storm){i + 1, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &storms[i]), 0);
    }
    for (unsigned i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(storms[i].wrong, 0);
    }
    const struct tid_factor_counts counts = tid_factor_counts(cache);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.refused, 0);
    assert_true(counts.computed > 0 && counts.reused > 0);
    for (unsigned i = 6; i < 9; i++) compute_one(i); /* nothing still counts as used */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(completes, begin, end),
        cmocka_unit_test_setup_teardown(shared, begin, end),
        cmocka_unit_test_setup_teardown(evicts_least_recently_used, begin, end),
        cmocka_unit_test_setup_teardown(leased_ones_stay_others_wait, begin, end),
        cmocka_unit_test_setup_teardown(passes_within_a_bound, begin, end),
        cmocka_unit_test_setup_teardown(small_ones_pass, begin_reserving, end),
        cmocka_unit_test_setup_teardown(expires, begin_expiring, end),
        cmocka_unit_test_setup_teardown(admitted, begin, end),
        cmocka_unit_test_setup_teardown(revoked_and_renewed, begin_revoking, end),
        cmocka_unit_test_setup_teardown(not_revoked_without_need, begin_revoking, end),
        cmocka_unit_test_setup_teardown(responses_reclaim, begin, end),
        cmocka_unit_test_setup_teardown(limits, begin, end),
        cmocka_unit_test_setup_teardown(cancelled, begin, end),
        cmocka_unit_test_setup_teardown(cancelled_before_start, begin, end),
        cmocka_unit_test_setup_teardown(no_memory, begin, end),
        cmocka_unit_test_setup_teardown(count_is_limited, begin, end),
        cmocka_unit_test_setup_teardown(trims_seldom, begin_much, end),
        cmocka_unit_test_setup_teardown(any_moment, begin, end),
        cmocka_unit_test_setup_teardown(any_moment, begin_revoking, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
