/* SPDX-License-Identifier: MIT */
/*
 * core/orthogonal/factor: the bytes do not depend on the order of tasks or the number of
 * threads; which plans need a factorization and which can share one; errors.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/random.h"
#include "support/test.h"

static const char *const requests[] = {
    "shape=700,650&scheme=orthogonal",
    "shape=300,900&scheme=orthogonal&dtype=f64&gain=1.5",
    "shape=66,3&scheme=orthogonal",
    "shape=1,1&scheme=orthogonal",
    "shape=150,130,3&scheme=delta_orthogonal&dtype=bf16",
    "shape=5,130,200&scheme=orthogonal&batch_axis=0",
    "shape=9,1200,3&scheme=orthogonal&batch_axis=1&dtype=f64", /* three groups */
    "shape=4,700,300&scheme=orthogonal&batch_axis=0&slice=::2&dtype=f64",
};

static void *workspace_of(const struct ti_plan *plan) {
    void *made = NULL;
    assert_int_equal(ti_workspace_make(plan, &made, NULL), TI_OK);
    assert_non_null(made);
    return made;
}

/* All bytes of a plan that has its factorization. */
static unsigned char *bytes_of(const struct ti_plan *plan) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    unsigned char *out = malloc(info->body_bytes);
    void *workspace = workspace_of(plan);
    assert_non_null(out);
    assert_int_equal(ti_plan_fill(plan, 0, info->elems, out, workspace), TI_OK);
    ti_workspace_free(workspace);
    return out;
}

static struct ti_factor *factor_of(const struct ti_plan *plan) {
    struct ti_factor *factor = NULL;
    assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
    return factor;
}

static struct ti_factor *complete_factor_of(const struct ti_plan *plan) {
    struct ti_factor *factor = factor_of(plan);
    ti_factor_run_all(factor);
    return factor;
}

static unsigned char *plain_bytes(const char *query) {
    struct ti_plan *plan = test_plan(query);
    struct ti_factor *factor = complete_factor_of(plan);
    assert_int_equal(ti_plan_use(plan, factor), TI_OK);
    unsigned char *out = bytes_of(plan);
    ti_plan_free(plan);
    ti_factor_free(factor);
    return out;
}

/* Order and threads ------------------------------------------------------------------ */

static void run_shuffled(struct ti_factor *factor, uint64_t *random) {
    for (unsigned phase = 0; phase < ti_factor_phases(factor); phase++) {
        const size_t tasks = ti_factor_tasks(factor, phase);
        size_t *order = malloc(tasks * sizeof *order);
        assert_non_null(order);
        assert_true(tasks > 0);
        for (size_t i = 0; i < tasks; i++) {
            const size_t other = random_below(random, i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        for (size_t i = 0; i < tasks; i++) ti_factor_run(factor, phase, order[i]);
        free(order);
    }
}

static void any_order(void **state) {
    uint64_t random = 9;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        unsigned char *expected = plain_bytes(requests[i]);
        for (int round = 0; round < 3; round++) {
            struct ti_plan *plan = test_plan(requests[i]);
            struct ti_factor *factor = factor_of(plan);
            run_shuffled(factor, &random);
            assert_int_equal(ti_plan_use(plan, factor), TI_OK);
            unsigned char *out = bytes_of(plan);
            assert_memory_equal(out, expected, ti_plan_info(plan)->body_bytes);
            free(out);
            ti_plan_free(plan);
            ti_factor_free(factor);
        }
        free(expected);
    }
}

#define THREADS_MAX 4

/* Tasks of a phase, or of filling, which threads take one by one. */
struct job {
    struct ti_factor *factor;
    unsigned phase;
    const struct ti_plan *plan; /* not NULL: elements */
    unsigned char *out;
    size_t tasks;
    atomic_size_t next;
};

#define ELEMS_PER_TASK 9001

static void fill_task(const struct job *job, size_t task, void *workspace) {
    const struct ti_plan_info *info = ti_plan_info(job->plan);
    const uint64_t first = task * ELEMS_PER_TASK, left = info->elems - first;
    const enum ti_status status =
        ti_plan_fill(job->plan, first, left < ELEMS_PER_TASK ? left : ELEMS_PER_TASK,
                     job->out + first * ti_dtype_bytes(info->dtype), workspace);
    if (status != TI_OK) abort(); /* cmocka fails in its own thread only */
}

static void *run_tasks(void *argument) {
    struct job *job = argument;
    void *workspace = job->plan ? workspace_of(job->plan) : NULL;
    for (;;) {
        const size_t task = atomic_fetch_add(&job->next, 1);
        if (task >= job->tasks) break;
        if (job->plan) {
            fill_task(job, task, workspace);
        } else {
            ti_factor_run(job->factor, job->phase, task);
        }
    }
    ti_workspace_free(workspace);
    return NULL;
}

static void run_job(struct job *job, unsigned count) {
    pthread_t threads[THREADS_MAX];
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_tasks, job), 0);
    }
    for (unsigned i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void check_threads(const char *query, unsigned count,
                          const unsigned char *expected) {
    struct ti_plan *plan = test_plan(query);
    struct ti_factor *factor = factor_of(plan);
    const struct ti_plan_info *info = ti_plan_info(plan);
    unsigned char *out = malloc(info->body_bytes);
    assert_non_null(out);
    for (unsigned phase = 0; phase < ti_factor_phases(factor); phase++) {
        struct job job = {.factor = factor, .phase = phase};
        job.tasks = ti_factor_tasks(factor, phase);
        run_job(&job, count);
    }
    assert_int_equal(ti_plan_use(plan, factor), TI_OK);
    struct job job = {.plan = plan, .out = out};
    job.tasks = (size_t)((info->elems + ELEMS_PER_TASK - 1) / ELEMS_PER_TASK);
    run_job(&job, count);
    assert_memory_equal(out, expected, info->body_bytes);
    free(out);
    ti_plan_free(plan);
    ti_factor_free(factor);
}

static void threads(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        unsigned char *expected = plain_bytes(requests[i]);
        for (unsigned count = 1; count <= THREADS_MAX; count *= 2) {
            check_threads(requests[i], count, expected);
        }
        free(expected);
    }
}

/* Needing and sharing ---------------------------------------------------------------- */

static void without_factor(void **state) {
    struct ti_plan *plan = test_plan("shape=5,3&scheme=orthogonal");
    unsigned char out[15 * 4], before[15 * 4];
    void *workspace = workspace_of(plan);
    (void)state;
    memset(out, 0x55, sizeof out);
    memset(before, 0x55, sizeof before);
    assert_int_equal(ti_plan_fill(plan, 0, 15, out, workspace), TI_EFACTOR);
    assert_int_equal(ti_plan_fill(plan, 14, 1, out, workspace), TI_EFACTOR);
    assert_int_equal(ti_plan_fill(plan, 3, 0, out, workspace), TI_OK);
    assert_int_equal(ti_plan_fill(plan, 3, 0, out, NULL), TI_OK);
    assert_int_equal(ti_plan_fill(plan, 15, 0, out, workspace), TI_OK);
    assert_int_equal(ti_plan_fill(plan, 15, 1, out, workspace), TI_ERANGE);
    assert_int_equal(ti_plan_fill(plan, 0, 16, out, workspace), TI_ERANGE);
    assert_memory_equal(out, before, sizeof out);

    struct ti_stats *stats;
    assert_int_equal(ti_stats_make(plan, &stats), TI_OK);
    assert_int_equal(ti_stats_add(stats, 0, 15, workspace), TI_EFACTOR);
    ti_stats_free(stats);
    ti_workspace_free(workspace);
    ti_plan_free(plan);
}

/* Length, header and entity tag of a body need no factorization. */
static void head_needs_none(void **state) {
    struct ti_plan *plan = test_plan("shape=4096,16384&scheme=orthogonal&format=npy");
    struct ti_body *body;
    unsigned char header[64];
    (void)state;
    assert_int_equal(ti_plan_info(plan)->body_bytes, (uint64_t)4096 * 16384 * 4);
    assert_int_equal(strlen(ti_plan_info(plan)->etag), 32);
    assert_int_equal(ti_body_make(plan, &body, NULL), TI_OK);
    assert_int_equal(ti_body_read(body, 0, sizeof header, header, NULL), TI_OK);
    assert_memory_equal(header + 1, "NUMPY", 5);
    assert_int_equal(ti_body_header_bytes(body), 128);
    assert_int_equal(ti_body_read(body, 64, sizeof header, header, NULL), TI_OK);
    assert_int_equal(header[63], '\n');
    assert_int_equal(ti_body_read(body, 65, sizeof header, header, NULL), TI_EFACTOR);
    ti_body_free(body);
    ti_plan_free(plan);
}

static void no_elements(void **state) {
    static const char *const queries[] = {
        "shape=0,5&scheme=orthogonal",
        "shape=5,0&scheme=orthogonal&dtype=f64",
        "shape=0,0&scheme=orthogonal&layout=io",
        "shape=4,0,3&scheme=orthogonal",
        "shape=0,2305843009213693951&scheme=orthogonal",
        "shape=5,5&scheme=orthogonal&slice=3:3",
        "shape=5,5&scheme=orthogonal&shard=0:3/4",
        "shape=5,0,3&scheme=delta_orthogonal",
        "shape=5,5,0&scheme=delta_orthogonal",
        "shape=0,5,5&scheme=delta_orthogonal&layout=io",
        "shape=5,5,3&scheme=delta_orthogonal&slice=:,:,1:1",
        "shape=0,5,3&scheme=orthogonal&batch_axis=0",
        "shape=2,5,0&scheme=orthogonal&batch_axis=0",
        "shape=2,5,3&scheme=orthogonal&batch_axis=0&slice=1:1",
        "shape=5,5&scheme=normal", /* and plans that never need one */
        "shape=5,5&scheme=identity",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        const struct ti_plan_info *info = ti_plan_info(plan);
        struct ti_factor *factor = (struct ti_factor *)&plan;
        unsigned char out[100];
        assert_row(info->factor_bytes == 0 && info->factor_peak_bytes == 0, queries[i]);
        assert_row(*info->factor_key == '\0', queries[i]);
        assert_row(ti_factor_make(plan, &factor, NULL) == TI_OK, queries[i]);
        assert_row(factor == NULL, queries[i]);
        assert_row(ti_factor_phases(factor) == 0, queries[i]);
        assert_row(ti_factor_tasks(factor, 0) == 0, queries[i]);
        ti_factor_run_all(factor);
        assert_int_equal(ti_plan_use(plan, factor), TI_OK);
        assert_row(ti_plan_fill(plan, 0, info->elems, out, NULL) == TI_OK, queries[i]);
        ti_factor_free(factor);
        ti_plan_free(plan);
    }
}

struct sharing {
    const char *query;
    bool same;
};

/* Which plans have the key of the first, and can use its factorization. */
static void check_keys(const struct sharing *rows, size_t count) {
    struct ti_plan *first = test_plan(rows[0].query);
    struct ti_factor *shared = complete_factor_of(first);
    for (size_t i = 0; i < count; i++) {
        struct ti_plan *plan = test_plan(rows[i].query);
        const struct ti_plan_info *info = ti_plan_info(plan);
        assert_int_equal(strlen(info->factor_key), 32);
        const bool same = strcmp(info->factor_key, ti_plan_info(first)->factor_key) == 0;
        assert_row(same == rows[i].same, rows[i].query);
        if (same) {
            unsigned char *expected = plain_bytes(rows[i].query);
            assert_int_equal(ti_plan_use(plan, shared), TI_OK);
            unsigned char *out = bytes_of(plan);
            assert_memory_equal(out, expected, info->body_bytes);
            free(out), free(expected);
        } else {
            assert_row(ti_plan_use(plan, shared) == TI_EFACTOR, rows[i].query);
        }
        ti_plan_free(plan);
    }
    ti_plan_free(first); /* the factorization outlives its plan */
    ti_factor_free(shared);
}

/* Plans that can share a factorization have the same key, others do not; sharing
   works. */
static void keys(void **state) {
    static const struct sharing rows[] = {
        {"shape=70,9&scheme=orthogonal&name=a", true},
        {"shape=70,9&scheme=orthogonal&name=a&gain=2", true},
        {"shape=70,9&scheme=orthogonal&name=a&dtype=bf16", true},
        {"shape=70,9&scheme=orthogonal&name=a&dtype=f8_e5m2&gain=-1", true},
        {"shape=70,9&scheme=orthogonal&name=a&format=npy", true},
        {"shape=70,9&scheme=orthogonal&name=a&slice=::-3,4", true},
        {"shape=70,9&scheme=orthogonal&name=a&shard=1:0/2", true},
        {"shape=70,9&scheme=orthogonal&name=a&permute=1,0", true},
        {"shape=70,9&scheme=orthogonal&name=a&layout=io", true},
        {"shape=9,70&scheme=orthogonal&name=a", true},
        {"shape=70,3,3&scheme=orthogonal&name=a", true},
        {"shape=70,9,5&scheme=delta_orthogonal&name=a", true},
        {"shape=3,9,70&scheme=delta_orthogonal&name=a&layout=io", true},
        {"shape=70,9&scheme=orthogonal&name=a&dtype=f64", false},
        {"shape=70,9&scheme=orthogonal&name=a&seed=1", false},
        {"shape=70,9&scheme=orthogonal&name=b", false},
        {"shape=70,9&scheme=orthogonal", false},
        {"shape=71,9&scheme=orthogonal&name=a", false},
        {"shape=70,10&scheme=orthogonal&name=a", false},
        {"shape=63,10&scheme=orthogonal&name=a", false},
        /* the first matrix of a stack is the matrix by itself */
        {"shape=1,70,9&scheme=orthogonal&name=a&batch_axis=0", true},
        {"shape=70,4,9&scheme=orthogonal&name=a&batch_axis=1&slice=:,:1", true},
        {"shape=9,2,2,70&scheme=orthogonal&name=a&batch_axis=1,2&slice=:,0,-2", true},
        {"shape=4,70,9&scheme=orthogonal&name=a&batch_axis=0&slice=1", false},
        {"shape=4,70,9&scheme=orthogonal&name=a&batch_axis=0", false},
        {"shape=4,70,9&scheme=orthogonal&name=a&batch_axis=0&slice=:2", false},
    };
    (void)state;
    check_keys(rows, COUNT_OF(rows));
}

/* So do parts of stacks that have the same matrices. */
static void keys_of_stacks(void **state) {
    static const struct sharing rows[] = {
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=1:4:2", true},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=3:0:-2,2:,::-1", true},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&permute=2,0,1&slice=:,1:4:2", true},
        {"shape=7,20,5&scheme=orthogonal&batch_axis=1&slice=:,1:4:2", true},
        {"shape=3,2,5,7&scheme=orthogonal&batch_axis=1,0&slice=:2,1", true},
        {"shape=5,9,7,2&scheme=orthogonal&batch_axis=-1,1&slice=:,:2,:,1", true},
        {"shape=7,5,20,3&scheme=delta_orthogonal&batch_axis=2&slice=:,:,1:4:2", true},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=1:6:2", false},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=1:3", false},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=1", false},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0&slice=2:5:2", false},
        {"shape=6,7,5&scheme=orthogonal&batch_axis=0", false},
    };
    (void)state;
    check_keys(rows, COUNT_OF(rows));
}

/* A part of a stack takes memory for the matrices that it touches, and to compute them little
   more: the experts of a layer, of which all fit 1 GiB. */
static void memory_of_stacks(void **state) {
    struct ti_plan *one = test_plan("shape=2048,768&scheme=orthogonal");
    struct ti_plan *all = test_plan("shape=128,2048,768&scheme=orthogonal&batch_axis=0");
    struct ti_plan *part =
        test_plan("shape=128,2048,768&scheme=orthogonal&batch_axis=0&slice=3::4,7,:10");
    const struct ti_plan_info *of_one = ti_plan_info(one), *of_all = ti_plan_info(all),
                              *of_part = ti_plan_info(part);
    (void)state;
    assert_in_range(of_all->factor_bytes, 127 * of_one->factor_bytes,
                    128 * of_one->factor_bytes);
    assert_in_range(of_part->factor_bytes, 31 * of_one->factor_bytes,
                    32 * of_one->factor_bytes);
    assert_in_range(of_all->factor_peak_bytes, of_all->factor_bytes,
                    of_all->factor_bytes + (64 << 20));
    assert_in_range(of_all->factor_peak_bytes, 1, 960 << 20);
    ti_plan_free(one), ti_plan_free(all), ti_plan_free(part);
}

/* Kinds do not mix: of each pair of plans the factorization of one is refused by the other. */
static void of_another_kind(void **state) {
    static const char *const queries[] = {
        "shape=70,9&scheme=orthogonal&name=a",
        "shape=70,9&scheme=sparse&sparsity=0.5&name=a",
        "shape=70,9&scheme=sparse&sparsity=0.5&name=a&slice=:,:5",
        "shape=70,9&scheme=sparse&sparsity=0.6&name=a",
        "shape=70,9&scheme=normal&name=a",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct ti_plan *plan = test_plan(queries[i]);
        struct ti_factor *factor = complete_factor_of(plan);
        for (size_t k = 0; factor && k < COUNT_OF(queries); k++) {
            struct ti_plan *other = test_plan(queries[k]);
            const enum ti_status expected = i == k ? TI_OK : TI_EFACTOR;
            assert_row(ti_plan_use(other, factor) == expected, queries[k]);
            assert_row(ti_plan_use(other, NULL) == TI_OK, queries[k]);
            ti_plan_free(other);
        }
        ti_factor_free(factor);
        ti_plan_free(plan);
    }
}

/* A factorization can be freed at any time, also before it is complete. */
static void cancelled(void **state) {
    struct ti_plan *plan = test_plan(requests[0]);
    struct ti_factor *complete = factor_of(plan);
    (void)state;
    for (unsigned until = 0; until <= ti_factor_phases(complete); until++) {
        struct ti_factor *factor = factor_of(plan);
        for (unsigned phase = 0; phase < until; phase++) {
            const size_t half = (ti_factor_tasks(factor, phase) + 1) / 2;
            const size_t tasks =
                phase + 1 < until ? ti_factor_tasks(factor, phase) : half;
            for (size_t i = 0; i < tasks; i++) ti_factor_run(factor, phase, i);
        }
        ti_factor_free(factor);
    }
    ti_factor_free(complete);
    ti_plan_free(plan);
}

/*
 * No task is long, however thin or large the matrix: there are as many as the terms of all
 * sums need if a task has no more than 40 million, some milliseconds of work. Thin ones go
 * through the coordinates of their rows as well.
 */
static void tasks_are_short(void **state) {
    static const char *const rows[] = {
        "2,2",        "64,64",      "512,512",     "2048,2048", "2,1000000",
        "64,1048576", "1048576,64", "256,1000000", "1,4000000", "100,200000",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[64];
        snprintf(query, sizeof query, "shape=%s&scheme=orthogonal", rows[i]);
        struct ti_plan *plan = test_plan(query);
        struct ti_factor *factor = factor_of(plan);
        const struct ti_plan_info *info = ti_plan_info(plan);
        const double a = (double)info->shape[0], b = (double)info->shape[1];
        const double n = a > b ? a : b, k = a > b ? b : a;
        const unsigned phases = ti_factor_phases(factor);
        double tasks = 0;
        for (unsigned phase = 0; phase < phases; phase++) {
            assert_true(ti_factor_tasks(factor, phase) > 0);
            tasks += (double)ti_factor_tasks(factor, phase);
        }
        assert_int_equal(ti_factor_tasks(factor, phases), 0);
        assert_row(tasks >= n * k * k / 2 / 4e7, rows[i]);
        assert_row(tasks >= n * k / 3e5, rows[i]);
        /* and their number does not make them cost more than the work */
        assert_row(tasks <= 3 + n * k / 1e3, rows[i]);
        ti_factor_free(factor);
        ti_plan_free(plan);
    }
}

static void refusals(void **state) {
    static const char *const integers[] = {"i8", "i64", "u8", "u64", "bool"};
    (void)state;
    test_refused("shape=scalar&scheme=orthogonal", TI_EVALUE, "shape");
    test_refused("shape=5&scheme=orthogonal", TI_EVALUE, "shape");
    test_refused("shape=16385,16384&scheme=orthogonal", TI_ETOOLARGE, "shape");
    test_refused("shape=1,268435457&scheme=orthogonal", TI_ETOOLARGE, "shape");
    test_refused("shape=1,268435457&scheme=orthogonal&slice=0:1,0:1", TI_ETOOLARGE,
                 "shape");
    test_refused("shape=16384,16384,2&scheme=orthogonal", TI_ETOOLARGE, "shape");
    test_refused("shape=5,5&scheme=delta_orthogonal", TI_EVALUE, "shape");
    test_refused("shape=5,5,1,1,1,1&scheme=delta_orthogonal", TI_EVALUE, "shape");
    test_refused("shape=5,6,3&scheme=delta_orthogonal", TI_EVALUE, "shape");
    test_refused("shape=3,6,5&scheme=delta_orthogonal&layout=io", TI_EVALUE, "shape");
    test_refused("shape=3,5,6&scheme=delta_orthogonal", TI_EVALUE, "shape");
    test_refused("shape=16385,16385,1&scheme=delta_orthogonal", TI_ETOOLARGE, "shape");
    test_refused("shape=2,16385,16384&scheme=orthogonal&batch_axis=0", TI_ETOOLARGE,
                 "shape");
    test_refused("shape=4000,2048,768&scheme=orthogonal&batch_axis=0", TI_ETOOLARGE,
                 "shape");
    test_refused("shape=5,5,5&scheme=orthogonal&batch_axis=0,1", TI_EVALUE, "shape");
    test_refused("shape=5,5&scheme=orthogonal&groups=1", TI_EINAPPLICABLE, "groups");
    test_refused("shape=5,5&scheme=orthogonal&mode=fan_in", TI_EINAPPLICABLE, "mode");
    test_refused("shape=5,5&scheme=orthogonal&std=1", TI_EINAPPLICABLE, "std");
    test_refused("shape=5,5&scheme=orthogonal&gain=1e39", TI_EVALUE, "dtype");
    test_refused("shape=5,5&scheme=orthogonal&gain=70000&dtype=f16", TI_EVALUE, "dtype");
    for (size_t i = 0; i < COUNT_OF(integers); i++) {
        char query[100];
        snprintf(query, sizeof query, "shape=5,5&scheme=orthogonal&dtype=%s",
                 integers[i]);
        test_refused(query, TI_EVALUE, "dtype");
        snprintf(query, sizeof query, "shape=5,5,3&scheme=delta_orthogonal&dtype=%s",
                 integers[i]);
        test_refused(query, TI_EVALUE, "dtype");
    }
    /* the largest ones are planned */
    ti_plan_free(test_plan("shape=16384,16384&scheme=orthogonal"));
    ti_plan_free(test_plan("shape=1,268435456&scheme=orthogonal&dtype=f64"));
    ti_plan_free(test_plan("shape=16384,16384,1000&scheme=delta_orthogonal"));
    ti_plan_free(test_plan("shape=4294967296,1,1&scheme=orthogonal&batch_axis=0"));
    ti_plan_free(
        test_plan("shape=4000,2048,768&scheme=orthogonal&batch_axis=0&slice=:2730"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order),      cmocka_unit_test(threads),
        cmocka_unit_test(without_factor), cmocka_unit_test(head_needs_none),
        cmocka_unit_test(no_elements),    cmocka_unit_test(keys),
        cmocka_unit_test(cancelled),      cmocka_unit_test(tasks_are_short),
        cmocka_unit_test(refusals),       cmocka_unit_test(of_another_kind),
        cmocka_unit_test(keys_of_stacks), cmocka_unit_test(memory_of_stacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
