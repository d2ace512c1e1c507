/* SPDX-License-Identifier: MIT */
/* Computes the factorization that a tensor needs, with all its threads. */
#include <stdatomic.h>

#include "client/cli/cli.h"

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

int cli_tensor_factorize(struct cli_tensor *tensor) {
    struct ti_error error;
    if (ti_factor_make(tensor->plan, &tensor->factor, &error) != TI_OK) {
        return cli_fail(&error);
    }
    for (unsigned i = 0; i < ti_factor_phases(tensor->factor); i++) {
        struct phase phase = {tensor->factor, i, ti_factor_tasks(tensor->factor, i), 0};
        cli_threads_run(tensor->threads < phase.task_count ? tensor->threads
                                                           : (unsigned)phase.task_count,
                        run_tasks, &phase);
    }
    const enum ti_status status = ti_plan_use(tensor->plan, tensor->factor);
    (void)status; /* cannot fail: it is this plan's */
    return 0;
}
