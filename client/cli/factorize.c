/* SPDX-License-Identifier: MIT */
/* Computes the factorization that a tensor needs, with several threads. */
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

int cli_factorize(const struct ti_plan *plan, unsigned threads,
                  struct ti_factor **factor) {
    struct ti_error error;
    if (ti_factor_make(plan, factor, &error) != TI_OK) return cli_fail(&error);
    for (unsigned i = 0; i < ti_factor_phases(*factor); i++) {
        struct phase phase = {*factor, i, ti_factor_tasks(*factor, i), 0};
        cli_threads_run(threads < phase.task_count ? threads : (unsigned)phase.task_count,
                        run_tasks, &phase);
    }
    return 0;
}

int cli_tensor_factorize(struct cli_tensor *tensor) {
    const int code = cli_factorize(tensor->plan, tensor->threads, &tensor->factor);
    if (code != 0) return code;
    const enum ti_status status = ti_plan_use(tensor->plan, tensor->factor);
    (void)status; /* cannot fail: it is this plan's */
    return 0;
}
