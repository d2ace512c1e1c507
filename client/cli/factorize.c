/* SPDX-License-Identifier: MIT */
/* Computes what a tensor needs before its first element, on all processors. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "client/cli/cli.h"

#define THREADS_MAX 64

/* A stage, whose pieces the threads take one by one. */
struct stage {
    struct ti_factor *factor;
    unsigned number;
    size_t pieces;
    atomic_size_t next;
};

static void *run(void *argument) {
    struct stage *stage = argument;
    for (;;) {
        const size_t piece = atomic_fetch_add(&stage->next, 1);
        if (piece >= stage->pieces) return NULL;
        ti_factor_run(stage->factor, stage->number, piece);
    }
}

static unsigned thread_count(size_t pieces) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t most = pieces < THREADS_MAX ? pieces : THREADS_MAX;
    if (processors < 1) return 1;
    return (unsigned long)processors < most ? (unsigned)processors : (unsigned)most;
}

/* This thread takes part, so that others are welcome but not needed. */
static void run_stage(struct ti_factor *factor, unsigned number) {
    struct stage stage = {factor, number, ti_factor_tasks(factor, number), 0};
    const unsigned wanted = thread_count(stage.pieces);
    pthread_t threads[THREADS_MAX];
    unsigned started = 0;
    while (started + 1 < wanted &&
           pthread_create(&threads[started], NULL, run, &stage) == 0) {
        started++;
    }
    run(&stage);
    while (started > 0) pthread_join(threads[--started], NULL);
}

int cli_tensor_set_up(struct cli_tensor *tensor) {
    struct ti_error error;
    if (ti_factor_make(tensor->plan, &tensor->factor, &error) != TI_OK)
        return cli_fail(&error);
    for (unsigned i = 0; i < ti_factor_phases(tensor->factor); i++) {
        run_stage(tensor->factor, i);
    }
    ti_plan_use(tensor->plan, tensor->factor);
    return 0;
}
