/* SPDX-License-Identifier: MIT */
/*
 * The responses for small tensors that are requested again and again: every replica of a training
 * job fetches the same biases and norms at about the same time. A worker has libmicrohttpd's
 * response to a request that it has had before, and queues it again; only X-Request-Id is another.
 * That takes 0.4 of the time of planning, generating and describing the tensor once more.
 *
 * Each worker has its own cache, so there is no lock: at most TID_CACHE_SLOTS bodies of at most
 * TID_CACHED_BODY_BYTES, which is 1 MiB.
 */
#ifndef TID_RESPONSE_CACHE_H
#define TID_RESPONSE_CACHE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#define TID_CACHE_SLOTS 64
#define TID_CACHED_BODY_BYTES 16384

struct tid_connection;
struct tid_cached_response;

/*
 * Where the hash of a request leads; starts from zeroes. A response is cached when the second
 * request in a row that leads here is the same, so that what is requested once replaces nothing.
 */
struct tid_cache_slot {
    uint64_t seen;                      /* the hash of the last request; 0: none */
    struct tid_cached_response *cached; /* to that one or to an earlier one; or NULL */
};

/*
 * Queues the cached response to the connection's request, whose header has been read. False if
 * there is none; then the connection's 'cache_slot' tells where tid_response_cache_store() puts
 * it, or is NULL.
 */
bool tid_response_cache_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, enum MHD_Result *result);

/*
 * Puts the response to the connection's request, a tensor that is in memory, into its
 * 'cache_slot'. Whether it did: then the caller's reference belongs to the cache.
 */
bool tid_response_cache_store(struct tid_connection *connection,
                              struct MHD_Response *response);

/* Forgets all of them. */
void tid_response_cache_clear(struct tid_cache_slot slots[TID_CACHE_SLOTS]);

#endif
