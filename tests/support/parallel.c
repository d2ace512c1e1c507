/* SPDX-License-Identifier: MIT */
/* Threads that take chunks until there are none: see parallel.h. */
#include "support/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 64

struct job {
    uint64_t chunks;
    _Atomic uint64_t next;
    void (*work)(void *context, uint64_t chunk);
    void *context;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void parallel_lock(void) { pthread_mutex_lock(&lock); }
void parallel_unlock(void) { pthread_mutex_unlock(&lock); }

static void *run_chunks(void *argument) {
    struct job *job = argument;
    uint64_t chunk;
    while ((chunk = atomic_fetch_add(&job->next, 1)) < job->chunks) {
        job->work(job->context, chunk);
    }
    return NULL;
}

void parallel(uint64_t chunks, void (*work)(void *context, uint64_t chunk),
              void *context) {
    struct job job = {chunks, 0, work, context};
    pthread_t thread[THREADS_MAX];
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;
    while (started < THREADS_MAX && started + 1 < online &&
           pthread_create(&thread[started], NULL, run_chunks, &job) == 0) {
        started++;
    }
    run_chunks(&job);
    while (started > 0) pthread_join(thread[--started], NULL);
}
