/* SPDX-License-Identifier: MIT */
/*
 * One connection of a fetch: exchanges, at one server after another, until the sink has
 * the bytes that the connection is for. fetch.c runs one or several of them.
 */
#ifndef TIC_STREAM_H
#define TIC_STREAM_H

#include <pthread.h>

#include "client/client_request.h"
#include "client/servers.h"
#include "client/transport.h"
#include "client/verify.h"

struct tic_stream;

/* What the connections of a fetch share. */
struct tic_fetch {
    struct tic_request *request;
    struct tic_sink sink;
    struct tic_servers servers;
    /* When the fetch has to end; 0 for no limit. */
    uint64_t deadline_ms;
    /* The requested part. */
    struct tic_expected goal;
    /* Called by the first connection after the sink's begin(), for a body that can be
       fetched in ranges. May be NULL. */
    void (*start_others)(struct tic_fetch *fetch);
    /* For start_others(). */
    void *jobs;

    /* For what follows, and for all functions of the sink but write_at(). */
    pthread_mutex_t lock;
    /* The first response; does not change after 'begun'. */
    bool begun;
    struct tic_info info;
    /* The first connection delivers from the start of the part; the others take from its
       end, and have got to 'back'. TIC_TO_END: not known. */
    uint64_t back;
    /* Those that run, the first one at 0, also after its end. */
    struct tic_stream *streams[TIC_JOBS_MAX + 1];
    size_t stream_count;
    /* How many ranges have ended, well or not. */
    uint64_t ended;
    pthread_cond_t has_ended;
    unsigned tries;
    uint64_t next_idle_ms;
    /* The first failure ends all connections. */
    bool failed;
    struct ti_error error;
};

struct tic_stream {
    struct tic_fetch *fetch;
    struct tic_transport *transport;
    /* Header of the last response. */
    struct tic_response *response;
    /* This is the first connection: 'end' is where the others begin. */
    bool is_first;
    /* The next byte of the body to deliver. */
    uint64_t at;
    size_t server;
    /* With the fetch's lock: up to where bytes are delivered now, and where the range
       ends, which another connection may move to 'front', if it takes the rest. */
    uint64_t front, end;
    /* When the current exchange began or has last delivered; 0 if there is none. */
    uint64_t moved_ms;
    struct ti_error error;

    /* The current exchange: what it requested. */
    struct tic_expected expected;
    /* Its response is a tensor that passed all checks. */
    bool accepted;
    /* The range is complete, and the exchange was ended early. */
    bool complete;
    /* How long its response may take to begin since the request was sent, which was seen at
       'sent_ms'; it was ended because of that. */
    uint64_t patience_ms, sent_ms;
    bool silent;
    /* Bytes of the body to discard, then those that follow (may be TIC_UNKNOWN). */
    uint64_t skip_bytes, remaining_bytes;
    /* Those that were delivered. */
    uint64_t progress_bytes;
    /* Why a function ended the exchange; 'is_final' if no other server may help. */
    enum ti_status status;
    bool is_final;
    /* The body of a refusal, to be freed with free(). */
    char *problem;
    size_t problem_bytes;
};

/* A clock that does not go back. */
uint64_t tic_now_ms(void);

/*
 * Delivers bytes ['at', 'end') of the body. Returns a status, and if this is the first
 * failure of the fetch, its error is set.
 */
enum ti_status tic_stream_run(struct tic_stream *stream);

#endif
