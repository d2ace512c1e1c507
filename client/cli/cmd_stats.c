/* SPDX-License-Identifier: MIT */
/* tensorinit stats: statistics of the values beside the plan's, and a histogram. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/json_print.h"

#define BAR_WIDTH 50
/* The summary has more bins than a terminal has lines. */
#define ROWS 16

static void print_histogram(const struct ti_stats_summary *summary) {
    uint64_t rows[ROWS] = {0}, max = 1;
    for (int i = 0; i < TI_STATS_BINS; i++) {
        rows[i * ROWS / TI_STATS_BINS] += summary->bins[i];
    }
    for (int i = 0; i < ROWS; i++) {
        if (rows[i] > max) max = rows[i];
    }
    putchar('\n');
    for (int i = 0; i < ROWS; i++) {
        const int bar = (int)((double)rows[i] * BAR_WIDTH / (double)max + 0.5);
        /* A label of the axis, not a result: rounded. high - low may overflow. */
        const double part = (double)i / ROWS;
        printf("%12.5g ", summary->bins_low * (1 - part) + summary->bins_high * part);
        for (int k = 0; k < bar; k++) putchar('#');
        printf(" %" PRIu64 "\n", rows[i]);
    }
}

static void print_number(const char *label, double value) {
    char text[TI_NUMBER_TEXT_BYTES];
    ti_number_text(value, text);
    printf("%-10s %s\n", label, text);
}

/* A fixed pattern promises neither mean nor std. */
static void print_pair(const char *label, double value, double promised) {
    char left[TI_NUMBER_TEXT_BYTES], right[TI_NUMBER_TEXT_BYTES];
    if (isnan(promised)) {
        print_number(label, value);
        return;
    }
    ti_number_text(value, left);
    ti_number_text(promised, right);
    printf("%-10s %-24s %s\n", label, left, right);
}

static void print_summary(const struct ti_stats_summary *summary,
                          const struct ti_plan_info *info) {
    printf("%-10s %-24s %s\n", "", "values", "promised");
    printf("%-10s %" PRIu64 "\n", "count", summary->count);
    print_pair("mean", summary->mean, info->mean);
    print_pair("std", summary->std, info->std);
    print_pair("min", summary->min, info->low);
    print_pair("max", summary->max, info->high);
    print_number("skewness", summary->skewness);
    print_number("kurtosis", summary->kurtosis);
    printf("%-10s %" PRIu64 "\n", "zeros", summary->zeros);
    if (summary->has_ks) print_number("ks", summary->ks);
    if (summary->count > 0) print_histogram(summary);
}

/* Elements of a task: enough that a merge costs nothing beside it. */
#define TASK_ELEMS ((uint64_t)1 << 18)

struct work {
    const struct cli_tensor *tensor;
    struct ti_stats *stats;
    uint64_t elems, next_elem;
    /* Elements that are merged, in order. */
    uint64_t merged;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* Takes the next task; false if there is none. */
static bool take_task(struct work *work, uint64_t *first, uint64_t *count) {
    pthread_mutex_lock(&work->lock);
    const uint64_t left = work->elems - work->next_elem;
    *first = work->next_elem;
    *count = left < TASK_ELEMS ? left : TASK_ELEMS;
    work->next_elem += *count;
    pthread_mutex_unlock(&work->lock);
    return *count > 0;
}

/* Merges a task's statistics when those before it are merged. */
static void merge_in_order(struct work *work, struct ti_stats *part, uint64_t first,
                           uint64_t count) {
    pthread_mutex_lock(&work->lock);
    while (work->merged != first) pthread_cond_wait(&work->changed, &work->lock);
    if (ti_stats_merge(work->stats, part) != TI_OK) abort(); /* cannot happen */
    work->merged += count;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

static void *run_tasks(void *argument) {
    struct work *work = argument;
    struct ti_stats *part = NULL;
    struct ti_error error;
    void *workspace = NULL;
    uint64_t first, count;
    if (ti_workspace_make(work->tensor->plan, &workspace, &error) == TI_OK &&
        ti_stats_make_part(work->tensor->plan, TASK_ELEMS, &part) == TI_OK) {
        while (take_task(work, &first, &count)) {
            if (ti_stats_add(part, first, count, workspace) != TI_OK) abort();
            merge_in_order(work, part, first, count);
        }
    }
    ti_stats_free(part);
    ti_workspace_free(workspace);
    return NULL;
}

/* Adds all elements, with all threads; false if memory runs out. */
static bool add_all(const struct cli_tensor *tensor, struct ti_stats *stats) {
    struct work work = {
        .tensor = tensor, .stats = stats, .elems = ti_plan_info(tensor->plan)->elems};
    const uint64_t tasks = work.elems / TASK_ELEMS + 1;
    pthread_mutex_init(&work.lock, NULL);
    pthread_cond_init(&work.changed, NULL);
    cli_threads_run(tensor->threads < tasks ? tensor->threads : (unsigned)tasks,
                    run_tasks, &work);
    pthread_cond_destroy(&work.changed);
    pthread_mutex_destroy(&work.lock);
    return work.merged == work.elems;
}

int cli_stats(struct cli_options *options) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    struct ti_stats *stats = NULL;
    struct cli_tensor tensor;
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    code = cli_tensor_factorize(&tensor);
    if (code == 0 &&
        (ti_stats_make(tensor.plan, &stats) != TI_OK || !add_all(&tensor, stats) ||
         ti_stats_get(stats, &summary) != TI_OK)) {
        code = cli_fail_memory();
    }
    if (code == 0 && options->as_json) {
        code = cli_json_stats(info, &summary);
    } else if (code == 0) {
        print_summary(&summary, info);
    }
    ti_stats_free(stats);
    cli_tensor_close(&tensor);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
