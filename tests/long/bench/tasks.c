/* SPDX-License-Identifier: MIT */
/*
 * tasks QUERY: how long the tasks are in which a reader has a tensor computed
 * (ti_plan_prepare()), for 2 ms each by the plan's estimate: number, median and longest, in
 * milliseconds of processor time, each task the best of some passes: on a shared machine the
 * others measure the neighbours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/tensorinit.h>

#define PASSES 3
#define TASKS_MAX 100000
#define TASK_NS 2e6

/* What is read of a tensor, at most, in milliseconds. */
#define PASS_MS 3000

static double took_ms[TASKS_MAX];

static void check(enum ti_status status) {
    if (status == TI_OK) return;
    fprintf(stderr, "bench: %s\n", ti_status_name(status));
    exit(1);
}

static double processor_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct ti_plan *plan_of(const char *query) {
    struct ti_spec *spec;
    struct ti_plan *plan;
    check(ti_spec_make(&spec));
    check(ti_spec_set_query(spec, query, strlen(query), NULL));
    check(ti_plan_make(spec, &plan, NULL));
    ti_spec_free(spec);
    return plan;
}

/* The number of tasks. */
static size_t read_pass(const struct ti_plan *plan, bool first) {
    const uint64_t elems = ti_plan_info(plan)->elems;
    const double begin = processor_ms();
    void *workspace;
    size_t task = 0;
    check(ti_workspace_make(plan, &workspace, NULL));
    for (uint64_t at = 0, count; at < elems && task < TASKS_MAX; at += count, task++) {
        const double start = processor_ms();
        check(ti_plan_prepare(plan, at, elems, TASK_NS, workspace, &count));
        const double took = processor_ms() - start;
        if (first || took < took_ms[task]) took_ms[task] = took;
        if (first && start - begin > PASS_MS) break;
    }
    ti_workspace_free(workspace);
    return task;
}

int main(int argc, char **argv) {
    struct ti_factor *factor;
    if (argc != 2) return 64;
    struct ti_plan *plan = plan_of(argv[1]);
    check(ti_factor_make(plan, &factor, NULL));
    ti_factor_run_all(factor);
    check(ti_plan_use(plan, factor));
    const size_t tasks = read_pass(plan, true);
    for (int pass = 1; pass < PASSES; pass++) read_pass(plan, false);
    qsort(took_ms, tasks, sizeof *took_ms, compare);
    if (tasks > 0)
        printf("%zu\t%.2f\t%.2f\n", tasks, took_ms[tasks / 2], took_ms[tasks - 1]);
    ti_plan_free(plan);
    ti_factor_free(factor);
    return 0;
}
