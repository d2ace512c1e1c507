/* SPDX-License-Identifier: MIT */
/*
 * server/setups: shared, kept, evicted, waited for, given up. The setups are this test's own:
 * their pieces wait at a gate and note what they see.
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

/* What the test knows of a tensor: its key, and its gate. */
struct ti_plan {
    char key[33];
    atomic_bool closed;
    atomic_bool no_memory;
    atomic_uint made, freed, pieces;
};

#define STAGES 3

/* Pieces of the stages; one has none. */
static const size_t pieces_of[STAGES] = {4, 0, 5};

struct ti_factor {
    struct ti_plan *plan;
    atomic_uint run[STAGES];
    atomic_bool wrong; /* a stage began before the one before it was complete */
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

static unsigned fake_stages(const struct ti_factor *factor) {
    (void)factor;
    return STAGES;
}

static size_t fake_pieces(const struct ti_factor *factor, unsigned stage) {
    (void)factor;
    return pieces_of[stage];
}

static void fake_run(struct ti_factor *factor, unsigned stage, size_t piece) {
    (void)piece;
    for (unsigned i = 0; i < stage; i++)
        if (atomic_load(&factor->run[i]) != pieces_of[i])
            atomic_store(&factor->wrong, true);
    atomic_fetch_add(&factor->plan->pieces, 1);
    while (atomic_load(&factor->plan->closed)) pause_ms(1);
    atomic_fetch_add(&factor->run[stage], 1);
}

static const struct tid_factor_functions fake = {fake_make, fake_free, fake_stages,
                                                 fake_pieces, fake_run};

static struct tid_pool *compute;
static struct tid_factor_cache *factor_cache;
static struct ti_plan plans[64];

/* Room for three that are complete: each keeps 100 bytes. */
#define LIMIT 350
#define KEPT 100
#define PEAK 150

static int begin(void **state) {
    (void)state;
    memset(plans, 0, sizeof plans);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        snprintf(plans[i].key, sizeof plans[i].key, "%032u", i);
    compute = tid_pool_start(2);
    factor_cache = compute != NULL ? tid_factor_cache_make(compute, LIMIT, &fake) : NULL;
    return factor_cache == NULL;
}

/* Whatever a test did, what was made is freed once. */
static int end(void **state) {
    (void)state;
    tid_pool_stop(compute);
    tid_factor_cache_free(factor_cache);
    for (unsigned i = 0; i < COUNT_OF(plans); i++)
        if (plans[i].made != plans[i].freed) return 1;
    return 0;
}

static enum tid_lease_result try_claim(unsigned plan, size_t peak,
                                       struct tid_lease **claim) {
    const struct tid_factor_need need = {&plans[plan], plans[plan].key, KEPT, peak};
    return tid_factor_cache_lease(factor_cache, &need, claim);
}

static struct tid_lease *claim_of(unsigned plan) {
    struct tid_lease *claim = NULL;
    assert_int_equal(try_claim(plan, PEAK, &claim), TID_CLAIM_MADE);
    return claim;
}

static void note(void *flag) { atomic_store((atomic_bool *)flag, true); }

static bool is_over(struct tid_lease *claim) {
    atomic_bool unused = false;
    const bool over = tid_lease_wait(claim, note, &unused);
    tid_lease_forget(claim);
    return over;
}

/* Computes it, and lets it go. */
static void compute_one(unsigned plan) {
    struct tid_lease *claim = claim_of(plan);
    assert_soon(is_over(claim));
    tid_lease_release(claim);
}

static void completes(void **state) {
    struct tid_lease *claim = NULL;
    atomic_bool told = false;
    (void)state;

    atomic_store(&plans[0].closed, true);
    claim = claim_of(0);
    assert_false(tid_lease_wait(claim, note, &told));
    assert_null(tid_lease_get(claim));
    assert_int_equal(tid_factor_counts(factor_cache).bytes, PEAK);
    assert_soon(atomic_load(&plans[0].pieces) == 2); /* both threads */
    pause_ms(20);
    assert_false(atomic_load(&told));
    atomic_store(&plans[0].closed, false);
    assert_soon(atomic_load(&told));
    const struct ti_factor *factor = tid_lease_get(claim);
    assert_non_null(factor);
    assert_false(atomic_load(&factor->wrong));
    for (unsigned i = 0; i < STAGES; i++)
        assert_int_equal(atomic_load(&factor->run[i]), pieces_of[i]);
    const struct tid_factor_counts counts = tid_factor_counts(factor_cache);
    assert_int_equal(counts.computed, 1);
    assert_int_equal(counts.reused, 0);
    assert_int_equal(counts.bytes, KEPT);
    tid_lease_release(claim);
    tid_lease_release(NULL);
}

static void shared(void **state) {
    atomic_bool told[3] = {false, false, false};
    struct tid_lease *claims[3];
    (void)state;

    atomic_store(&plans[0].closed, true);
    for (unsigned i = 0; i < 3; i++) {
        claims[i] = claim_of(0);
        assert_false(tid_lease_wait(claims[i], note, &told[i]));
    }
    tid_lease_forget(claims[1]);
    tid_lease_release(claims[0]); /* who came first may leave */
    atomic_store(&plans[0].closed, false);
    assert_soon(atomic_load(&told[2]));
    assert_false(atomic_load(&told[0]) || atomic_load(&told[1]));
    assert_non_null(tid_lease_get(claims[1]));
    tid_lease_release(claims[1]);
    tid_lease_release(claims[2]);
    compute_one(0); /* is there already */
    assert_int_equal(atomic_load(&plans[0].made), 1);
    const struct tid_factor_counts counts = tid_factor_counts(factor_cache);
    assert_int_equal(counts.computed, 1);
    assert_int_equal(counts.reused, 3);
    assert_int_equal(counts.cancelled, 0);
}

static void least_recently_used_goes(void **state) {
    (void)state;
    compute_one(0);
    compute_one(1);
    compute_one(0);
    compute_one(2); /* 100 + 100 + 150 fit exactly */
    assert_int_equal(tid_factor_counts(factor_cache).bytes, 300);
    assert_int_equal(tid_factor_counts(factor_cache).computed, 3);
    compute_one(3); /* 1 has not been used for longest */
    assert_soon(atomic_load(&plans[1].freed) == 1);
    assert_int_equal(atomic_load(&plans[0].freed), 0);
    assert_int_equal(atomic_load(&plans[2].freed), 0);
    compute_one(0);
    assert_int_equal(atomic_load(&plans[0].made), 1);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, 300);
}

static void used_ones_stay_others_wait(void **state) {
    struct tid_lease *used[2], *waiting[2];
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        used[i] = claim_of(i);
        assert_soon(is_over(used[i]));
    }
    atomic_store(&plans[2].closed, true);
    waiting[0] = claim_of(2); /* fits */
    waiting[1] = claim_of(3); /* 200 + 150 are in use */
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 1);
    assert_int_equal(atomic_load(&plans[3].made), 0);
    assert_false(is_over(waiting[1]));
    atomic_store(&plans[2].closed, false);
    assert_soon(is_over(waiting[0]));
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 1); /* 300 are in use */
    tid_lease_release(used[0]);
    assert_soon(is_over(waiting[1]));
    assert_soon(atomic_load(&plans[0].freed) == 1);
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 0);
    tid_lease_release(used[1]);
    tid_lease_release(waiting[0]);
    tid_lease_release(waiting[1]);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, 300);
}

/* A small one does not overtake a large one that waits; it does not if that gives up. */
static void in_order(void **state) {
    struct tid_lease *used = claim_of(0), *large = NULL, *small = NULL;
    (void)state;

    assert_soon(is_over(used));
    assert_int_equal(try_claim(1, LIMIT, &large), TID_CLAIM_MADE);
    assert_int_equal(try_claim(2, PEAK, &small), TID_CLAIM_MADE);
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 2);
    pause_ms(20);
    assert_int_equal(atomic_load(&plans[2].made), 0);
    tid_lease_release(large);
    assert_soon(is_over(small));
    assert_int_equal(atomic_load(&plans[1].made), 0);
    assert_int_equal(tid_factor_counts(factor_cache).cancelled, 1);
    tid_lease_release(used);
    tid_lease_release(small);
}

static void limits(void **state) {
    struct tid_lease *claims[TID_SETUPS_WAITING + 1], *joined, *more = NULL;
    (void)state;

    assert_int_equal(tid_factor_cache_limit(factor_cache), LIMIT);
    assert_int_equal(try_claim(0, LIMIT + 1, &more), TID_CLAIM_TOO_LARGE);
    claims[0] = claim_of(40);
    assert_soon(is_over(claims[0]));
    for (unsigned i = 1; i <= TID_SETUPS_WAITING; i++)
        assert_int_equal(try_claim(i, LIMIT, &claims[i]), TID_CLAIM_MADE);
    assert_int_equal(try_claim(41, PEAK, &more), TID_CLAIM_BUSY);
    assert_null(more);
    joined = claim_of(3); /* one that waits already is no more */
    const struct tid_factor_counts counts = tid_factor_counts(factor_cache);
    assert_int_equal(counts.waiting, TID_SETUPS_WAITING);
    assert_int_equal(counts.refused, 1);
    for (unsigned i = 0; i <= TID_SETUPS_WAITING; i++) {
        assert_soon(is_over(claims[i]));
        tid_lease_release(claims[i]);
        if (i == 3) tid_lease_release(joined);
    }
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 0);
}

/* Who wants it goes while pieces run: they end, no other is begun, all is freed. */
static void given_up(void **state) {
    struct tid_lease *claim;
    atomic_bool told = false;
    (void)state;

    atomic_store(&plans[0].closed, true);
    claim = claim_of(0);
    assert_false(tid_lease_wait(claim, note, &told));
    assert_soon(atomic_load(&plans[0].pieces) == 2);
    tid_lease_release(claim);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, PEAK); /* still there */
    assert_int_equal(tid_factor_counts(factor_cache).cancelled, 1);
    struct tid_lease *again = claim_of(0); /* not of the one that is being given up */
    assert_int_equal(atomic_load(&plans[0].made), 2);
    atomic_store(&plans[0].closed, false);
    assert_soon(is_over(again));
    assert_soon(atomic_load(&plans[0].freed) == 1);
    assert_int_equal(atomic_load(&plans[0].pieces), 2 + 9);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, KEPT);
    assert_false(atomic_load(&told));
    tid_lease_release(again);
}

/* Given up before a thread has had time for it, and after that for another one's memory. */
static void given_up_unbegun(void **state) {
    struct tid_lease *busy = NULL, *queued = NULL;
    (void)state;

    atomic_store(&plans[0].closed, true);
    busy = claim_of(0);
    assert_soon(atomic_load(&plans[0].pieces) == 2);
    queued = claim_of(1);
    struct tid_lease *waiting = claim_of(2);
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 1);
    tid_lease_release(queued);
    assert_int_equal(tid_factor_counts(factor_cache).waiting, 0);
    assert_int_equal(atomic_load(&plans[2].made), 1);
    atomic_store(&plans[0].closed, false);
    assert_soon(is_over(busy) && is_over(waiting));
    assert_int_equal(atomic_load(&plans[1].pieces), 0);
    assert_soon(atomic_load(&plans[1].freed) == 1);
    tid_lease_release(busy);
    tid_lease_release(waiting);
}

static void no_memory(void **state) {
    struct tid_lease *claim = NULL, *used, *waiting;
    atomic_bool told = false;
    (void)state;

    atomic_store(&plans[0].no_memory, true);
    assert_int_equal(try_claim(0, PEAK, &claim), TID_CLAIM_NO_MEMORY);
    assert_null(claim);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, 0);

    used = claim_of(1);
    assert_soon(is_over(used));
    assert_int_equal(try_claim(0, LIMIT, &waiting), TID_CLAIM_MADE);
    assert_false(tid_lease_wait(waiting, note, &told));
    tid_lease_release(used); /* its turn comes */
    assert_true(atomic_load(&told));
    assert_true(is_over(waiting));
    assert_null(tid_lease_get(waiting));
    atomic_store(&plans[0].no_memory, false);
    compute_one(0); /* another request may have more luck */
    tid_lease_release(waiting);
    assert_int_equal(tid_factor_counts(factor_cache).bytes, KEPT);
}

/* However small, no more than so many are kept. */
static void count_is_limited(void **state) {
    static struct ti_plan plan;
    (void)state;

    for (unsigned i = 0; i < TID_SETUPS_KEPT + 20; i++) {
        char key[33];
        snprintf(key, sizeof key, "small%027u", i);
        const struct tid_factor_need need = {&plan, key, 0, 1};
        struct tid_lease *claim = NULL;
        assert_int_equal(tid_factor_cache_lease(factor_cache, &need, &claim),
                         TID_CLAIM_MADE);
        assert_soon(is_over(claim));
        tid_lease_release(claim);
    }
    assert_soon(atomic_load(&plan.freed) == 20);
}

/* Many threads that want, wait, use and leave at any moment. */
struct storm {
    unsigned seed;
    unsigned wrong;
};

static void *storm_run(void *argument) {
    struct storm *storm = argument;
    unsigned sampler = storm->seed;

    for (int i = 0; i < 400; i++) {
        struct tid_lease *claim = NULL;
        atomic_bool told = false;
        sampler = sampler * 1103515245 + 12345;
        if (try_claim((sampler >> 16) % 6, PEAK, &claim) != TID_CLAIM_MADE) {
            storm->wrong++;
            continue;
        }
        bool over = tid_lease_wait(claim, note, &told);
        if (sampler >> 24 & 3) { /* else it leaves at once */
            for (int tries = 0; !over && tries < 20000; tries++) {
                pause_ms(tries < 5 ? 0 : 1);
                over = atomic_load(&told);
            }
            const struct ti_factor *factor = tid_lease_get(claim);
            if (factor == NULL || atomic_load(&factor->wrong) ||
                factor->plan != &plans[(sampler >> 16) % 6])
                storm->wrong++;
        }
        tid_lease_forget(claim);
        tid_lease_release(claim);
        if (tid_factor_counts(factor_cache).bytes > LIMIT) storm->wrong++;
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
    const struct tid_factor_counts counts = tid_factor_counts(factor_cache);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.refused, 0);
    assert_true(counts.computed > 0 && counts.reused > 0);
    for (unsigned i = 6; i < 9; i++) compute_one(i); /* nothing has been forgotten */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(completes, begin, end),
        cmocka_unit_test_setup_teardown(shared, begin, end),
        cmocka_unit_test_setup_teardown(least_recently_used_goes, begin, end),
        cmocka_unit_test_setup_teardown(used_ones_stay_others_wait, begin, end),
        cmocka_unit_test_setup_teardown(in_order, begin, end),
        cmocka_unit_test_setup_teardown(limits, begin, end),
        cmocka_unit_test_setup_teardown(given_up, begin, end),
        cmocka_unit_test_setup_teardown(given_up_unbegun, begin, end),
        cmocka_unit_test_setup_teardown(no_memory, begin, end),
        cmocka_unit_test_setup_teardown(count_is_limited, begin, end),
        cmocka_unit_test_setup_teardown(any_moment, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
