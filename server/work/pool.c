/* SPDX-License-Identifier: MIT */
/*
 * The pool: a list of shares, the one that has used least time first, each with round-robin
 * queues of jobs, one for each level, that have turns. A thread starts one task of the first
 * job of a queue and puts the job back at the end of the one that it belongs to by then. See
 * pool.h.
 *
 * Shares are as in start-time fair queueing (Goyal, Vin and Cheng, 1996), with the time that
 * tasks really took: a share that was without jobs starts at the pool's clock, the time of
 * the share that was served last, so that it neither waits nor has saved up turns.
 */
#include "server/work/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "server/work/clock.h"
#include "server/work/thread.h"

struct tid_pool {
    pthread_mutex_t lock; /* of everything below but the threads */
    pthread_cond_t wake;  /* a job was queued, or the pool stops */
    TAILQ_HEAD(tid_share_list, tid_share) shares; /* with queued jobs, by used_ns */
    struct tid_share common;                      /* of jobs without one */
    uint64_t clock_ns; /* used_ns of the share that was served last */
    uint64_t queued;   /* jobs in all queues */
    uint64_t running;  /* tasks */
    uint64_t busy_ns;
    bool stopping;
    unsigned thread_count;
    pthread_t threads[];
};

/*
 * What a task counts for while it runs, before its time is known: else a share with many
 * jobs would get all threads at once.
 */
#define TASK_NS 2000000

void tid_share_init(struct tid_share *share) {
    *share = (struct tid_share){0};
    for (unsigned i = 0; i < TID_POOL_LEVELS; i++) TAILQ_INIT(&share->queues[i]);
}

/* Most shares have used about as much as others: the place is near the end. */
static void share_insert(struct tid_pool *pool, struct tid_share *share) {
    struct tid_share *before;
    TAILQ_FOREACH_REVERSE(before, &pool->shares, tid_share_list, link) {
        if (before->used_ns <= share->used_ns) break;
    }
    if (before)
        TAILQ_INSERT_AFTER(&pool->shares, before, share, link);
    else
        TAILQ_INSERT_HEAD(&pool->shares, share, link);
}

static void share_set_used(struct tid_pool *pool, struct tid_share *share,
                           uint64_t used_ns) {
    share->used_ns = used_ns;
    if (share->queued == 0) return;
    TAILQ_REMOVE(&pool->shares, share, link);
    share_insert(pool, share);
}

static void enqueue(struct tid_pool *pool, struct tid_job *job) {
    struct tid_share *share = job->share;
    job->level =
        (job->used_ns > TID_POOL_LEVEL_0_NS) + (job->used_ns > TID_POOL_LEVEL_1_NS);
    TAILQ_INSERT_TAIL(&share->queues[job->level], job, link);
    pool->queued++;
    if (share->queued++ > 0) return;
    if (share->used_ns < pool->clock_ns) share->used_ns = pool->clock_ns;
    share_insert(pool, share);
}

static void dequeue(struct tid_pool *pool, struct tid_job *job) {
    struct tid_share *share = job->share;
    TAILQ_REMOVE(&share->queues[job->level], job, link);
    pool->queued--;
    if (--share->queued == 0) TAILQ_REMOVE(&pool->shares, share, link);
}

/* The job whose turn it is; there is one. */
static struct tid_job *next_job(struct tid_pool *pool) {
    struct tid_share *share = TAILQ_FIRST(&pool->shares);
    struct tid_job *job = TAILQ_FIRST(&share->queues[share->turn]);
    share->turn = (share->turn + 1) % TID_POOL_LEVELS;
    for (unsigned level = 0; !job; level++) job = TAILQ_FIRST(&share->queues[level]);
    return job;
}

/* Runs the next task of a job. Called, and returns, with the lock held. */
static void run_next(struct tid_pool *pool) {
    struct tid_job *job = next_job(pool);
    struct tid_share *share = job->share;
    const size_t task = job->started++;
    if (share->used_ns > pool->clock_ns) pool->clock_ns = share->used_ns;
    share_set_used(pool, share, share->used_ns + TASK_NS);
    dequeue(pool, job);
    if (job->started < job->task_count) enqueue(pool, job);
    job->running++;
    pool->running++;
    pthread_mutex_unlock(&pool->lock);

    const uint64_t start_ns = tid_clock_thread_ns();
    job->run(job, task);
    const uint64_t took_ns = tid_clock_thread_ns() - start_ns;

    pthread_mutex_lock(&pool->lock);
    pool->busy_ns += took_ns;
    pool->running--;
    job->running--;
    job->used_ns += took_ns;
    share_set_used(pool, share, share->used_ns - TASK_NS + took_ns);
    if (job->running > 0 || job->started < job->task_count) return;
    job->active = false;
    pthread_mutex_unlock(&pool->lock);
    job->done(job);
    pthread_mutex_lock(&pool->lock);
}

/*
 * Nice 10 more than the process has is a tenth of a worker's weight: with all processors computing, a response of 4
 * KiB still takes 0.1 ms in the median and 5 ms at worst. SCHED_IDLE would yield to every
 * other process of the machine as well, so that a worker could wait long for a lock that
 * such a thread holds.
 */
static void lower_priority(void) {
#ifdef __linux__
    /* On Linux both are about the calling thread only. Beyond 19 the kernel takes 19. */
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 10);
#endif
}

static void *thread_run(void *argument) {
    struct tid_pool *pool = argument;
    tid_thread_begin("compute");
    lower_priority();
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        if (pool->queued == 0)
            pthread_cond_wait(&pool->wake, &pool->lock);
        else
            run_next(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct tid_pool *tid_pool_start(unsigned thread_count) {
    struct tid_pool *pool =
        calloc(1, sizeof *pool + thread_count * sizeof pool->threads[0]);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    TAILQ_INIT(&pool->shares);
    tid_share_init(&pool->common);
    while (pool->thread_count < thread_count) {
        const int error =
            tid_thread_create(&pool->threads[pool->thread_count], thread_run, pool);
        if (error != 0) {
            tid_pool_stop(pool);
            errno = error;
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

void tid_pool_stop(struct tid_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void tid_pool_submit(struct tid_pool *pool, struct tid_job *job) {
    job->started = 0;
    job->running = 0;
    job->active = true;
    if (!job->share) job->share = &pool->common;
    pthread_mutex_lock(&pool->lock);
    enqueue(pool, job);
    if (job->task_count > 1)
        pthread_cond_broadcast(&pool->wake);
    else
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

bool tid_pool_cancel(struct tid_pool *pool, struct tid_job *job) {
    pthread_mutex_lock(&pool->lock);
    const bool was_active = job->active;
    if (was_active) {
        if (job->started < job->task_count) dequeue(pool, job);
        job->started = job->task_count;
        job->active = job->running > 0;
    }
    const bool cancelled = was_active && !job->active;
    pthread_mutex_unlock(&pool->lock);
    return cancelled;
}

struct tid_pool_load tid_pool_load(struct tid_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    const struct tid_pool_load load = {
        .queued = pool->queued,
        .running = pool->running,
        .busy_ms = pool->busy_ns / 1000000,
    };
    pthread_mutex_unlock(&pool->lock);
    return load;
}
