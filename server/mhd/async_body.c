/* SPDX-License-Identifier: MIT */
/*
 * Sends bodies that take long to compute. A thread pool computes them block by block, one
 * block ahead of what is being sent. A block is one task, so it is as short as the body is
 * costly (work/pace.h), and a body that is no longer wanted ends with it. While the next
 * block is not ready the connection is suspended, which takes it out of libmicrohttpd's
 * event loop.
 *
 * The pool puts a body with a new block on the worker's 'ready' list and wakes the worker.
 */
#include "server/mhd/async_body.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "server/http/client_name.h"
#include "server/mhd/hangup.h"
#include "server/mhd/request_record.h"
#include "server/mhd/suspension.h"
#include "server/work/clients.h"
#include "server/work/clock.h"
#include "server/work/factor_cache.h"
#include "server/work/pace.h"
#include "server/work/pool.h"

enum block_state {
    BLOCK_NEEDED,  /* the next block has not been requested yet */
    BLOCK_PENDING, /* it waits for its factorization or a thread, or is being computed */
    BLOCK_READY,   /* [block_begin, block_end) of 'block' is still to be sent */
    BLOCK_FAILED,  /* it could not be computed */
};

/*
 * A body while it is sent. The worker's thread owns it, except for what the job reads and
 * writes while it runs: the stream, 'offset', 'max_bytes', 'pace', 'block_ns', 'result' and the
 * block with its bounds.
 */
struct tid_async_body {
    struct tid_job job; /* first, so that a pointer to it is one to the body */
    struct tid_stream stream;
    struct tid_client *client; /* whose share of the pool it uses */
    struct tid_connection *connection;
    struct tid_worker *worker;
    struct MHD_Connection *mhd;

    enum block_state block_state;
    /* The job is in the pool; set by block_submit() before tid_lease_forget() returns. */
    bool submitted;
    bool finished;  /* the job is done; guarded by the worker's 'ready_lock' */
    bool abandoned; /* the connection ended first: the job frees the body; same lock */
    enum tid_next result; /* of the job */
    SLIST_ENTRY(tid_async_body) ready_link;

    struct tid_pace pace;
    uint64_t offset;       /* in the body, of the block to compute next; unless unsized */
    size_t block_bytes;    /* maximum of a block */
    size_t max_bytes;      /* of the next one: 'enter' of the stream */
    size_t reserved_bytes; /* of the budget */
    uint64_t block_ns;     /* that the blocks took which have not been recorded yet */
    size_t block_begin, block_end;
    unsigned char block[];
};

static bool is_sized(const struct tid_async_body *body) {
    return body->stream.bytes != TID_STREAM_UNKNOWN;
}

static struct tid_pool *pool_of(const struct tid_async_body *body) {
    return body->worker->shared->context->pool;
}

static void body_free(struct tid_async_body *body) {
    body->stream.free(body->stream.state);
    tid_client_release(body->client);
    free(body);
}

/* Whether what 'read' copies is computed first. */
static bool is_prepared(const struct tid_stream *stream) {
    return stream->prepare && stream->lease;
}

/* The next bytes of a body with a length; none if they are not computed yet. */
static enum tid_next read_block(struct tid_async_body *body) {
    const struct tid_stream *stream = &body->stream;
    uint64_t ready = stream->bytes - body->offset;
    if (is_prepared(stream) &&
        !stream->prepare(stream->state, body->offset, ready, body->pace.task_ns, &ready))
        return TID_NEXT_FAILED;
    if (ready == 0) return TID_NEXT_MORE;
    const size_t count = ready < body->max_bytes ? (size_t)ready : body->max_bytes;
    body->block_end = tid_pace_bytes(&body->pace, stream->ns_per_byte, count);
    if (!stream->read(stream->state, body->offset, body->block_end, body->block))
        return TID_NEXT_FAILED;
    body->offset += body->block_end;
    return TID_NEXT_MORE;
}

/* The job: computes the next block. It has one task. */
static void block_run(struct tid_job *job, size_t task) {
    struct tid_async_body *body = (struct tid_async_body *)(void *)job;
    const struct tid_stream *stream = &body->stream;
    const uint64_t start_ns = tid_clock_thread_ns();
    (void)task;
    body->block_begin = 0;
    body->block_end = 0;
    body->result = is_sized(body)
                       ? read_block(body)
                       : stream->next(stream->state, body->pace.task_ns,
                                      body->block_bytes, body->block, &body->block_end);
    const uint64_t took_ns = tid_clock_thread_ns() - start_ns;
    body->block_ns += took_ns;
    /* What had been computed before tells nothing. */
    if (!is_prepared(stream) || body->block_end == 0)
        tid_pace_update(&body->pace, took_ns);
}

/* Passes the block to the worker, which still exists: worker_free() waits for 'jobs'. */
static void block_done(struct tid_job *job) {
    struct tid_async_body *body = (struct tid_async_body *)(void *)job;
    struct tid_worker *worker = body->worker;
    const bool has_news = body->result != TID_NEXT_MORE || body->block_end > 0;
    if (has_news && body->stream.lease) tid_lease_rest(body->stream.lease);
    pthread_mutex_lock(&worker->ready_lock);
    const bool abandoned = body->abandoned;
    if (!abandoned && !has_news) {
        /* With the lock, so that block_abandon() can cancel it. */
        tid_pool_submit(pool_of(body), job);
        pthread_mutex_unlock(&worker->ready_lock);
        return;
    }
    body->finished = true;
    if (!abandoned) {
        SLIST_INSERT_HEAD(&worker->ready, body, ready_link);
        atomic_fetch_add_explicit(&worker->ready_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&worker->ready_lock);
    /* After the unlock: the worker preempts this thread and takes the lock at once. */
    if (abandoned)
        body_free(body);
    else
        eventfd_write(worker->wake_fd, 1);
    atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
}

static void block_submit(void *argument) {
    struct tid_async_body *body = argument;
    body->submitted = true;
    atomic_fetch_add_explicit(&body->worker->jobs, 1, memory_order_relaxed);
    tid_pool_submit(pool_of(body), &body->job);
}

/* Sets what the next block may have, and its lease. False on failure. */
static bool block_enter(struct tid_async_body *body) {
    struct tid_stream *stream = &body->stream;
    body->max_bytes = body->block_bytes;
    if (!stream->enter) return true;
    body->max_bytes =
        stream->enter(stream->state, body->offset, body->block_bytes, &stream->lease);
    return body->max_bytes > 0;
}

/* Requests the next block. It is submitted when its factorization is complete. */
static void block_request(struct tid_async_body *body) {
    if (!block_enter(body)) {
        body->block_state = BLOCK_FAILED;
        return;
    }
    body->block_state = BLOCK_PENDING;
    body->submitted = false;
    body->finished = false;
    if (!body->stream.lease ||
        tid_lease_wait(body->stream.lease, TID_LEASE_COMPLETE, block_submit, body))
        block_submit(body);
}

/* Cancels the pending block. True if its job still runs and will free the body. */
static bool block_abandon(struct tid_async_body *body) {
    struct tid_worker *worker = body->worker;
    if (body->block_state != BLOCK_PENDING) return false;
    if (body->stream.lease) tid_lease_forget(body->stream.lease);
    if (!body->submitted) return false;
    pthread_mutex_lock(&worker->ready_lock);
    const bool finished = body->finished;
    const bool cancelled = !finished && tid_pool_cancel(pool_of(body), &body->job);
    const bool runs = !finished && !cancelled;
    if (cancelled) atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
    if (finished) {
        SLIST_REMOVE(&worker->ready, body, tid_async_body, ready_link);
        atomic_fetch_sub_explicit(&worker->ready_count, 1, memory_order_relaxed);
    }
    body->abandoned = runs;
    pthread_mutex_unlock(&worker->ready_lock);
    return runs;
}

/* Ends the body with MHD_CONTENT_READER_END_*. */
static ssize_t end(struct tid_async_body *body, ssize_t how) {
    body->worker->run_again = true;
    return how;
}

/* The content reader: libmicrohttpd calls it for up to 'capacity' more bytes. */
static ssize_t body_read(void *state, uint64_t offset, char *out, size_t capacity) {
    struct tid_async_body *body = state;
    (void)offset;
    if (body->connection->client_closed)
        return end(body, MHD_CONTENT_READER_END_WITH_ERROR);
    if (body->block_state == BLOCK_NEEDED) block_request(body);
    if (body->block_state == BLOCK_PENDING) {
        tid_suspend(body->connection, body->mhd);
        return 0;
    }
    if (body->block_state == BLOCK_FAILED) {
        body->connection->record.failed = true;
        return end(body, MHD_CONTENT_READER_END_WITH_ERROR);
    }
    if (body->result == TID_NEXT_END) return end(body, MHD_CONTENT_READER_END_OF_STREAM);

    tid_watch_enter(&body->connection->watch, TID_PHASE_RESPONSE);
    if (body->block_begin == 0) {
        tid_record_generated(body->connection, body->block_end, body->block_ns);
        body->block_ns = 0;
    }
    size_t count = body->block_end - body->block_begin;
    if (count > capacity) count = capacity;
    memcpy(out, body->block + body->block_begin, count);
    body->block_begin += count;
    tid_record_sent(body->connection, count, tid_clock_ns());
    tid_turn_count_sent(&body->worker->turn, count);
    if (body->block_begin == body->block_end) {
        body->block_state = BLOCK_NEEDED;
        if (!is_sized(body) || body->offset < body->stream.bytes) block_request(body);
    }
    return (ssize_t)count;
}

/* libmicrohttpd calls it when the response has been sent or its connection has ended. */
static void body_release(void *state) {
    struct tid_async_body *body = state;
    tid_block_budget_give(&body->worker->shared->block_budget, body->reserved_bytes);
    if (!block_abandon(body)) body_free(body);
}

/* NULL if out of memory. */
static struct tid_client *client_of(const struct tid_connection *connection) {
    const struct tid_context *context = connection->worker->shared->context;
    char name[TID_CLIENT_NAME_BYTES];
    tid_client_name_of(&connection->request, context->trusted_proxies, name);
    return tid_clients_get(context->clients, name);
}

struct MHD_Response *tid_async_body_response(struct tid_connection *connection,
                                             struct MHD_Connection *mhd,
                                             const struct tid_stream *stream) {
    struct tid_worker *worker = connection->worker;
    struct tid_block_budget *budget = &worker->shared->block_budget;
    const bool sized = stream->bytes != TID_STREAM_UNKNOWN;
    /* Two blocks: this file's and libmicrohttpd's. */
    const uint64_t task_bytes =
        sized ? tid_pace_bytes_max(stream->ns_per_byte, stream->bytes)
              : TID_STREAM_CAPACITY_MIN;
    const size_t block_bytes = tid_block_budget_take(budget, task_bytes, 2);
    struct MHD_Response *response = NULL;
    if (block_bytes == 0) return NULL;
    struct tid_async_body *body = malloc(sizeof *body + block_bytes);
    if (!body) goto fail;
    memset(body, 0, sizeof *body);
    body->client = client_of(connection);
    if (!body->client) goto fail;
    body->job = (struct tid_job){.task_count = 1,
                                 .run = block_run,
                                 .done = block_done,
                                 .share = tid_client_share(body->client)};
    body->stream = *stream;
    body->connection = connection;
    body->worker = worker;
    body->mhd = mhd;
    tid_pace_init(&body->pace);
    body->block_bytes = block_bytes;
    body->reserved_bytes = 2 * block_bytes;
    tid_suspension_allow(connection, mhd);
    tid_hangup_response_begins(connection);
    response = MHD_create_response_from_callback(
        sized ? stream->bytes : MHD_SIZE_UNKNOWN,
        sized ? block_bytes : TID_UNSIZED_BLOCK_BYTES, body_read, body, body_release);
    if (response) return response;

fail:
    tid_block_budget_give(budget, 2 * block_bytes);
    if (body) tid_client_release(body->client);
    free(body);
    return NULL;
}

void tid_async_body_resume_ready(struct tid_worker *worker) {
    pthread_mutex_lock(&worker->ready_lock);
    struct tid_async_body *body = SLIST_FIRST(&worker->ready);
    SLIST_INIT(&worker->ready);
    atomic_store_explicit(&worker->ready_count, 0, memory_order_relaxed);
    pthread_mutex_unlock(&worker->ready_lock);

    for (; body; body = SLIST_NEXT(body, ready_link)) {
        body->block_state = body->result == TID_NEXT_FAILED ? BLOCK_FAILED : BLOCK_READY;
        if (body->connection->suspended) tid_resume(body->connection);
    }
}
