/* SPDX-License-Identifier: MIT */
/*
 * Sends replies through libmicrohttpd. Small bodies are made at once and sent in one
 * piece with the header; large ones block by block, straight into the buffer that is
 * sent; those of unknown length chunk by chunk.
 */
#include <stdlib.h>
#include <string.h>

#include "server/mhd/mhd_internal.h"
#include "server/documents/problem.h"

/*
 * Blocks of streams. Large ones save system calls and turns of the event loop; all of
 * them together stay within the budget, however many clients there are, down to the least
 * size.
 */
#define BLOCK_BYTES ((size_t)1 << 21)
#define BLOCK_BYTES_LEAST ((size_t)1 << 16)
#define BLOCK_BUDGET_BYTES ((size_t)32 << 20)

/*
 * A stream while it is sent. Where the length is not known, libmicrohttpd sends chunks of
 * a size of its own, smaller than 'next' needs, so that what 'next' made waits in 'made'.
 */
struct sending {
    struct tid_stream stream;
    struct tid_watch *watch;
    struct tid_shared *shared;
    _Atomic uint64_t *counter;
    size_t block_bytes;
    size_t made_from, made_to;
    unsigned char made[];
};

static ssize_t sending_read(void *state, uint64_t offset, char *out, size_t room) {
    struct sending *sending = state;

    /* libmicrohttpd never asks for more than remains, and 0 would make it spin. */
    tid_watch_enter(sending->watch, TID_PHASE_REPLY);
    if (!sending->stream.read(sending->stream.state, offset, room, out))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    tid_count(sending->counter, room);
    return (ssize_t)room;
}

static ssize_t sending_next(void *state, uint64_t offset, char *out, size_t room) {
    struct sending *sending = state;

    (void)offset;
    tid_watch_enter(sending->watch, TID_PHASE_REPLY);
    if (sending->made_from == sending->made_to) {
        sending->made_from = 0;
        if (!sending->stream.next(sending->stream.state, TID_STREAM_ROOM_MIN,
                                  sending->made, &sending->made_to))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (sending->made_to == 0) return MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t count = sending->made_to - sending->made_from;
    if (count > room) count = room;
    memcpy(out, sending->made + sending->made_from, count);
    sending->made_from += count;
    tid_count(sending->counter, count);
    return (ssize_t)count;
}

static void sending_free(void *state) {
    struct sending *sending = state;

    tid_block_give(sending->shared, sending->block_bytes);
    sending->stream.free(sending->stream.state);
    free(sending);
}

/*
 * An eighth of what is left of the budget: the first streams get full blocks, later ones
 * smaller and smaller ones, and no stream waits for another.
 */
size_t tid_block_take(struct tid_shared *shared, uint64_t body_bytes, unsigned count) {
    size_t used = atomic_load_explicit(&shared->block_bytes, memory_order_relaxed);
    size_t left = used < BLOCK_BUDGET_BYTES ? BLOCK_BUDGET_BYTES - used : 0;
    size_t block = left / 8 / count / 4096 * 4096;

    if (block > BLOCK_BYTES) block = BLOCK_BYTES;
    if (block < BLOCK_BYTES_LEAST) block = BLOCK_BYTES_LEAST;
    if (block > body_bytes) block = (size_t)body_bytes;
    atomic_fetch_add_explicit(&shared->block_bytes, count * block, memory_order_relaxed);
    return block;
}

void tid_block_give(struct tid_shared *shared, size_t bytes) {
    atomic_fetch_sub_explicit(&shared->block_bytes, bytes, memory_order_relaxed);
}

static struct MHD_Response *sending_response(struct tid_connection *connection,
                                             const struct tid_response *reply) {
    struct tid_shared *shared = connection->worker->shared;
    bool known = reply->stream.bytes != TID_STREAM_UNKNOWN;
    struct sending *sending =
        malloc(sizeof *sending + (known ? 0 : (size_t)TID_STREAM_ROOM_MIN));

    if (sending == NULL) return NULL;
    sending->stream = reply->stream;
    sending->watch = &connection->watch;
    sending->shared = shared;
    sending->counter =
        &connection->worker->counters->bytes[tid_route_find(&connection->request)];
    sending->block_bytes = tid_block_take(shared, known ? reply->stream.bytes : 0, 1);
    sending->made_from = 0;
    sending->made_to = 0;
    struct MHD_Response *response = MHD_create_response_from_callback(
        known ? reply->stream.bytes : MHD_SIZE_UNKNOWN,
        known ? sending->block_bytes : TID_PLAIN_BLOCK_BYTES,
        known ? sending_read : sending_next, sending, sending_free);
    if (response == NULL) {
        tid_block_give(shared, sending->block_bytes);
        free(sending);
        return NULL;
    }
    return response;
}

static void whole_free(void *argument) {
    struct tid_worker *worker = argument;

    worker->whole_taken = false;
}

/* The response owns the stream then. */
static struct MHD_Response *stream_response(struct tid_connection *connection,
                                            struct MHD_Connection *mhd,
                                            struct tid_response *reply) {
    struct MHD_Response *response =
        reply->stream.computes ? tid_computed_response(connection, mhd, &reply->stream)
                               : sending_response(connection, reply);

    if (response == NULL) return NULL;
    connection->streamed = true;
    reply->body = TID_REPLY_EMPTY;
    return response;
}

static struct MHD_Response *whole_response(struct tid_worker *worker,
                                           const struct tid_stream *stream) {
    size_t bytes = (size_t)stream->bytes;
    void *heap = NULL;
    struct MHD_Response *response;

    if (worker->whole_taken) {
        heap = malloc(bytes);
        if (heap == NULL) return NULL;
    }
    if (!stream->read(stream->state, 0, bytes, heap != NULL ? heap : worker->whole))
        response = NULL;
    else if (heap != NULL)
        response = MHD_create_response_from_buffer(bytes, heap, MHD_RESPMEM_MUST_FREE);
    else
        response = MHD_create_response_from_buffer_with_free_callback_cls(
            bytes, worker->whole, whole_free, worker);
    if (response == NULL)
        free(heap);
    else if (heap == NULL)
        worker->whole_taken = true;
    return response;
}

static ssize_t never_read(void *state, uint64_t offset, char *out, size_t room) {
    (void)state;
    (void)offset;
    (void)out;
    (void)room;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/*
 * HEAD, and 304: the length that a GET would have is told, nothing is computed (RFC 9110
 * sections 9.3.2 and 8.6).
 */
static struct MHD_Response *head_response(uint64_t bytes) {
    bool known = bytes != TID_STREAM_UNKNOWN;
    struct MHD_Response *response = MHD_create_response_from_callback(
        known ? bytes : MHD_SIZE_UNKNOWN, 1, never_read, NULL, NULL);

    /* libmicrohttpd 0.9.75 would send the last chunk of a body that is not there. */
    if (response != NULL && !known)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

static struct MHD_Response *response_make(struct tid_connection *connection,
                                          struct MHD_Connection *mhd,
                                          struct tid_response *reply) {
    bool only_head =
        connection->request.method == TID_METHOD_HEAD || reply->status == 304;

    if (only_head && tid_response_bytes(reply) > 0)
        return head_response(tid_response_bytes(reply));
    if (reply->body == TID_REPLY_STREAM &&
        (reply->stream.bytes > TID_WHOLE_BYTES ||
         (reply->stream.computes && reply->stream.bytes > 0)))
        return stream_response(connection, mhd, reply);
    if (reply->body == TID_REPLY_STREAM && reply->stream.bytes > 0)
        return whole_response(connection->worker, &reply->stream);

    /* libmicrohttpd only reads what is PERSISTENT; its interface forgets the const. */
    union {
        const void *read_only;
        void *any;
    } bytes = {.read_only = reply->bytes != NULL ? reply->bytes : ""};
    enum MHD_ResponseMemoryMode mode =
        reply->body == TID_REPLY_HEAP ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->byte_count, bytes.any, mode);
    if (response != NULL) reply->heap = NULL; /* the response owns it now */
    return response;
}

static bool fields_add(const struct tid_connection *connection,
                       const struct tid_response *reply, struct MHD_Response *response) {
    for (unsigned i = 0; i < reply->field_count; i++) {
        if (MHD_add_response_header(response, reply->fields[i].name,
                                    reply->fields[i].value) != MHD_YES)
            return false;
    }
    return !atomic_load_explicit(&connection->worker->shared->draining,
                                 memory_order_relaxed) ||
           MHD_add_response_header(response, "Connection", "close") == MHD_YES;
}

/* The response with its header fields; NULL without memory. */
static struct MHD_Response *response_complete(struct tid_connection *connection,
                                              struct MHD_Connection *mhd,
                                              struct tid_response *reply) {
    connection->status = reply->status;
    connection->reply_bytes = tid_response_bytes(reply);
    connection->streamed = false;
    struct MHD_Response *response = response_make(connection, mhd, reply);
    if (response == NULL || fields_add(connection, reply, response)) return response;
    MHD_destroy_response(response);
    return NULL;
}

enum MHD_Result tid_mhd_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, struct tid_response *reply) {
    enum MHD_Result result = MHD_NO;

    if (reply->overflow) {
        tid_response_clear(reply);
        tid_problem(reply, 500, "internal error", "The answer's header is too long.", "");
    }
    struct MHD_Response *response = response_complete(connection, mhd, reply);
    if (response == NULL) {
        tid_response_clear(reply);
        tid_problem(reply, 503, "out of memory", "The server is out of memory.", "");
        response = response_complete(connection, mhd, reply);
    }
    if (response != NULL) {
        result = MHD_queue_response(mhd, reply->status, response);
        MHD_destroy_response(response);
    }
    tid_response_clear(reply);
    return result;
}
