/* SPDX-License-Identifier: MIT */
/* Computes the factorization that a tensor needs, on all processors. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "client/cli/cli.h"

#define THREADS_MAX 64

/* A phase of the factorization. Each thread takes the next task until there is none. */
struct phase {
    struct ti_factor *factor;
    unsigned number;
    size_t task_count;
    atomic_size_t next_task;
};

static void *run_tasks(void *argument) {
    struct phase *phase = argument;
    for (;;) {
        const size_t task = atomic_fetch_add(&phase->next_task, 1);
        if (task >= phase->task_count) return NULL;
        ti_factor_run(phase->factor, phase->number, task);
    }
}

static unsigned thread_count(size_t task_count) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t max = task_count < THREADS_MAX ? task_count : THREADS_MAX;
    if (processors < 1) return 1;
    return (unsigned long)processors < max ? (unsigned)processors : (unsigned)max;
}

/* This thread works as well, so it is not an error if no other can be started. */
static void run_phase(struct ti_factor *factor, unsigned number) {
    struct phase phase = {factor, number, ti_factor_tasks(factor, number), 0};
    const unsigned wanted = thread_count(phase.task_count);
    pthread_t threads[THREADS_MAX];
    unsigned started = 0;
    while (started + 1 < wanted &&
           pthread_create(&threads[started], NULL, run_tasks, &phase) == 0) {
        started++;
    }
    run_tasks(&phase);
    while (started > 0) pthread_join(threads[--started], NULL);
}

int cli_tensor_factorize(struct cli_tensor *tensor) {
    struct ti_error error;
    if (ti_factor_make(tensor->plan, &tensor->factor, &error) != TI_OK) {
        return cli_fail(&error);
    }
    for (unsigned i = 0; i < ti_factor_phases(tensor->factor); i++) {
        run_phase(tensor->factor, i);
    }
    const enum ti_status status = ti_plan_use(tensor->plan, tensor->factor);
    (void)status; /* cannot fail: it is this plan's */
    return 0;
}
