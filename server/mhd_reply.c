/* SPDX-License-Identifier: MIT */
/*
 * Sends replies through libmicrohttpd. Small bodies are made at once and sent in one piece
 * with the header; large ones block by block, straight into the buffer that is sent.
 */
#include <stdlib.h>

#include "mhd_internal.h"
#include "problem.h"

/* Up to here a body is made whole: one sendmsg() carries header and body. */
#define WHOLE_BYTES ((uint64_t)65536)

/*
 * Blocks of streams. Large ones save system calls and turns of the event loop; all of them
 * together stay within the budget, however many clients there are, down to the least size.
 */
#define BLOCK_BYTES ((size_t)1 << 20)
#define BLOCK_BYTES_LEAST ((size_t)1 << 16)
#define BLOCK_BUDGET_BYTES ((size_t)32 << 20)

/* A stream while it is sent. */
struct sending {
    struct tid_stream stream;
    struct tid_watch *watch;
    struct tid_shared *shared;
    size_t block_bytes;
};

static ssize_t sending_read(void *state, uint64_t offset, char *out, size_t room)
{
    struct sending *sending = state;

    /* libmicrohttpd never asks for more than remains, and 0 would make it spin. */
    tid_watch_enter(sending->watch, TID_PHASE_REPLY);
    if (!sending->stream.read(sending->stream.state, offset, room, out))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return (ssize_t)room;
}

static void sending_free(void *state)
{
    struct sending *sending = state;

    atomic_fetch_sub_explicit(&sending->shared->block_bytes, sending->block_bytes,
                              memory_order_relaxed);
    sending->stream.free(sending->stream.state);
    free(sending);
}

/*
 * An eighth of what is left of the budget: the first streams get full blocks, later ones
 * smaller and smaller ones, and no stream waits for another.
 */
static size_t block_take(struct tid_shared *shared, uint64_t body_bytes)
{
    size_t used = atomic_load_explicit(&shared->block_bytes, memory_order_relaxed);
    size_t left = used < BLOCK_BUDGET_BYTES ? BLOCK_BUDGET_BYTES - used : 0;
    size_t block = left / 8 / 4096 * 4096;

    if (block > BLOCK_BYTES)
        block = BLOCK_BYTES;
    if (block < BLOCK_BYTES_LEAST)
        block = BLOCK_BYTES_LEAST;
    if (block > body_bytes)
        block = (size_t)body_bytes;
    atomic_fetch_add_explicit(&shared->block_bytes, block, memory_order_relaxed);
    return block;
}

static struct MHD_Response *stream_response(struct tid_connection *connection,
                                            struct tid_reply *reply)
{
    struct tid_shared *shared = connection->worker->shared;
    struct sending *sending = malloc(sizeof *sending);

    if (sending == NULL)
        return NULL;
    sending->stream = reply->stream;
    sending->watch = &connection->watch;
    sending->shared = shared;
    sending->block_bytes = block_take(shared, reply->stream.bytes);
    struct MHD_Response *response = MHD_create_response_from_callback(
        reply->stream.bytes, sending->block_bytes, sending_read, sending, sending_free);
    if (response == NULL) {
        atomic_fetch_sub(&shared->block_bytes, sending->block_bytes);
        free(sending);
        return NULL;
    }
    reply->body = TID_REPLY_EMPTY; /* the response owns the stream now */
    return response;
}

static struct MHD_Response *whole_response(struct tid_reply *reply)
{
    size_t bytes = (size_t)reply->stream.bytes;
    void *buffer = malloc(bytes);

    if (buffer == NULL)
        return NULL;
    if (reply->stream.read(reply->stream.state, 0, bytes, buffer)) {
        struct MHD_Response *response =
            MHD_create_response_from_buffer(bytes, buffer, MHD_RESPMEM_MUST_FREE);
        if (response != NULL)
            return response;
    }
    free(buffer);
    return NULL;
}

static ssize_t never_read(void *state, uint64_t offset, char *out, size_t room)
{
    (void)state;
    (void)offset;
    (void)out;
    (void)room;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *response_make(struct tid_connection *connection,
                                          struct tid_reply *reply)
{
    /* HEAD: the length is told, nothing is computed (RFC 9110 section 9.3.2). */
    if (connection->request.method == TID_METHOD_HEAD && tid_reply_bytes(reply) > 0)
        return MHD_create_response_from_callback(tid_reply_bytes(reply), 1, never_read, NULL,
                                                 NULL);
    if (reply->body == TID_REPLY_STREAM && reply->stream.bytes > WHOLE_BYTES)
        return stream_response(connection, reply);
    if (reply->body == TID_REPLY_STREAM && reply->stream.bytes > 0)
        return whole_response(reply);

    /* libmicrohttpd only reads what is PERSISTENT; its interface forgets the const. */
    union {
        const void *read_only;
        void *any;
    } bytes = {.read_only = reply->bytes != NULL ? reply->bytes : ""};
    enum MHD_ResponseMemoryMode mode =
        reply->body == TID_REPLY_HEAP ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->byte_count, bytes.any, mode);
    if (response != NULL)
        reply->heap = NULL; /* the response owns it now */
    return response;
}

static bool fields_add(const struct tid_connection *connection,
                       const struct tid_reply *reply, struct MHD_Response *response)
{
    for (unsigned i = 0; i < reply->field_count; i++) {
        if (MHD_add_response_header(response, reply->fields[i].name,
                                    reply->fields[i].value) != MHD_YES)
            return false;
    }
    return !atomic_load_explicit(&connection->worker->shared->draining,
                                 memory_order_relaxed) ||
           MHD_add_response_header(response, "Connection", "close") == MHD_YES;
}

enum MHD_Result tid_mhd_send(struct tid_connection *connection, struct MHD_Connection *mhd,
                             struct tid_reply *reply)
{
    enum MHD_Result result = MHD_NO;

    if (reply->overflow) {
        tid_reply_clear(reply);
        tid_problem(reply, 500, "internal error", "The answer's header is too long.", "");
    }
    connection->status = reply->status;
    connection->reply_bytes = tid_reply_bytes(reply);
    struct MHD_Response *response = response_make(connection, reply);
    if (response != NULL) {
        if (fields_add(connection, reply, response))
            result = MHD_queue_response(mhd, reply->status, response);
        MHD_destroy_response(response);
    }
    tid_reply_clear(reply);
    return result;
}
