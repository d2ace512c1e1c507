/* SPDX-License-Identifier: MIT */
/*
 * server/work/factor_cache: shared, cached, evicted, waited for and cancelled entries.
 * The factorizations are fakes whose tasks wait at a gate and check the order of phases.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/work/factor_cache.h"
#include "support/test.h"

static void pause_ms(long ms) {
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

#define assert_soon(condition)                                                           \
    do {                                                                                 \
        for (int tries = 0; !(condition); tries++) {                                     \
            if (tries > 20000) fail_msg("never: %s", #condition);                        \
            pause_ms(1);                                                                 \
        }                                                                                \
    } while (0)

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
static struct tid_factor_cache *cache;
static struct ti_plan plans[64];

/* Three complete entries fit: each takes 100 bytes. */
#define LIMIT 350
#define COMPLETE 100
#define PEAK 150

static int begin(void **state) {
    (void)state;
    memset(plans, 0, sizeof plans);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        snprintf(plans[i].key, sizeof plans[i].key, "%032u", i);
    pool = tid_pool_start(2);
    cache = pool ? tid_factor_cache_make(pool, LIMIT, &fake) : NULL;
    return cache ? 0 : 1;
}

/* After every test: each factorization that was made has been freed once. */
static int end(void **state) {
    (void)state;
    tid_pool_stop(pool);
    tid_factor_cache_free(cache);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        if (plans[i].made != plans[i].freed) return 1;
    return 0;
}

static enum tid_lease_result try_lease(unsigned plan, size_t peak,
                                       struct tid_lease **lease) {
    const struct tid_factor_need need = {&plans[plan], plans[plan].key, COMPLETE, peak};
    return tid_factor_cache_lease(cache, &need, lease);
}

static struct tid_lease *lease_of(unsigned plan) {
    struct tid_lease *lease = NULL;
    assert_int_equal(try_lease(plan, PEAK, &lease), TID_LEASE_MADE);
    return lease;
}

static void note(void *flag) { atomic_store((atomic_bool *)flag, true); }

static bool is_finished(struct tid_lease *lease) {
    atomic_bool unused = false;
    const bool finished = tid_lease_wait(lease, note, &unused);
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
    assert_false(tid_lease_wait(lease, note, &notified));
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
        assert_false(tid_lease_wait(leases[i], note, &notified[i]));
    }
    tid_lease_forget(leases[1]);
    tid_lease_release(leases[0]); /* the first lease may be the first to go */
    atomic_store(&plans[0].closed, false);
    assert_soon(atomic_load(&notified[2]));
    assert_false(atomic_load(&notified[0]) || atomic_load(&notified[1]));
    assert_non_null(tid_lease_get(leases[1]));
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

/* A small entry does not overtake a large one that waits, until that one is cancelled. */
static void in_order(void **state) {
    struct tid_lease *used = lease_of(0), *large = NULL, *small = NULL;
    (void)state;

    assert_soon(is_finished(used));
    assert_int_equal(try_lease(1, LIMIT, &large), TID_LEASE_MADE);
    assert_int_equal(try_lease(2, PEAK, &small), TID_LEASE_MADE);
    assert_int_equal(tid_factor_counts(cache).waiting, 2);
    pause_ms(20);
    assert_int_equal(atomic_load(&plans[2].made), 0);
    tid_lease_release(large);
    assert_soon(is_finished(small));
    assert_int_equal(atomic_load(&plans[1].made), 0);
    assert_int_equal(tid_factor_counts(cache).cancelled, 1);
    tid_lease_release(used);
    tid_lease_release(small);
}

static void limits(void **state) {
    struct tid_lease *leases[TID_FACTORS_WAITING_MAX + 1], *joined, *more = NULL;
    (void)state;

    assert_int_equal(tid_factor_cache_limit(cache), LIMIT);
    assert_int_equal(try_lease(0, LIMIT + 1, &more), TID_LEASE_TOO_LARGE);
    leases[0] = lease_of(40);
    assert_soon(is_finished(leases[0]));
    for (unsigned i = 1; i <= TID_FACTORS_WAITING_MAX; i++)
        assert_int_equal(try_lease(i, LIMIT, &leases[i]), TID_LEASE_MADE);
    assert_int_equal(try_lease(41, PEAK, &more), TID_LEASE_BUSY);
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
    assert_false(tid_lease_wait(lease, note, &notified));
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
    assert_false(tid_lease_wait(waiting, note, &notified));
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
        const struct tid_factor_need need = {&plan, key, 0, 1};
        struct tid_lease *lease = NULL;
        assert_int_equal(tid_factor_cache_lease(cache, &need, &lease), TID_LEASE_MADE);
        assert_soon(is_finished(lease));
        tid_lease_release(lease);
    }
    assert_soon(atomic_load(&plan.freed) == 20);
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
        bool finished = tid_lease_wait(lease, note, &notified);
        if (bits >> 24 & 3) { /* otherwise it releases at once */
            for (int tries = 0; !finished && tries < 20000; tries++) {
                pause_ms(tries < 5 ? 0 : 1);
                finished = atomic_load(&notified);
            }
            const struct ti_factor *factor = tid_lease_get(lease);
            if (!factor || atomic_load(&factor->wrong) ||
                factor->plan != &plans[(bits >> 16) % 6])
                storm->wrong++;
        }
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
        cmocka_unit_test_setup_teardown(in_order, begin, end),
        cmocka_unit_test_setup_teardown(limits, begin, end),
        cmocka_unit_test_setup_teardown(cancelled, begin, end),
        cmocka_unit_test_setup_teardown(cancelled_before_start, begin, end),
        cmocka_unit_test_setup_teardown(no_memory, begin, end),
        cmocka_unit_test_setup_teardown(count_is_limited, begin, end),
        cmocka_unit_test_setup_teardown(any_moment, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
