/* SPDX-License-Identifier: MIT */
/*
 * The servers of a fetch: which one is used next, and whether and when it is tried again
 * after a failure. Shared by the connections of a fetch, and locked. No I/O.
 */
#ifndef TIC_SERVERS_H
#define TIC_SERVERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/client.h>

#include "client/transport.h"

struct tic_server_state {
    /* Connections that use it. */
    unsigned users;
    /* Since the last try that made progress. */
    unsigned failures;
    /* When it may be used again, after a failure. */
    uint64_t again_ms;
    /* tic_servers_patience_ms() */
    uint64_t patience_ms;
    /* Not used again: a retry would fail, or it offers another body. */
    bool excluded;
};

struct tic_servers {
    pthread_mutex_t lock;
    const uint64_t *numbers; /* of the request */
    size_t count;
    struct tic_server_state states[TIC_SERVERS_MAX];
    /* All bytes that were delivered. */
    uint64_t delivered_bytes;
    /* A series of failures: since when, and what had been delivered then. */
    bool failing;
    uint64_t since_ms, since_bytes;
    /* Why the first server was excluded. */
    struct ti_error first_error;
};

struct tic_failure {
    const struct tic_result *result;
    /* Of a response that is not a tensor; 0 for a tensor that is incomplete. */
    int http_status;
    /* Bytes that this try delivered. */
    uint64_t progress_bytes;
};

void tic_servers_init(struct tic_servers *servers, size_t count, const uint64_t *numbers);
void tic_servers_clear(struct tic_servers *servers);

/*
 * The next server to use: of those that may be used now, the one with the fewest
 * connections, and of these the fewest failures; else the one that may be used first, after
 * '*pause_ms'. Counts the caller as a user until tic_servers_leave().
 */
size_t tic_servers_choose(struct tic_servers *servers, uint64_t now_ms,
                          uint64_t *pause_ms);
void tic_servers_leave(struct tic_servers *servers, size_t server);

void tic_servers_delivered(struct tic_servers *servers, uint64_t bytes);

/*
 * How long to wait for a response before another server gets the request: 5 s, twice as long
 * after each silence, so that one that is only slow can respond. UINT64_MAX if there is no
 * other, or too little time for retries.
 */
uint64_t tic_servers_patience_ms(struct tic_servers *servers, size_t server,
                                 uint64_t now_ms);

/* After that time, and when a response begins. */
void tic_servers_silent(struct tic_servers *servers, size_t server, uint64_t patience_ms);
void tic_servers_responds(struct tic_servers *servers, size_t server);

/* Another server is better, for a while: this one sends nothing. */
void tic_servers_hung(struct tic_servers *servers, size_t server, uint64_t now_ms);

/* Whether the server may respond with the tensor later. */
bool tic_failure_is_temporary(const struct tic_failure *failure);

/*
 * After a temporary failure. True if there is a server to be tried, after '*pause_ms';
 * false if the time for that is over, or would be before the servers' Retry-After.
 */
bool tic_servers_failed(struct tic_servers *servers, size_t server,
                        const struct tic_failure *failure, uint64_t now_ms,
                        uint64_t *pause_ms);

/*
 * Excludes the server for 'error'. If it was the last, returns false and replaces 'error'
 * by that of the first one.
 */
bool tic_servers_exclude(struct tic_servers *servers, size_t server,
                         struct ti_error *error);

#endif
