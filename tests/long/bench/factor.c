/* SPDX-License-Identifier: MIT */
/*
 * factor SCHEME N DTYPE THREADS ROUNDS: seconds for a square tensor of N rows, for its
 * factorization and in total, through the public interface: the threads run the tasks of each
 * phase, then fill rows. SCHEME may have parameters, as in a query. The best round counts.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/tensorinit.h>

#include "long/bench/bench_clock.h"

#define THREADS_MAX 64
#define ROWS_PER_TASK 64

struct job {
    struct ti_factor *factor;
    unsigned phase;
    const struct ti_plan *plan; /* not NULL: rows of the tensor */
    unsigned char *out;
    size_t tasks;
    atomic_size_t next;
};

static void fail(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static void fill_rows(const struct job *job, size_t task, void *workspace) {
    const struct ti_plan_info *info = ti_plan_info(job->plan);
    const uint64_t count = ROWS_PER_TASK * info->shape[1], first = task * count;
    const uint64_t left = info->elems - first;
    const enum ti_status status =
        ti_plan_fill(job->plan, first, count < left ? count : left,
                     job->out + first * ti_dtype_bytes(info->dtype), workspace);
    if (status != TI_OK) fail(ti_status_name(status));
}

static void *run_tasks(void *argument) {
    struct job *job = argument;
    void *workspace = NULL;
    if (job->plan && ti_workspace_make(job->plan, &workspace, NULL) != TI_OK) {
        fail("no memory");
    }
    for (;;) {
        const size_t task = atomic_fetch_add(&job->next, 1);
        if (task >= job->tasks) break;
        if (job->plan) {
            fill_rows(job, task, workspace);
        } else {
            ti_factor_run(job->factor, job->phase, task);
        }
    }
    ti_workspace_free(workspace);
    return NULL;
}

static void run(struct job *job, int count) {
    pthread_t threads[THREADS_MAX];
    for (int i = 1; i < count; i++) {
        if (pthread_create(&threads[i], NULL, run_tasks, job) != 0) fail("no thread");
    }
    run_tasks(job);
    for (int i = 1; i < count; i++) pthread_join(threads[i], NULL);
}

static struct ti_plan *plan_of(const char *scheme, const char *n, const char *dtype,
                               int round) {
    char query[200];
    struct ti_error error;
    struct ti_spec *spec;
    struct ti_plan *plan;
    snprintf(query, sizeof query, "shape=%s,%s&scheme=%s&dtype=%s&seed=%d", n, n, scheme,
             dtype, round);
    if (ti_spec_make(&spec) != TI_OK) fail("no memory");
    if (ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK) {
        fail(error.text);
    }
    ti_spec_free(spec);
    return plan;
}

/* Lowers the times to those of one tensor. */
static void measure(struct ti_plan *plan, unsigned char *out, int threads,
                    double best[2]) {
    struct ti_error error;
    struct ti_factor *factor;
    const double start = seconds();
    if (ti_factor_make(plan, &factor, &error) != TI_OK) fail(error.text);
    for (unsigned phase = 0; phase < ti_factor_phases(factor); phase++) {
        struct job job = {.factor = factor, .phase = phase};
        const double from = seconds();
        job.tasks = ti_factor_tasks(factor, phase);
        run(&job, threads);
        if (getenv("VERBOSE"))
            fprintf(stderr, "phase %u: %.3f\n", phase, seconds() - from);
    }
    if (ti_plan_use(plan, factor) != TI_OK) fail("not its factorization");
    const double run_task = seconds() - start;
    struct job job = {.plan = plan, .out = out};
    job.tasks =
        (size_t)(ti_plan_info(plan)->shape[0] + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    run(&job, threads);
    const double all = seconds() - start;
    if (best[1] == 0 || all < best[1]) best[0] = run_task, best[1] = all;
    ti_factor_free(factor);
}

int main(int argc, char **argv) {
    double best[2] = {0, 0};
    if (argc != 6) return 64;
    const int threads = atoi(argv[4]), rounds = atoi(argv[5]);
    if (threads < 1 || threads > THREADS_MAX) return 64;
    unsigned char *out = NULL;
    for (int round = 0; round < rounds; round++) {
        struct ti_plan *plan = plan_of(argv[1], argv[2], argv[3], round);
        const size_t bytes = (size_t)ti_plan_info(plan)->body_bytes;
        if (!out && !(out = malloc(bytes))) fail("no memory");
        memset(out, 0, bytes); /* touch the pages: a peer's tensor has them, too */
        measure(plan, out, threads, best);
        ti_plan_free(plan);
    }
    printf("%.4f\t%.4f\n", best[0], best[1]);
    free(out);
    return 0;
}
