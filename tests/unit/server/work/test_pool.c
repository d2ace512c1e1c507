/* SPDX-License-Identifier: MIT */
/* server/work/pool: every task once, fair to clients, round-robin among jobs, cancelling at any moment. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "server/work/clock.h"
#include "server/work/pool.h"
#include "support/test.h"
#include "support/wait.h"

/* A job whose tasks wait while its gate is closed. */
struct gated {
    struct tid_job job;
    char name;
    atomic_bool open;
    atomic_uint begun, ended, done;
    atomic_uchar runs[1000];
};

/* The names of the jobs whose tasks were run, in order. */
static char order[256];
static atomic_uint ordered;

static void gated_run(struct tid_job *job, size_t task) {
    struct gated *gated = (struct gated *)job;
    unsigned at = atomic_fetch_add(&ordered, 1);

    if (at < sizeof order - 1) order[at] = gated->name;
    atomic_fetch_add(&gated->begun, 1);
    atomic_fetch_add(&gated->runs[task], 1);
    while (!atomic_load(&gated->open)) pause_ms(1);
    atomic_fetch_add(&gated->ended, 1);
}

static void gated_done(struct tid_job *job) {
    atomic_fetch_add(&((struct gated *)job)->done, 1);
}

static struct gated *gated_make(char name, size_t task_count, bool open) {
    struct gated *gated = calloc(1, sizeof *gated);

    assert_non_null(gated);
    gated->job =
        (struct tid_job){.task_count = task_count, .run = gated_run, .done = gated_done};
    gated->name = name;
    atomic_store(&gated->open, open);
    return gated;
}

static int reset(void **state) {
    (void)state;
    memset(order, 0, sizeof order);
    atomic_store(&ordered, 0);
    return 0;
}

static void every_task_once(void **state) {
    struct tid_pool *pool = tid_pool_start(4);
    struct gated *jobs[8];
    (void)state;

    assert_non_null(pool);
    for (int i = 0; i < 8; i++) {
        jobs[i] = gated_make('a', 1000, true);
        tid_pool_submit(pool, &jobs[i]->job);
    }
    for (int i = 0; i < 8; i++) {
        assert_soon(atomic_load(&jobs[i]->done) == 1);
        for (int task = 0; task < 1000; task++)
            assert_int_equal(atomic_load(&jobs[i]->runs[task]), 1);
    }
    assert_int_equal(tid_pool_load(pool).queued, 0);
    tid_pool_stop(pool);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(atomic_load(&jobs[i]->done), 1);
        free(jobs[i]);
    }
}

/* One thread runs a long job: a short one is next, not after its end. */
static void round_robin(void **state) {
    struct tid_pool *pool = tid_pool_start(1);
    struct gated *a = gated_make('a', 6, false), *b = gated_make('b', 2, true),
                 *c = gated_make('c', 1, true);
    (void)state;

    tid_pool_submit(pool, &a->job);
    assert_soon(atomic_load(&a->begun) == 1);
    tid_pool_submit(pool, &b->job);
    tid_pool_submit(pool, &c->job);
    const struct tid_pool_load load = tid_pool_load(pool);
    assert_int_equal(load.queued, 3);
    assert_int_equal(load.running, 1);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    assert_string_equal(order, "aabcabaaa");
    tid_pool_stop(pool);
    free(a), free(b), free(c);
}

/* A job whose tasks use a processor for some milliseconds. */
static void burning_run(struct tid_job *job, size_t task) {
    const uint64_t start_ns = tid_clock_thread_ns();
    gated_run(job, task);
    while (tid_clock_thread_ns() - start_ns < 5000000) {
    }
}

/*
 * Two long jobs and one with little to do in each task, by one thread: the small one has
 * the next turn, not the one after both, and its many tasks do not hold up the long ones.
 */
static void small_jobs_first(void **state) {
    struct tid_pool *pool = tid_pool_start(1);
    struct gated *a = gated_make('a', 20, true), *b = gated_make('b', 20, false),
                 *c = gated_make('c', 12, true);
    (void)state;

    a->job.run = burning_run;
    b->job.run = burning_run;
    tid_pool_submit(pool, &a->job);
    assert_soon(atomic_load(&a->begun) > 3);
    tid_pool_submit(pool, &b->job);
    assert_soon(atomic_load(&b->begun) == 1);
    tid_pool_submit(pool, &c->job);
    const unsigned before = atomic_load(&ordered);
    atomic_store(&b->open, true);
    assert_soon(atomic_load(&c->done) == 1);
    assert_soon(atomic_load(&a->done) == 1 && atomic_load(&b->done) == 1);
    tid_pool_stop(pool);
    assert_non_null(memchr(order + before, 'c', 3));
    const unsigned longs = (unsigned)(strrchr(order, 'c') - order) + 1 - before - 12;
    assert_in_range(longs, 4, 12); /* a third of the turns or more */
    free(a), free(b), free(c);
}

/* How often a job's name is among the first 'count' of the order. */
static unsigned turns_of(char name, unsigned count) {
    unsigned turns = 0;
    for (unsigned i = 0; i < count; i++) turns += order[i] == name;
    return turns;
}

/*
 * Many long jobs of one client and one of another, by one thread: each client has half of
 * the time, and a third one that has been idle is served next, but not for ever.
 */
static void fair_to_clients(void **state) {
    struct tid_pool *pool = tid_pool_start(1);
    struct gated *gate = gated_make('g', 1, false), *crowd[20],
                 *one = gated_make('b', 40, true), *third = gated_make('c', 12, true);
    struct tid_share shares[3];
    (void)state;

    for (int i = 0; i < 3; i++) tid_share_init(&shares[i]);
    tid_pool_submit(pool, &gate->job);
    assert_soon(atomic_load(&gate->begun) == 1);
    for (int i = 0; i < 20; i++) {
        crowd[i] = gated_make('a', 2, true);
        crowd[i]->job.run = burning_run;
        crowd[i]->job.share = &shares[0];
        tid_pool_submit(pool, &crowd[i]->job);
    }
    one->job.run = burning_run;
    one->job.share = &shares[1];
    tid_pool_submit(pool, &one->job);
    atomic_store(&gate->open, true);
    assert_soon(atomic_load(&ordered) >= 12);
    third->job.run = burning_run;
    third->job.share = &shares[2];
    tid_pool_submit(pool, &third->job);
    const unsigned before = atomic_load(&ordered);
    assert_soon(atomic_load(&ordered) >= 60);
    assert_in_range(turns_of('a', before), before / 2 - 2, before / 2 + 2);
    assert_non_null(memchr(order + before, 'c', 3));
    /* All three have the same part while the third one lasts. */
    const unsigned end = (unsigned)(strrchr(order, 'c') - order) + 1;
    const unsigned of_a = turns_of('a', end) - turns_of('a', before);
    assert_in_range(of_a, 8, 16);
    tid_pool_stop(pool);
    for (int i = 0; i < 20; i++) free(crowd[i]);
    free(gate), free(one), free(third);
}

/* A client that leaves and comes again has neither saved up time nor lost what it had used. */
static void idle_client(void **state) {
    struct tid_pool *pool = tid_pool_start(1);
    struct gated *gate = gated_make('g', 1, false), *a = gated_make('a', 60, true),
                 *b = gated_make('b', 10, true);
    struct tid_share shares[2];
    (void)state;

    for (int i = 0; i < 2; i++) tid_share_init(&shares[i]);
    tid_pool_submit(pool, &gate->job);
    assert_soon(atomic_load(&gate->begun) == 1);
    a->job.share = &shares[0];
    a->job.run = burning_run;
    tid_pool_submit(pool, &a->job);
    atomic_store(&gate->open, true);
    assert_soon(atomic_load(&ordered) >= 20);
    b->job.share = &shares[1];
    b->job.run = burning_run;
    tid_pool_submit(pool, &b->job);
    const unsigned before = atomic_load(&ordered);
    assert_soon(atomic_load(&b->done) == 1);
    const unsigned end = (unsigned)(strrchr(order, 'b') - order) + 1;
    /* By turns, although 'a' had used the pool for itself before. */
    assert_in_range(turns_of('a', end) - turns_of('a', before), 7, 13);
    assert_true(shares[1].used_ns > 0);
    tid_pool_cancel(pool, &a->job);
    tid_pool_stop(pool);
    free(gate), free(a), free(b);
}

static void tasks_at_the_same_time(void **state) {
    struct tid_pool *pool = tid_pool_start(3);
    struct gated *a = gated_make('a', 3, false);
    (void)state;

    tid_pool_submit(pool, &a->job);
    assert_soon(atomic_load(&a->begun) == 3);
    assert_int_equal(tid_pool_load(pool).running, 3);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    tid_pool_stop(pool);
    free(a);
}

static void cancel_waiting(void **state) {
    struct tid_pool *pool = tid_pool_start(1);
    struct gated *a = gated_make('a', 1, false), *b = gated_make('b', 5, true),
                 *c = gated_make('c', 1, true);
    (void)state;

    tid_pool_submit(pool, &a->job);
    assert_soon(atomic_load(&a->begun) == 1);
    tid_pool_submit(pool, &b->job);
    tid_pool_submit(pool, &c->job);
    assert_true(tid_pool_cancel(pool, &b->job));
    assert_false(tid_pool_cancel(pool, &b->job));
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&c->done) == 1);
    assert_string_equal(order, "ac");
    assert_int_equal(atomic_load(&b->done), 0);
    assert_false(tid_pool_cancel(pool, &c->job)); /* done already */
    tid_pool_stop(pool);
    free(a), free(b), free(c);
}

static void cancel_running(void **state) {
    struct tid_pool *pool = tid_pool_start(2);
    struct gated *a = gated_make('a', 900, false);
    (void)state;

    tid_pool_submit(pool, &a->job);
    assert_soon(atomic_load(&a->begun) == 2);
    assert_false(tid_pool_cancel(pool, &a->job));
    assert_int_equal(tid_pool_load(pool).queued, 0);
    assert_int_equal(atomic_load(&a->done), 0);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    assert_int_equal(atomic_load(&a->begun), 2);
    assert_int_equal(atomic_load(&a->ended), 2);
    tid_pool_stop(pool);
    assert_int_equal(atomic_load(&a->done), 1);
    free(a);
}

/* A job that is submitted again with more tasks, as the phases of a factorization are. */
struct phased {
    struct tid_job job;
    struct tid_pool *pool;
    atomic_uint running, phase, overlaps;
    atomic_uint runs[5];
    atomic_bool over;
};

static void phased_run(struct tid_job *job, size_t task) {
    struct phased *phased = (struct phased *)job;
    unsigned phase = atomic_load(&phased->phase);

    (void)task;
    atomic_fetch_add(&phased->runs[phase], 1);
    if (atomic_load(&phased->phase) != phase) atomic_fetch_add(&phased->overlaps, 1);
}

static void phased_done(struct tid_job *job) {
    struct phased *phased = (struct phased *)job;

    if (atomic_fetch_add(&phased->phase, 1) == 4) {
        atomic_store(&phased->over, true);
        return;
    }
    phased->job.task_count *= 2;
    tid_pool_submit(phased->pool, job);
}

static void again_from_done(void **state) {
    struct tid_pool *pool = tid_pool_start(3);
    struct phased phased = {
        .job = {.task_count = 3, .run = phased_run, .done = phased_done}, .pool = pool};
    (void)state;

    tid_pool_submit(pool, &phased.job);
    assert_soon(atomic_load(&phased.over));
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(atomic_load(&phased.runs[i]), 3u << i);
    assert_int_equal(atomic_load(&phased.overlaps), 0);
    tid_pool_stop(pool);
}

/* Threads that submit and cancel at bits; 'done' or 'cancel', never both nor neither. */
struct storm {
    struct tid_pool *pool;
    unsigned seed;
    unsigned cancelled, wrong;
};

static void *storm_run(void *argument) {
    struct storm *storm = argument;
    unsigned bits = storm->seed;

    for (int i = 0; i < 300; i++) {
        struct gated *gated = calloc(1, sizeof *gated);
        bits = bits * 1103515245 + 12345;
        gated->job = (struct tid_job){
            .task_count = 1 + (bits >> 16) % 20, .run = gated_run, .done = gated_done};
        atomic_store(&gated->open, true);
        tid_pool_submit(storm->pool, &gated->job);
        bool cancelled = false;
        if (bits >> 20 & 1) cancelled = tid_pool_cancel(storm->pool, &gated->job);
        for (int tries = 0; !cancelled && atomic_load(&gated->done) == 0 && tries < 20000;
             tries++)
            pause_ms(tries < 10 ? 0 : 1);
        storm->cancelled += cancelled;
        if (atomic_load(&gated->done) != !cancelled) storm->wrong++;
        if (atomic_load(&gated->begun) != atomic_load(&gated->ended)) storm->wrong++;
        free(gated);
    }
    return NULL;
}

static void any_moment(void **state) {
    struct tid_pool *pool = tid_pool_start(2);
    struct storm storms[4];
    pthread_t threads[4];
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        storms[i] = (struct storm){pool, i + 1, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &storms[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(storms[i].wrong, 0);
    }
    const struct tid_pool_load load = tid_pool_load(pool);
    assert_int_equal(load.queued, 0);
    assert_int_equal(load.running, 0);
    tid_pool_stop(pool);
    tid_pool_stop(NULL);
}

/* Less than the process's own, whatever that is. */
static void nice_run(struct tid_job *job, size_t task) {
    struct gated *gated = (struct gated *)job;
    (void)task;
    atomic_store(&gated->begun, (unsigned)getpriority(PRIO_PROCESS, 0));
}

static void priority(void **state) {
    struct gated *gated = gated_make('a', 1, true);
    (void)state;
#ifdef __linux__
    const int own = getpriority(PRIO_PROCESS, 0);
    /* Of this thread, from which those of the pool have it. It is not raised again. */
    assert_int_equal(setpriority(PRIO_PROCESS, 0, own < 16 ? own + 3 : own), 0);
    const int lower = getpriority(PRIO_PROCESS, 0) + 10;
    struct tid_pool *pool = tid_pool_start(1);
    gated->job.run = nice_run;
    tid_pool_submit(pool, &gated->job);
    assert_soon(atomic_load(&gated->done) == 1);
    assert_int_equal(atomic_load(&gated->begun), lower < 19 ? lower : 19);
    tid_pool_stop(pool);
#endif
    free(gated);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_task_once, reset),
        cmocka_unit_test_setup(round_robin, reset),
        cmocka_unit_test_setup(small_jobs_first, reset),
        cmocka_unit_test_setup(fair_to_clients, reset),
        cmocka_unit_test_setup(idle_client, reset),
        cmocka_unit_test_setup(tasks_at_the_same_time, reset),
        cmocka_unit_test_setup(cancel_waiting, reset),
        cmocka_unit_test_setup(cancel_running, reset),
        cmocka_unit_test_setup(again_from_done, reset),
        cmocka_unit_test_setup(any_moment, reset),
        cmocka_unit_test_setup(priority, reset), /* last: it lowers the own priority */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
