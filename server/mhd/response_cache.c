/* SPDX-License-Identifier: MIT */
/* See response_cache.h. */
#include "server/mhd/response_cache.h"

#include <stdlib.h>
#include <string.h>

#include "server/mhd/request_record.h"
#include "server/mhd/worker_state.h"
#include "server/routes.h"
#include "server/work/limits.h"

static const char id_name[] = "X-Request-Id";

/* What a response depends on, as bytes: longer requests are not cached. */
#define KEY_BYTES 1024

struct key {
    size_t bytes;
    char text[KEY_BYTES];
};

struct tid_cached_response {
    struct MHD_Response *response;
    struct tid_request_record record; /* of the request that it was made for */
    uint64_t limits_version;          /* before that one was checked */
    char id[TID_REQUEST_ID_BYTES];    /* which the response has now */
    size_t key_bytes;
    char key[];
};

/*
 * Whether a field of the request leaves the response to it as it is, or is in the key. The
 * others are conditions, ranges and wishes: responses to them are not cached.
 */
static const bool is_plain[TID_FIELD_COUNT] = {
    [TID_FIELD_HOST] = true,
    [TID_FIELD_ACCEPT] = true,
    [TID_FIELD_ACCEPT_ENCODING] = true,
    [TID_FIELD_X_REQUEST_ID] = true,
    [TID_FIELD_TRACEPARENT] = true,
    [TID_FIELD_CONTENT_TYPE] = true,
    [TID_FIELD_CONTENT_ENCODING] = true,
    [TID_FIELD_FORWARDED] = true,
    [TID_FIELD_X_FORWARDED_FOR] = true,
    [TID_FIELD_X_FORWARDED_HOST] = true,
    [TID_FIELD_X_FORWARDED_PREFIX] = true,
    [TID_FIELD_X_FORWARDED_PROTO] = true,
    [TID_FIELD_ORIGIN] = true,
};

static bool is_cacheable(const struct tid_connection *connection) {
    const struct tid_worker_shared *shared = connection->worker->shared;
    const struct tid_request *request = &connection->request;
    const struct tid_route_info *route = tid_route_get(connection->record.route);
    if (request->method != TID_METHOD_GET || !route || route->kind != TID_ROUTE_TENSOR ||
        /* Who may have it, and until when, is looked up each time. */
        shared->context->access ||
        /* These responses close their connections. */
        connection->reserved ||
        atomic_load_explicit(&shared->draining, memory_order_relaxed))
        return false;
    for (unsigned i = 0; i < TID_FIELD_COUNT; i++) {
        if (request->fields[i] && !is_plain[i]) return false;
    }
    return true;
}

/* Appends a text and what no text contains. False if it is too long. */
static bool key_add(struct key *key, const char *text, size_t bytes) {
    if (bytes >= sizeof key->text - key->bytes) return false;
    memcpy(key->text + key->bytes, text, bytes);
    key->bytes += bytes;
    key->text[key->bytes++] = '\n';
    return true;
}

static bool key_add_field(struct key *key, const char *value) {
    /* A field without a value is not one that is missing. */
    return value ? key_add(key, value, strlen(value)) : key_add(key, "\r", 1);
}

/* All that the response to a request depends on, but the limits. */
static bool key_make(struct key *key, const struct tid_request *request) {
    key->bytes = 0;
    return key_add(key, request->query, request->query_bytes) &&
           key_add(key, request->prefix, strlen(request->prefix)) &&
           key_add_field(key, request->fields[TID_FIELD_ACCEPT]) &&
           key_add_field(key, request->fields[TID_FIELD_ORIGIN]);
}

/* FNV-1a with 64 bits; not 0. Collisions only make a request miss. */
static uint64_t hash(const struct key *key) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key->bytes; i++)
        h = (h ^ (unsigned char)key->text[i]) * UINT64_C(0x100000001b3);
    return h | 1;
}

static void forget(struct tid_cache_slot *slot) {
    if (!slot->cached) return;
    /* Connections that are sending it have references of their own. */
    MHD_destroy_response(slot->cached->response);
    free(slot->cached);
    slot->cached = NULL;
}

void tid_response_cache_clear(struct tid_cache_slot slots[TID_CACHE_SLOTS]) {
    for (unsigned i = 0; i < TID_CACHE_SLOTS; i++) forget(&slots[i]);
}

static bool is_hit(const struct tid_cached_response *cached, const struct key *key,
                   uint64_t limits_version) {
    return cached && cached->key_bytes == key->bytes &&
           memcmp(cached->key, key->text, key->bytes) == 0 &&
           cached->limits_version == limits_version;
}

/*
 * Makes the id of the response that of the request. libmicrohttpd reads the fields of a response
 * before the handler of another request of this worker runs.
 */
static bool set_id(struct tid_cached_response *cached, const char *id) {
    if (MHD_del_response_header(cached->response, id_name, cached->id) != MHD_YES ||
        MHD_add_response_header(cached->response, id_name, id) != MHD_YES)
        return false;
    memcpy(cached->id, id, strlen(id) + 1);
    return true;
}

static uint64_t limits_version(const struct tid_connection *connection) {
    return tid_limits_version(connection->worker->shared->context->limits);
}

bool tid_response_cache_send(struct tid_connection *connection,
                             struct MHD_Connection *mhd, enum MHD_Result *result) {
    struct tid_worker *worker = connection->worker;
    struct key key;
    connection->cache_slot = NULL;
    if (!is_cacheable(connection) || !key_make(&key, &connection->request)) return false;
    const uint64_t request_hash = hash(&key);
    struct tid_cache_slot *slot = &worker->cache[request_hash / 2 % TID_CACHE_SLOTS];
    const uint64_t version = limits_version(connection);
    if (is_hit(slot->cached, &key, version)) {
        if (set_id(slot->cached, connection->request.id)) {
            tid_record_cached(connection, &slot->cached->record);
            tid_count(&worker->counters->cache_hits, 1);
            *result = MHD_queue_response(mhd, slot->cached->record.status,
                                         slot->cached->response);
            return true;
        }
        forget(slot); /* out of memory */
    } else if (slot->seen == request_hash) {
        connection->cache_slot = slot;
        connection->limits_version = version;
    }
    slot->seen = request_hash;
    return false;
}

bool tid_response_cache_store(struct tid_connection *connection,
                              struct MHD_Response *response) {
    struct tid_cache_slot *slot = connection->cache_slot;
    struct key key;
    connection->cache_slot = NULL;
    if (!key_make(&key, &connection->request)) return false;
    struct tid_cached_response *cached = malloc(sizeof *cached + key.bytes);
    if (!cached) return false;
    forget(slot);
    *cached = (struct tid_cached_response){.response = response,
                                           .record = connection->record,
                                           .limits_version = connection->limits_version,
                                           .key_bytes = key.bytes};
    memcpy(cached->id, connection->request.id, sizeof cached->id);
    memcpy(cached->key, key.text, key.bytes);
    slot->cached = cached;
    return true;
}
