/* SPDX-License-Identifier: MIT */
/* server/compute: every piece once, jobs in turns, cancelling at any moment. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "server/work/pool.h"
#include "support/test.h"

static void pause_ms(long ms) {
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Waits for another thread; the test fails after some seconds. */
#define assert_soon(condition)                                                           \
    do {                                                                                 \
        for (int tries = 0; !(condition); tries++) {                                     \
            if (tries > 20000) fail_msg("never: %s", #condition);                        \
            pause_ms(1);                                                                 \
        }                                                                                \
    } while (0)

/* A job whose pieces wait as long as its gate is closed. */
struct gated {
    struct tid_job job;
    char name;
    atomic_bool open;
    atomic_uint begun, ended, done;
    atomic_uchar runs[1000];
};

/* The names of the jobs whose pieces were run, in their order. */
static char order[64];
static atomic_uint ordered;

static void gated_run(struct tid_job *job, size_t piece) {
    struct gated *gated = (struct gated *)job;
    unsigned at = atomic_fetch_add(&ordered, 1);

    if (at < sizeof order - 1) order[at] = gated->name;
    atomic_fetch_add(&gated->begun, 1);
    atomic_fetch_add(&gated->runs[piece], 1);
    while (!atomic_load(&gated->open)) pause_ms(1);
    atomic_fetch_add(&gated->ended, 1);
}

static void gated_done(struct tid_job *job) {
    atomic_fetch_add(&((struct gated *)job)->done, 1);
}

static struct gated *gated_make(char name, size_t pieces, bool open) {
    struct gated *gated = calloc(1, sizeof *gated);

    assert_non_null(gated);
    gated->job = (struct tid_job){.pieces = pieces, .run = gated_run, .done = gated_done};
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

static void every_piece_once(void **state) {
    struct tid_pool *compute = tid_pool_start(4);
    struct gated *jobs[8];
    (void)state;

    assert_non_null(compute);
    for (int i = 0; i < 8; i++) {
        jobs[i] = gated_make('a', 1000, true);
        tid_pool_submit(compute, &jobs[i]->job);
    }
    for (int i = 0; i < 8; i++) {
        assert_soon(atomic_load(&jobs[i]->done) == 1);
        for (int piece = 0; piece < 1000; piece++)
            assert_int_equal(atomic_load(&jobs[i]->runs[piece]), 1);
    }
    assert_int_equal(tid_pool_load(compute).queued, 0);
    tid_pool_stop(compute);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(atomic_load(&jobs[i]->done), 1);
        free(jobs[i]);
    }
}

/* One thread, a long job at work: a short one comes next, not after its end. */
static void turns(void **state) {
    struct tid_pool *compute = tid_pool_start(1);
    struct gated *a = gated_make('a', 6, false), *b = gated_make('b', 2, true),
                 *c = gated_make('c', 1, true);
    (void)state;

    tid_pool_submit(compute, &a->job);
    assert_soon(atomic_load(&a->begun) == 1);
    tid_pool_submit(compute, &b->job);
    tid_pool_submit(compute, &c->job);
    const struct tid_pool_load load = tid_pool_load(compute);
    assert_int_equal(load.queued, 3);
    assert_int_equal(load.running, 1);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    assert_string_equal(order, "aabcabaaa");
    tid_pool_stop(compute);
    free(a), free(b), free(c);
}

static void pieces_at_the_same_time(void **state) {
    struct tid_pool *compute = tid_pool_start(3);
    struct gated *a = gated_make('a', 3, false);
    (void)state;

    tid_pool_submit(compute, &a->job);
    assert_soon(atomic_load(&a->begun) == 3);
    assert_int_equal(tid_pool_load(compute).running, 3);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    tid_pool_stop(compute);
    free(a);
}

static void cancel_waiting(void **state) {
    struct tid_pool *compute = tid_pool_start(1);
    struct gated *a = gated_make('a', 1, false), *b = gated_make('b', 5, true),
                 *c = gated_make('c', 1, true);
    (void)state;

    tid_pool_submit(compute, &a->job);
    assert_soon(atomic_load(&a->begun) == 1);
    tid_pool_submit(compute, &b->job);
    tid_pool_submit(compute, &c->job);
    assert_true(tid_pool_cancel(compute, &b->job));
    assert_false(tid_pool_cancel(compute, &b->job));
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&c->done) == 1);
    assert_string_equal(order, "ac");
    assert_int_equal(atomic_load(&b->done), 0);
    assert_false(tid_pool_cancel(compute, &c->job)); /* done already */
    tid_pool_stop(compute);
    free(a), free(b), free(c);
}

static void cancel_running(void **state) {
    struct tid_pool *compute = tid_pool_start(2);
    struct gated *a = gated_make('a', 900, false);
    (void)state;

    tid_pool_submit(compute, &a->job);
    assert_soon(atomic_load(&a->begun) == 2);
    assert_false(tid_pool_cancel(compute, &a->job));
    assert_int_equal(tid_pool_load(compute).queued, 0);
    assert_int_equal(atomic_load(&a->done), 0);
    atomic_store(&a->open, true);
    assert_soon(atomic_load(&a->done) == 1);
    assert_int_equal(atomic_load(&a->begun), 2);
    assert_int_equal(atomic_load(&a->ended), 2);
    tid_pool_stop(compute);
    assert_int_equal(atomic_load(&a->done), 1);
    free(a);
}

/* A job that goes on with another number of pieces, as the stages of a setup do. */
struct staged {
    struct tid_job job;
    struct tid_pool *compute;
    atomic_uint running, stage, overlaps;
    atomic_uint runs[5];
    atomic_bool over;
};

static void staged_run(struct tid_job *job, size_t piece) {
    struct staged *staged = (struct staged *)job;
    unsigned stage = atomic_load(&staged->stage);

    (void)piece;
    atomic_fetch_add(&staged->runs[stage], 1);
    if (atomic_load(&staged->stage) != stage) atomic_fetch_add(&staged->overlaps, 1);
}

static void staged_done(struct tid_job *job) {
    struct staged *staged = (struct staged *)job;

    if (atomic_fetch_add(&staged->stage, 1) == 4) {
        atomic_store(&staged->over, true);
        return;
    }
    staged->job.pieces *= 2;
    tid_pool_submit(staged->compute, job);
}

static void again_from_done(void **state) {
    struct tid_pool *compute = tid_pool_start(3);
    struct staged staged = {.job = {.pieces = 3, .run = staged_run, .done = staged_done},
                            .compute = compute};
    (void)state;

    tid_pool_submit(compute, &staged.job);
    assert_soon(atomic_load(&staged.over));
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(atomic_load(&staged.runs[i]), 3u << i);
    assert_int_equal(atomic_load(&staged.overlaps), 0);
    tid_pool_stop(compute);
}

/* Threads that submit and cancel at random; 'done' or 'cancel', never both nor neither. */
struct storm {
    struct tid_pool *compute;
    unsigned seed;
    unsigned cancelled, wrong;
};

static void *storm_run(void *argument) {
    struct storm *storm = argument;
    unsigned sampler = storm->seed;

    for (int i = 0; i < 300; i++) {
        struct gated *gated = calloc(1, sizeof *gated);
        sampler = sampler * 1103515245 + 12345;
        gated->job = (struct tid_job){
            1 + (sampler >> 16) % 20, gated_run, gated_done, 0, 0, 0, 0, 0};
        atomic_store(&gated->open, true);
        tid_pool_submit(storm->compute, &gated->job);
        bool ours = false;
        if (sampler >> 20 & 1) ours = tid_pool_cancel(storm->compute, &gated->job);
        for (int tries = 0; !ours && atomic_load(&gated->done) == 0 && tries < 20000;
             tries++)
            pause_ms(tries < 10 ? 0 : 1);
        storm->cancelled += ours;
        if (atomic_load(&gated->done) != !ours) storm->wrong++;
        if (atomic_load(&gated->begun) != atomic_load(&gated->ended)) storm->wrong++;
        free(gated);
    }
    return NULL;
}

static void any_moment(void **state) {
    struct tid_pool *compute = tid_pool_start(2);
    struct storm storms[4];
    pthread_t threads[4];
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        storms[i] = (struct storm){compute, i + 1, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &storms[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(storms[i].wrong, 0);
    }
    const struct tid_pool_load load = tid_pool_load(compute);
    assert_int_equal(load.queued, 0);
    assert_int_equal(load.running, 0);
    tid_pool_stop(compute);
    tid_pool_stop(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_piece_once, reset),
        cmocka_unit_test_setup(turns, reset),
        cmocka_unit_test_setup(pieces_at_the_same_time, reset),
        cmocka_unit_test_setup(cancel_waiting, reset),
        cmocka_unit_test_setup(cancel_running, reset),
        cmocka_unit_test_setup(again_from_done, reset),
        cmocka_unit_test_setup(any_moment, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
