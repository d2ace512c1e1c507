/* SPDX-License-Identifier: MIT */
/*
 * orthogonal N DTYPE THREADS ROUNDS: seconds of a square orthogonal tensor of N rows, of its
 * setup and in all, by as many threads, through the public interface as a program would: the
 * threads take the pieces of each stage, then rows. The best of the rounds counts.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/tensorinit.h>

#define THREADS_MAX 64
#define ROWS_A_PIECE 64

struct job {
    struct ti_factor *factor;
    unsigned stage;
    const struct ti_plan *plan; /* not NULL: rows of the tensor */
    unsigned char *out;
    size_t pieces;
    atomic_size_t next;
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static void fill_rows(const struct job *job, size_t piece, void *workspace) {
    const struct ti_plan_info *info = ti_plan_info(job->plan);
    const uint64_t count = ROWS_A_PIECE * info->shape[1], first = piece * count;
    const uint64_t left = info->elems - first;
    const enum ti_status status =
        ti_plan_fill(job->plan, first, count < left ? count : left,
                     job->out + first * ti_dtype_bytes(info->dtype), workspace);
    if (status != TI_OK) fail(ti_status_name(status));
}

static void *take_pieces(void *argument) {
    struct job *job = argument;
    void *workspace = NULL;
    if (job->plan) {
        const size_t bytes = ti_plan_info(job->plan)->workspace_bytes;
        workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
        if (!workspace) fail("no memory");
    }
    for (;;) {
        const size_t piece = atomic_fetch_add(&job->next, 1);
        if (piece >= job->pieces) break;
        if (job->plan) {
            fill_rows(job, piece, workspace);
        } else {
            ti_factor_run(job->factor, job->stage, piece);
        }
    }
    free(workspace);
    return NULL;
}

static void run(struct job *job, int count) {
    pthread_t threads[THREADS_MAX];
    for (int i = 1; i < count; i++) {
        if (pthread_create(&threads[i], NULL, take_pieces, job) != 0) fail("no thread");
    }
    take_pieces(job);
    for (int i = 1; i < count; i++) pthread_join(threads[i], NULL);
}

static struct ti_plan *plan_of(const char *n, const char *dtype, int round) {
    char query[200];
    struct ti_error error;
    struct ti_spec *spec;
    struct ti_plan *plan;
    snprintf(query, sizeof query, "shape=%s,%s&scheme=orthogonal&dtype=%s&seed=%d", n, n,
             dtype, round);
    if (ti_spec_make(&spec) != TI_OK) fail("no memory");
    if (ti_spec_set_query(spec, query, strlen(query), &error) != TI_OK ||
        ti_plan_make(spec, &plan, &error) != TI_OK) {
        fail(error.text);
    }
    ti_spec_free(spec);
    return plan;
}

/* Adds what one tensor took if it is less. */
static void measure(struct ti_plan *plan, unsigned char *out, int threads,
                    double best[2]) {
    struct ti_error error;
    struct ti_factor *factor;
    const double start = seconds();
    if (ti_factor_make(plan, &factor, &error) != TI_OK) fail(error.text);
    for (unsigned stage = 0; stage < ti_factor_phases(factor); stage++) {
        struct job job = {.factor = factor, .stage = stage};
        const double from = seconds();
        job.pieces = ti_factor_tasks(factor, stage);
        run(&job, threads);
        if (getenv("VERBOSE"))
            fprintf(stderr, "stage %u: %.3f\n", stage, seconds() - from);
    }
    ti_plan_use(plan, factor);
    const double set_up = seconds() - start;
    struct job job = {.plan = plan, .out = out};
    job.pieces = (size_t)(ti_plan_info(plan)->shape[0] + ROWS_A_PIECE - 1) / ROWS_A_PIECE;
    run(&job, threads);
    const double all = seconds() - start;
    if (best[1] == 0 || all < best[1]) best[0] = set_up, best[1] = all;
    ti_factor_free(factor);
}

int main(int argc, char **argv) {
    double best[2] = {0, 0};
    if (argc != 5) return 64;
    const int threads = atoi(argv[3]), rounds = atoi(argv[4]);
    if (threads < 1 || threads > THREADS_MAX) return 64;
    unsigned char *out = NULL;
    for (int round = 0; round < rounds; round++) {
        struct ti_plan *plan = plan_of(argv[1], argv[2], round);
        const size_t bytes = (size_t)ti_plan_info(plan)->body_bytes;
        if (!out && !(out = malloc(bytes))) fail("no memory");
        memset(out, 0, bytes); /* a peer's tensor has its pages as well */
        measure(plan, out, threads, best);
        ti_plan_free(plan);
    }
    printf("%.4f\t%.4f\n", best[0], best[1]);
    free(out);
    return 0;
}
