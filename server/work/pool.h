/* SPDX-License-Identifier: MIT */
/*
 * A thread pool for work that takes long, so that the threads that poll connections never
 * do it. A job is a number of tasks of at most some milliseconds each; tasks of one job
 * may run at the same time.
 *
 * The pool is fair to clients first: a job belongs to the share of a client, and the share
 * that has used least processor time has the next turn, however many jobs are in it. So a
 * client with one request gets as much as one with a hundred, and a new one is
 * served at once.
 *
 * Within a share it is fair to jobs, and a job is one request's: each gets a task in turn,
 * however many it has. Jobs that have used little time yet have turns of their own, so that
 * a small request does not wait for all large ones, nor these for all small ones.
 *
 * async_body.c submits blocks of response bodies, factor_cache.c factorizations.
 */
#ifndef TID_POOL_H
#define TID_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct tid_pool;

/*
 * Jobs are in levels by the processor time that they have used: up to the first of these,
 * up to the second, and more. Each level has a third of the turns; those that it does not
 * need go to the job that has used least.
 */
#define TID_POOL_LEVELS 3
#define TID_POOL_LEVEL_0_NS 400000
#define TID_POOL_LEVEL_1_NS 1200000

TAILQ_HEAD(tid_job_list, tid_job);

/*
 * What the jobs of one client have of the pool. tid_share_init() begins it; it ends, without
 * a call, when none of its jobs is active. Its members are the pool's, guarded by its lock.
 */
struct tid_share {
    TAILQ_ENTRY(tid_share) link; /* in the pool's list while jobs are queued */
    struct tid_job_list queues[TID_POOL_LEVELS];
    unsigned queued;  /* jobs in the queues */
    unsigned turn;    /* the level whose turn it is */
    uint64_t used_ns; /* processor time, and what it missed while it had no job */
};

void tid_share_init(struct tid_share *share);

/*
 * Embedded in the submitter's own struct; the submitter sets the first three members, and
 * 'share' if there is one, and the others to 0 before the job is submitted first.
 */
struct tid_job {
    size_t task_count; /* 1 or more */
    /* Runs one task; each is run once, in any order. */
    void (*run)(struct tid_job *job, size_t task);
    /*
     * Called once, when every task has run, by a thread of the pool that holds no lock.
     * It may submit the job again, or free it.
     */
    void (*done)(struct tid_job *job);
    /* Must outlive the job while it is active. NULL: one for all jobs that have none. */
    struct tid_share *share;

    /* The pool's, guarded by its lock. */
    TAILQ_ENTRY(tid_job) link; /* in a queue while tasks are left to start */
    unsigned level;            /* which of its share's queues */
    uint64_t used_ns;          /* processor time, of all its submissions */
    size_t started;            /* tasks */
    unsigned running;          /* tasks */
    bool active;               /* submitted, and 'done' is still to be called */
};

/*
 * Starts thread_count threads at low priority, so that they do not slow down the workers.
 * NULL, with 'errno' set, on failure.
 */
struct tid_pool *tid_pool_start(unsigned thread_count);

/*
 * Ends the threads once their running tasks have ended, and frees the pool. Jobs that are
 * neither done nor cancelled are dropped without a call of 'done'. NULL is allowed.
 */
void tid_pool_stop(struct tid_pool *pool);

/* Queues a job that is not active. From any thread; never blocks for long. */
void tid_pool_submit(struct tid_pool *pool, struct tid_job *job);

/*
 * Starts no further task of a job that has been submitted. True if 'done' has not been
 * called and will not be: the caller owns the job again. False if it has been called, is
 * being called, or will be when the running tasks have ended.
 */
bool tid_pool_cancel(struct tid_pool *pool, struct tid_job *job);

/* For /metrics. */
struct tid_pool_load {
    uint64_t queued;  /* jobs with tasks that wait for a thread */
    uint64_t running; /* tasks */
    uint64_t busy_ms; /* processor time of tasks, of all threads together */
};

struct tid_pool_load tid_pool_load(struct tid_pool *pool);

#endif
