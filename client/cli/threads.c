/* SPDX-License-Identifier: MIT */
/* How many threads compute, and running a function in that many. */
#define _GNU_SOURCE /* sched_getaffinity(), CPU_ALLOC() */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* More processors than the kernel supports. */
#define CPUS_MAX 8192

unsigned cli_threads_usable(void) {
    const size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    int count = 0;
    if (set && sched_getaffinity(0, bytes, set) == 0) count = CPU_COUNT_S(bytes, set);
    CPU_FREE(set);
    if (count < 1) return 1;
    return count < CLI_THREADS_MAX ? (unsigned)count : CLI_THREADS_MAX;
}

void cli_threads_run(unsigned count, void *(*run)(void *), void *state) {
    pthread_t threads[CLI_THREADS_MAX];
    unsigned started = 0;
    while (started + 1 < count &&
           pthread_create(&threads[started], NULL, run, state) == 0) {
        started++;
    }
    run(state);
    while (started > 0) pthread_join(threads[--started], NULL);
}
