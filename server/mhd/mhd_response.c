/* SPDX-License-Identifier: MIT */
/*
 * Sends responses through libmicrohttpd, in one of four ways:
 *
 * - A small body is made at once, and sent together with the header.
 * - A large one is made block by block, in the buffer that libmicrohttpd sends from.
 * - One of unknown length is sent in chunks (RFC 9112 section 7.1).
 * - One that takes long to compute comes from a thread pool: async_body.c.
 *
 * The first three are for what a worker can do in a turn, besides what it has taken on
 * already (work/turn.h); the pool generates the rest.
 */
#include "server/mhd/mhd_response.h"

#include <stdlib.h>
#include <string.h>

#include "server/documents/problem.h"
#include "server/http/completion.h"
#include "server/mhd/async_body.h"
#include "server/mhd/request_record.h"
#include "server/mhd/response_cache.h"
#include "server/work/clock.h"
#include "server/work/pace.h"
#include "server/work/turn.h"

/*
 * A stream while it is sent. libmicrohttpd chooses the size of chunks, which is less than
 * what a stream's 'next' needs: then 'block' holds what is still to be sent.
 */
struct stream_body {
    struct tid_stream stream;
    struct tid_connection *connection;
    struct tid_worker *worker; /* which outlives the connection */
    size_t block_bytes;        /* reserved from the budget */
    double min_block_ns;       /* reserved of the worker's turns */
    size_t largest_bytes;      /* of the blocks so far */
    size_t block_begin, block_end;
    unsigned char block[]; /* UNSIZED_BLOCK_BYTES if the length is unknown */
};

/* Some chunks: the last one of a block is short. */
#define UNSIZED_BLOCK_BYTES ((size_t)3 * TID_STREAM_CAPACITY_MIN)
_Static_assert(UNSIZED_BLOCK_BYTES <= TID_BLOCK_BYTES_MIN, "the budget gives all of it");

/* The rest of the body cannot be made: the connection is closed. */
static ssize_t fail(struct tid_connection *connection) {
    connection->record.failed = true;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* How many bytes the next 'read' of a stream without a lease may write. */
static size_t enter(const struct tid_stream *stream, uint64_t offset, size_t max_bytes) {
    struct tid_lease *lease = NULL;
    if (!stream->enter) return max_bytes;
    return stream->enter(stream->state, offset, max_bytes, &lease);
}

/* Content reader of a stream of known length. */
static ssize_t stream_read(void *state, uint64_t offset, char *out, size_t capacity) {
    struct stream_body *body = state;
    /*
     * Blocks grow slowly: the first use of a page of the buffer costs more than what is
     * generated there, and many streams may begin in one turn.
     */
    const size_t max_bytes = body->largest_bytes + TID_BLOCK_BYTES_MIN;
    /* libmicrohttpd never asks for more bytes than are left. */
    size_t count = tid_turn_block(&body->worker->turn, body->stream.ns_per_byte,
                                  capacity < max_bytes ? capacity : max_bytes);
    count = enter(&body->stream, offset, count);
    if (count == 0) return fail(body->connection);
    if (count > body->largest_bytes) body->largest_bytes = count;
    tid_watch_enter(&body->connection->watch, TID_PHASE_RESPONSE);
    const int64_t start_ns = tid_clock_ns();
    if (!body->stream.read(body->stream.state, offset, count, out))
        return fail(body->connection);
    const int64_t now_ns = tid_clock_ns();
    tid_record_generated(body->connection, count, (uint64_t)(now_ns - start_ns));
    tid_record_sent(body->connection, count, now_ns);
    return (ssize_t)count;
}

/* Content reader of a stream of unknown length. */
static ssize_t stream_next(void *state, uint64_t offset, char *out, size_t capacity) {
    struct stream_body *body = state;
    int64_t now_ns = tid_clock_ns();
    (void)offset;
    tid_watch_enter(&body->connection->watch, TID_PHASE_RESPONSE);
    if (body->block_begin == body->block_end) {
        const int64_t start_ns = now_ns;
        body->block_begin = 0;
        switch (body->stream.next(body->stream.state, TID_TASK_NS, UNSIZED_BLOCK_BYTES,
                                  body->block, &body->block_end)) {
        case TID_NEXT_MORE:
            break;
        case TID_NEXT_END:
            return MHD_CONTENT_READER_END_OF_STREAM;
        case TID_NEXT_FAILED:
            return fail(body->connection);
        }
        now_ns = tid_clock_ns();
        tid_record_generated(body->connection, body->block_end,
                             (uint64_t)(now_ns - start_ns));
        tid_turn_block(&body->worker->turn, body->stream.ns_per_byte, body->block_end);
    }
    size_t count = body->block_end - body->block_begin;
    if (count > capacity) count = capacity;
    memcpy(out, body->block + body->block_begin, count);
    body->block_begin += count;
    tid_record_sent(body->connection, count, now_ns);
    return (ssize_t)count;
}

static void stream_free(void *state) {
    struct stream_body *body = state;
    tid_block_budget_give(&body->worker->shared->block_budget, body->block_bytes);
    tid_turn_release(&body->worker->turn, body->min_block_ns);
    body->stream.free(body->stream.state);
    free(body);
}

/* What the worker would generate at once at least. */
static double min_block_ns(const struct tid_stream *stream) {
    uint64_t bytes = UNSIZED_BLOCK_BYTES;
    if (stream->bytes != TID_STREAM_UNKNOWN)
        bytes = stream->bytes < TID_BLOCK_BYTES_MIN ? stream->bytes : TID_BLOCK_BYTES_MIN;
    return (double)bytes * stream->ns_per_byte;
}

/* The worker's turns have time for it. */
static struct MHD_Response *stream_response(struct tid_connection *connection,
                                            const struct tid_stream *stream) {
    struct tid_worker *worker = connection->worker;
    const bool sized = stream->bytes != TID_STREAM_UNKNOWN;
    struct tid_block_budget *budget = &worker->shared->block_budget;
    const size_t block_bytes = tid_block_budget_take(
        budget, sized ? stream->bytes : (uint64_t)UNSIZED_BLOCK_BYTES, 1);
    if (block_bytes == 0) return NULL;
    struct stream_body *body = malloc(sizeof *body + (sized ? 0 : block_bytes));
    if (!body) {
        tid_block_budget_give(budget, block_bytes);
        return NULL;
    }
    body->stream = *stream;
    body->connection = connection;
    body->worker = worker;
    body->block_bytes = block_bytes;
    body->min_block_ns = min_block_ns(stream);
    body->largest_bytes = 0;
    body->block_begin = 0;
    body->block_end = 0;
    struct MHD_Response *response = MHD_create_response_from_callback(
        sized ? stream->bytes : MHD_SIZE_UNKNOWN,
        sized ? block_bytes : TID_UNSIZED_BLOCK_BYTES, sized ? stream_read : stream_next,
        body, stream_free);
    if (!response) {
        tid_block_budget_give(budget, block_bytes);
        free(body);
    }
    return response;
}

static void small_body_release(void *argument) {
    struct tid_worker *worker = argument;
    worker->small_body_in_use = false;
}

/* A small body on the heap. */
struct heap_body {
    struct tid_block_budget *budget;
    size_t bytes;
    unsigned char data[];
};

static void heap_body_free(void *argument) {
    struct heap_body *body = argument;
    tid_block_budget_give(body->budget, body->bytes);
    free(body);
}

_Static_assert(TID_SMALL_BODY_BYTES <= TID_BLOCK_BYTES_MIN, "one block, never less");

/* NULL if out of memory. */
static struct heap_body *heap_body_make(struct tid_block_budget *budget, size_t bytes) {
    if (tid_block_budget_take(budget, bytes, 1) == 0) return NULL;
    struct heap_body *body = malloc(sizeof *body + bytes);
    if (body)
        *body = (struct heap_body){budget, bytes};
    else
        tid_block_budget_give(budget, bytes);
    return body;
}

/* Takes the heap body, if it is not NULL, on success. */
static struct MHD_Response *small_body_response(struct tid_worker *worker,
                                                unsigned char *data, size_t bytes,
                                                struct heap_body *heap) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(
            bytes, data, heap ? heap_body_free : small_body_release,
            heap ? (void *)heap : worker);
    if (response && !heap) worker->small_body_in_use = true;
    return response;
}

/*
 * Makes a small body, in the worker's buffer if that is free, else on the heap. A response
 * that may be cached has a copy.
 */
static struct MHD_Response *small_response(struct tid_connection *connection,
                                           const struct tid_stream *stream,
                                           struct tid_cache_slot *slot) {
    struct tid_worker *worker = connection->worker;
    const size_t bytes = (size_t)stream->bytes;
    struct MHD_Response *response = NULL;
    struct heap_body *heap = NULL;
    if (worker->small_body_in_use) {
        heap = heap_body_make(&worker->shared->block_budget, bytes);
        if (!heap) return NULL;
    }
    unsigned char *data = heap ? heap->data : worker->small_body;
    const int64_t start_ns = tid_clock_ns();
    const bool success = stream->read(stream->state, 0, bytes, data);
    const int64_t now_ns = tid_clock_ns();
    tid_record_first_byte(connection, now_ns);
    if (success) {
        tid_record_generated(connection, bytes, (uint64_t)(now_ns - start_ns));
        if (slot && !heap && bytes <= TID_CACHED_BODY_BYTES)
            response =
                MHD_create_response_from_buffer(bytes, data, MHD_RESPMEM_MUST_COPY);
        if (response) {
            connection->cache_slot = slot;
            return response;
        }
        response = small_body_response(worker, data, bytes, heap);
    }
    if (!response && heap) heap_body_free(heap);
    return response;
}

static ssize_t never_read(void *state, uint64_t offset, char *out, size_t capacity) {
    (void)state;
    (void)offset;
    (void)out;
    (void)capacity;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/*
 * For HEAD and 304: sends the Content-Length that a GET would have, and computes nothing
 * (RFC 9110 sections 8.6, 9.3.2 and 15.4.5).
 */
static struct MHD_Response *header_only_response(uint64_t bytes) {
    const bool sized = bytes != TID_STREAM_UNKNOWN;
    struct MHD_Response *response = MHD_create_response_from_callback(
        sized ? bytes : MHD_SIZE_UNKNOWN, 1, never_read, NULL, NULL);
    /* libmicrohttpd 0.9.75 would send the last chunk although there is no body. */
    if (response && !sized)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

/* A body that is in memory, or empty. */
static struct MHD_Response *buffer_response(struct tid_response *response) {
    /* libmicrohttpd only reads a PERSISTENT buffer; its parameter lacks the const. */
    union {
        const void *read_only;
        void *any;
    } bytes = {.read_only = response->bytes ? response->bytes : ""};
    const enum MHD_ResponseMemoryMode mode =
        response->body == TID_BODY_HEAP ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT;
    struct MHD_Response *mhd_response =
        MHD_create_response_from_buffer(response->byte_count, bytes.any, mode);
    if (mhd_response) response->heap = NULL; /* libmicrohttpd owns it now */
    return mhd_response;
}

/* libmicrohttpd's response without its header fields; NULL if out of memory. */
static struct MHD_Response *body_make(struct tid_connection *connection,
                                      struct MHD_Connection *mhd,
                                      struct tid_response *response) {
    const struct tid_stream *stream = &response->stream;
    struct tid_cache_slot *slot = connection->cache_slot;
    connection->cache_slot = NULL; /* unless the response has a copy of its body */
    const bool header_only =
        connection->request.method == TID_METHOD_HEAD || response->status == 304;
    if (header_only && tid_response_bytes(response) > 0)
        return header_only_response(tid_response_bytes(response));
    if (response->body != TID_BODY_STREAM || stream->bytes == 0)
        return buffer_response(response);
    struct tid_turn *turn = &connection->worker->turn;
    const double ns = min_block_ns(stream);
    const bool small = stream->bytes <= TID_SMALL_BODY_BYTES;
    if (small && !stream->computes &&
        enter(stream, 0, (size_t)stream->bytes) == stream->bytes &&
        tid_turn_spend(turn, ns))
        return small_response(connection, stream, slot);

    const bool by_worker = !small && !stream->computes && tid_turn_reserve(turn, ns);
    struct MHD_Response *mhd_response =
        by_worker ? stream_response(connection, stream)
                  : tid_async_body_response(connection, mhd, stream);
    if (!mhd_response && by_worker) tid_turn_release(turn, ns);
    if (!mhd_response) return NULL;
    tid_record_stream(connection);
    response->body = TID_BODY_EMPTY; /* 'mhd_response' owns the stream now */
    return mhd_response;
}

static bool fields_add(const struct tid_connection *connection,
                       const struct tid_response *response,
                       struct MHD_Response *mhd_response) {
    for (unsigned i = 0; i < response->field_count; i++) {
        if (MHD_add_response_header(mhd_response, response->fields[i].name,
                                    response->fields[i].value) != MHD_YES)
            return false;
    }
    const bool closes =
        connection->reserved ||
        atomic_load_explicit(&connection->worker->shared->draining, memory_order_relaxed);
    return !closes ||
           MHD_add_response_header(mhd_response, "Connection", "close") == MHD_YES;
}

/* libmicrohttpd's response with its header fields; NULL if out of memory. */
static struct MHD_Response *response_make(struct tid_connection *connection,
                                          struct MHD_Connection *mhd,
                                          struct tid_response *response) {
    tid_record_response(connection, response);
    struct MHD_Response *mhd_response = body_make(connection, mhd, response);
    /* Of others the first byte comes later. */
    if (!connection->record.streamed && connection->record.first_byte_ns == 0)
        tid_record_first_byte(connection, tid_clock_ns());
    if (!mhd_response || fields_add(connection, response, mhd_response))
        return mhd_response;
    MHD_destroy_response(mhd_response);
    return NULL;
}

enum MHD_Result tid_mhd_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, struct tid_response *response) {
    const struct tid_context *context = connection->worker->shared->context;
    const struct tid_request *request = &connection->request;
    enum MHD_Result result = MHD_NO;
    tid_response_complete(context, request, response);
    if (response->overflow) {
        tid_response_clear(response);
        tid_problem(response, 500, "internal error", "The response header is too long.",
                    "");
        tid_response_complete(context, request, response);
    }
    struct MHD_Response *mhd_response = response_make(connection, mhd, response);
    if (!mhd_response) {
        tid_response_clear(response);
        tid_problem_no_memory(response);
        tid_response_complete(context, request, response);
        mhd_response = response_make(connection, mhd, response);
    }
    if (mhd_response) {
        result = MHD_queue_response(mhd, response->status, mhd_response);
        if (!connection->cache_slot ||
            !tid_response_cache_store(connection, mhd_response))
            MHD_destroy_response(mhd_response);
    }
    tid_response_clear(response);
    return result;
}
