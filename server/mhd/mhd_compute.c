/* SPDX-License-Identifier: MIT */
/*
 * Sends bodies that take long to compute (reply.h, 'computes'). Their blocks are computed by
 * the threads of a pool, one block ahead of what is being sent; while the next block is not
 * ready the connection is suspended, so that libmicrohttpd forgets it.
 *
 * The rules of libmicrohttpd, and how they are kept:
 *
 * - A connection is suspended in a callback of its own, the reader here, which then may
 *   return 0. It is resumed by its worker, never by the thread that computes: what is ready
 *   is put into a list of the worker, which is woken. So nothing is resumed that is not
 *   suspended, or has ended.
 * - It must be resumed before the daemon is stopped: tid_computed_resume_all().
 * - A suspended connection is not polled. The worker watches it itself, for the client that
 *   goes away, in an epoll set of its own. Whoever ends only his own direction (shutdown())
 *   is taken for gone as well: the two look the same until something is sent.
 * - A body that the reader ends, right after the connection has been resumed, closes the
 *   connection, but neither an event nor anything else has libmicrohttpd clean up after it:
 *   the connections with a timeout of their own, though, are all looked at in every turn.
 *   So these connections get one, too long to matter, and the worker makes one more turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/mhd/mhd_internal.h"
#include "server/work/factor_cache.h"

/*
 *   MORE     the next block is still to be submitted
 *   BUSY     it waits for the claim, or for a thread, or is being computed
 *   READY    'made' holds it, sent as far as 'made_from'
 *   FAILED   it could not be computed
 */
enum state { MORE, BUSY, READY, FAILED };

/*
 * A body while it is sent. The worker's thread owns it, but for what the job reads and
 * writes while it runs: 'stream.state', 'offset' and what was made.
 *
 *   submitted  the job has been submitted for this block; set by whoever does it, before
 *              tid_lease_forget() returns
 *   finished   'done' of the job has been called; under the worker's 'ready_lock'
 *   abandoned  the connection has ended meanwhile: the job frees it; under the same
 */
struct tid_computed {
    struct tid_job job; /* first: the job is the body */
    struct tid_stream stream;
    struct tid_connection *connection;
    struct tid_worker *worker;
    struct MHD_Connection *mhd;
    _Atomic uint64_t *counter;
    enum state state;
    bool suspended, gone;
    bool submitted, finished, abandoned;
    bool ok;
    struct tid_computed *next_ready;
    struct tid_computed *next, *previous; /* of the suspended ones */
    uint64_t offset;
    size_t block_bytes, made_from, made_to;
    unsigned char made[];
};

/* A timeout of its own, in seconds; see above. */
#define TIMEOUT_SECONDS 2000000U

static bool is_sized(const struct tid_computed *computed) {
    return computed->stream.bytes != TID_STREAM_UNKNOWN;
}

static struct tid_pool *pool_of(const struct tid_computed *computed) {
    return computed->worker->shared->context->pool;
}

static void destroy(struct tid_computed *computed) {
    computed->stream.free(computed->stream.state);
    free(computed);
}

/* The job: the next block. */
static void block_run(struct tid_job *job, size_t piece) {
    struct tid_computed *computed = (struct tid_computed *)(void *)job;
    const struct tid_stream *stream = &computed->stream;

    (void)piece;
    computed->made_from = 0;
    if (!is_sized(computed)) {
        computed->ok = stream->next(stream->state, TID_STREAM_ROOM_MIN, computed->made,
                                    &computed->made_to);
        return;
    }
    const uint64_t left = stream->bytes - computed->offset;
    computed->made_to =
        left < computed->block_bytes ? (size_t)left : computed->block_bytes;
    computed->ok =
        stream->read(stream->state, computed->offset, computed->made_to, computed->made);
    computed->offset += computed->made_to;
}

/* Hands the block to the worker, who is not freed before 'jobs' has gone back. */
static void block_done(struct tid_job *job) {
    struct tid_computed *computed = (struct tid_computed *)(void *)job;
    struct tid_worker *worker = computed->worker;

    pthread_mutex_lock(&worker->ready_lock);
    const bool abandoned = computed->abandoned;
    computed->finished = true;
    if (!abandoned) {
        computed->next_ready = worker->ready;
        worker->ready = computed;
        atomic_fetch_add_explicit(&worker->ready_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&worker->ready_lock);
    /* Not under the lock: the worker preempts this thread to take it. */
    if (abandoned)
        destroy(computed);
    else
        eventfd_write(worker->wake_fd, 1);
    atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
}

static void block_submit(void *argument) {
    struct tid_computed *computed = argument;

    computed->submitted = true;
    atomic_fetch_add_explicit(&computed->worker->jobs, 1, memory_order_relaxed);
    tid_pool_submit(pool_of(computed), &computed->job);
}

/* Has the next block computed, once what it needs is. */
static void block_begin(struct tid_computed *computed) {
    computed->state = BUSY;
    computed->submitted = false;
    computed->finished = false;
    if (computed->stream.claim == NULL ||
        tid_lease_wait(computed->stream.claim, block_submit, computed))
        block_submit(computed);
}

/* False if no block will come: then 'computed' is the caller's. */
static bool block_abandon(struct tid_computed *computed) {
    struct tid_worker *worker = computed->worker;

    if (computed->state != BUSY) return false;
    if (computed->stream.claim != NULL) tid_lease_forget(computed->stream.claim);
    if (!computed->submitted) return false;
    if (tid_pool_cancel(pool_of(computed), &computed->job)) {
        atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
        return false;
    }
    pthread_mutex_lock(&worker->ready_lock);
    const bool finished = computed->finished;
    if (finished) {
        struct tid_computed **link = &worker->ready;
        while (*link != computed) link = &(*link)->next_ready;
        *link = computed->next_ready;
        atomic_fetch_sub_explicit(&worker->ready_count, 1, memory_order_relaxed);
    }
    computed->abandoned = !finished;
    pthread_mutex_unlock(&worker->ready_lock);
    return !finished;
}

static bool watch_set(struct tid_computed *computed, int operation, bool for_end) {
    struct epoll_event event = {.events = for_end ? EPOLLRDHUP : 0, .data.ptr = computed};

    return epoll_ctl(computed->worker->gone_fd, operation, computed->connection->fd,
                     &event) == 0;
}

static bool is_read_ended(const struct tid_computed *computed) {
    return atomic_load(&computed->connection->watch.read_ended);
}

/* False if the client could not be watched, for want of memory. */
static bool suspend(struct tid_computed *computed) {
    struct tid_worker *worker = computed->worker;

    if (!watch_set(computed, EPOLL_CTL_ADD, !is_read_ended(computed))) return false;
    tid_watch_enter(&computed->connection->watch, TID_PHASE_COMPUTE);
    computed->suspended = true;
    computed->previous = NULL;
    computed->next = worker->suspended;
    if (computed->next != NULL) computed->next->previous = computed;
    worker->suspended = computed;
    MHD_suspend_connection(computed->mhd);
    return true;
}

static void resume(struct tid_computed *computed) {
    struct tid_worker *worker = computed->worker;

    watch_set(computed, EPOLL_CTL_DEL, false);
    computed->suspended = false;
    if (computed->previous != NULL)
        computed->previous->next = computed->next;
    else
        worker->suspended = computed->next;
    if (computed->next != NULL) computed->next->previous = computed->previous;
    tid_watch_enter(&computed->connection->watch, TID_PHASE_REPLY);
    MHD_resume_connection(computed->mhd);
}

static ssize_t end(struct tid_computed *computed, bool whole) {
    computed->worker->turn_again = true;
    return whole ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* What libmicrohttpd calls for more of the body. */
static ssize_t computed_read(void *state, uint64_t offset, char *out, size_t room) {
    struct tid_computed *computed = state;

    (void)offset;
    if (computed->gone) return end(computed, false);
    if (computed->state == MORE) block_begin(computed);
    if (computed->state == BUSY) return suspend(computed) ? 0 : end(computed, false);
    if (computed->state == FAILED) return end(computed, false);
    if (computed->made_to == 0) return end(computed, true);

    tid_watch_enter(&computed->connection->watch, TID_PHASE_REPLY);
    size_t count = computed->made_to - computed->made_from;
    if (count > room) count = room;
    memcpy(out, computed->made + computed->made_from, count);
    computed->made_from += count;
    tid_count(computed->counter, count);
    if (computed->made_from == computed->made_to) {
        computed->state = MORE;
        if (!is_sized(computed) || computed->offset < computed->stream.bytes)
            block_begin(computed);
    }
    return (ssize_t)count;
}

static void computed_free(void *state) {
    struct tid_computed *computed = state;

    tid_block_give(computed->worker->shared, 2 * computed->block_bytes);
    if (!block_abandon(computed)) destroy(computed);
}

struct MHD_Response *tid_computed_response(struct tid_connection *connection,
                                           struct MHD_Connection *mhd,
                                           const struct tid_stream *stream) {
    struct tid_shared *shared = connection->worker->shared;
    const bool sized = stream->bytes != TID_STREAM_UNKNOWN;
    const size_t block_bytes = tid_block_take(shared, sized ? stream->bytes : 0, 2);
    struct tid_computed *computed =
        malloc(sizeof *computed + (sized ? block_bytes : TID_STREAM_ROOM_MIN));
    struct MHD_Response *response = NULL;

    if (computed != NULL) {
        memset(computed, 0, sizeof *computed);
        computed->job =
            (struct tid_job){.task_count = 1, .run = block_run, .done = block_done};
        computed->stream = *stream;
        computed->connection = connection;
        computed->worker = connection->worker;
        computed->mhd = mhd;
        computed->counter =
            &connection->worker->counters->bytes[tid_route_find(&connection->request)];
        computed->block_bytes = block_bytes;
        MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, TIMEOUT_SECONDS);
        connection->has_timeout = true;
        response =
            MHD_create_response_from_callback(sized ? stream->bytes : MHD_SIZE_UNKNOWN,
                                              sized ? block_bytes : TID_PLAIN_BLOCK_BYTES,
                                              computed_read, computed, computed_free);
    }
    if (response == NULL) {
        tid_block_give(shared, 2 * block_bytes);
        free(computed);
    }
    return response;
}

void tid_computed_ready(struct tid_worker *worker) {
    pthread_mutex_lock(&worker->ready_lock);
    struct tid_computed *list = worker->ready;
    worker->ready = NULL;
    atomic_store_explicit(&worker->ready_count, 0, memory_order_relaxed);
    pthread_mutex_unlock(&worker->ready_lock);

    for (; list != NULL; list = list->next_ready) {
        list->state = list->ok ? READY : FAILED;
        if (list->suspended) resume(list);
    }
}

void tid_computed_gone(struct tid_worker *worker) {
    struct epoll_event events[64];
    const int count = epoll_wait(worker->gone_fd, events, 64, 0);

    for (int i = 0; i < count; i++) {
        struct tid_computed *computed = events[i].data.ptr;
        /* At a drain we end the client's direction ourselves (deadlines.c). */
        if (events[i].events == EPOLLRDHUP && is_read_ended(computed)) {
            watch_set(computed, EPOLL_CTL_MOD, false);
            continue;
        }
        computed->gone = true;
        resume(computed);
    }
}

void tid_computed_resume_all(struct tid_worker *worker) {
    while (worker->suspended != NULL) {
        worker->suspended->gone = true;
        resume(worker->suspended);
    }
}
