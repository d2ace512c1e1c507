/* SPDX-License-Identifier: MIT */
/*
 * Threads for what takes long, so that the threads that poll connections never do it. Who
 * has something to compute submits a job, a number of pieces of some milliseconds each. The
 * jobs take turns, a piece a turn, so that a short one does not wait for the end of a long
 * one; the pieces of a job may run at the same time.
 *
 * Nothing here knows what is computed: mhd_compute.c computes blocks of bodies, setups.c
 * what they need before.
 */
#ifndef TID_COMPUTE_H
#define TID_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tid_pool;

/*
 * Part of what the submitter keeps, who sets the first three members:
 *
 *   pieces  1 or more
 *   run     computes one of them; each is run once, in any order
 *   done    called once when no piece is left to run and none is running, by a thread of
 *           the pool that holds no lock. It may submit the job again, or free it.
 */
struct tid_job {
    size_t pieces;
    void (*run)(struct tid_job *job, size_t piece);
    void (*done)(struct tid_job *job);
    /* The pool's. */
    struct tid_job *next, *previous;
    size_t started;
    unsigned running;
    bool active;
};

/*
 * Starts so many threads. They give way to others of this process, so that an answer that
 * needs no computing is about as fast as ever. NULL, with 'errno'
 * set, if that fails.
 */
struct tid_pool *tid_pool_start(unsigned thread_count);

/*
 * Ends the threads, after the pieces that they are at, and frees the pool. Whoever has
 * submitted a job must have cancelled it, or it is forgotten. NULL is allowed.
 */
void tid_pool_stop(struct tid_pool *compute);

/* Queues a job that is not queued. From any thread; never blocks for long. */
void tid_pool_submit(struct tid_pool *compute, struct tid_job *job);

/*
 * Starts no further piece of a job that has been submitted. True if 'done' has not been
 * called and will not be: the job is the caller's again. False if it has been called, is
 * being called, or will be once the pieces that are running have ended.
 */
bool tid_pool_cancel(struct tid_pool *compute, struct tid_job *job);

/* For /metrics: jobs with pieces that wait for a thread; pieces that run; time spent. */
struct tid_pool_load {
    uint64_t queued;
    uint64_t running;
    uint64_t busy_ms;
};

struct tid_pool_load tid_pool_load(struct tid_pool *compute);

#endif
