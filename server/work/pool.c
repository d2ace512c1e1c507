/* SPDX-License-Identifier: MIT */
/*
 * The pool: a ring of jobs, from whose front every thread takes one piece and puts the job
 * back at its end. See compute.h.
 */
#include "server/work/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "server/work/thread.h"

struct tid_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct tid_job *first, *last;
    uint64_t queued, running, busy_ns;
    bool stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static void put_last(struct tid_pool *compute, struct tid_job *job) {
    job->next = NULL;
    job->previous = compute->last;
    if (compute->last != NULL)
        compute->last->next = job;
    else
        compute->first = job;
    compute->last = job;
    compute->queued++;
}

static void take_out(struct tid_pool *compute, struct tid_job *job) {
    if (job->previous != NULL)
        job->previous->next = job->next;
    else
        compute->first = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    else
        compute->last = job->previous;
    compute->queued--;
}

static uint64_t now_ns(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Runs the next piece of the job that is first; called, and returns, with the lock held. */
static void turn(struct tid_pool *compute) {
    struct tid_job *job = compute->first;
    const size_t piece = job->started++;

    take_out(compute, job);
    if (job->started < job->pieces) put_last(compute, job);
    job->running++;
    compute->running++;
    pthread_mutex_unlock(&compute->lock);

    const uint64_t began = now_ns();
    job->run(job, piece);
    const uint64_t took = now_ns() - began;

    pthread_mutex_lock(&compute->lock);
    compute->busy_ns += took;
    compute->running--;
    job->running--;
    if (job->running > 0 || job->started < job->pieces) return;
    job->active = false;
    pthread_mutex_unlock(&compute->lock);
    job->done(job);
    pthread_mutex_lock(&compute->lock);
}

/*
 * A tenth of a worker's weight: with all processors computing, an answer of 4 KiB still takes
 * 0.1 ms in the median and 5 ms at worst. The policy SCHED_IDLE would give way at once, but to
 * anything else on the machine as well, and for so long that a worker would wait for a lock
 * that such a thread holds.
 */
static void give_way(void) {
#ifdef __linux__
    setpriority(PRIO_PROCESS, 0, 10); /* of this thread alone, on Linux */
#endif
}

static void *compute_run(void *argument) {
    struct tid_pool *compute = argument;

    tid_thread_begin("compute");
    give_way();
    pthread_mutex_lock(&compute->lock);
    while (!compute->stopping) {
        if (compute->first != NULL)
            turn(compute);
        else
            pthread_cond_wait(&compute->wake, &compute->lock);
    }
    pthread_mutex_unlock(&compute->lock);
    return NULL;
}

struct tid_pool *tid_pool_start(unsigned thread_count) {
    struct tid_pool *compute =
        calloc(1, sizeof *compute + thread_count * sizeof compute->threads[0]);

    if (compute == NULL) return NULL;
    pthread_mutex_init(&compute->lock, NULL);
    pthread_cond_init(&compute->wake, NULL);
    while (compute->thread_count < thread_count) {
        const int error = pthread_create(&compute->threads[compute->thread_count], NULL,
                                         compute_run, compute);
        if (error != 0) {
            tid_pool_stop(compute);
            errno = error;
            return NULL;
        }
        compute->thread_count++;
    }
    return compute;
}

void tid_pool_stop(struct tid_pool *compute) {
    if (compute == NULL) return;
    pthread_mutex_lock(&compute->lock);
    compute->stopping = true;
    pthread_cond_broadcast(&compute->wake);
    pthread_mutex_unlock(&compute->lock);
    for (unsigned i = 0; i < compute->thread_count; i++)
        pthread_join(compute->threads[i], NULL);
    pthread_cond_destroy(&compute->wake);
    pthread_mutex_destroy(&compute->lock);
    free(compute);
}

void tid_pool_submit(struct tid_pool *compute, struct tid_job *job) {
    job->started = 0;
    job->running = 0;
    job->active = true;
    pthread_mutex_lock(&compute->lock);
    put_last(compute, job);
    if (job->pieces > 1)
        pthread_cond_broadcast(&compute->wake);
    else
        pthread_cond_signal(&compute->wake);
    pthread_mutex_unlock(&compute->lock);
}

bool tid_pool_cancel(struct tid_pool *compute, struct tid_job *job) {
    pthread_mutex_lock(&compute->lock);
    const bool active = job->active;
    if (active) {
        if (job->started < job->pieces) take_out(compute, job);
        job->started = job->pieces;
        job->active = job->running > 0;
    }
    const bool ours = active && !job->active;
    pthread_mutex_unlock(&compute->lock);
    return ours;
}

struct tid_pool_load tid_pool_load(struct tid_pool *compute) {
    pthread_mutex_lock(&compute->lock);
    const struct tid_pool_load load = {compute->queued, compute->running,
                                       compute->busy_ns / 1000000};
    pthread_mutex_unlock(&compute->lock);
    return load;
}
