/* SPDX-License-Identifier: MIT */
/* Threads that take pieces until there are none: see parallel.h. */
#include "support/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 64

struct job {
    uint64_t pieces;
    _Atomic uint64_t next;
    void (*work)(void *context, uint64_t piece);
    void *context;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void parallel_lock(void) { pthread_mutex_lock(&lock); }
void parallel_unlock(void) { pthread_mutex_unlock(&lock); }

static void *take_pieces(void *argument) {
    struct job *job = argument;
    uint64_t piece;
    while ((piece = atomic_fetch_add(&job->next, 1)) < job->pieces) {
        job->work(job->context, piece);
    }
    return NULL;
}

void parallel(uint64_t pieces, void (*work)(void *context, uint64_t piece),
              void *context) {
    struct job job = {pieces, 0, work, context};
    pthread_t thread[THREADS_MAX];
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;
    while (started < THREADS_MAX && started + 1 < online &&
           pthread_create(&thread[started], NULL, take_pieces, &job) == 0) {
        started++;
    }
    take_pieces(&job);
    while (started > 0) pthread_join(thread[--started], NULL);
}
