/* SPDX-License-Identifier: MIT */
/*
 * Retries: only after temporary failures, for a limited time, and spread over time, so
 * that clients do not all retry at once. Each server has its own pause, during which the
 * others are used.
 */
#include "client/servers.h"

#include <string.h>
#include <time.h>

/* This much delivered, over all connections, ends a series of failures: a long transfer
   may break often. */
#define PROGRESS_BYTES ((uint64_t)1 << 20)

#define FIRST_PAUSE_MS 250
#define DOUBLINGS 12

/* Time for a response, where there are other servers; and what must be left for retries then,
   so that each of them could still be waited for. */
#define FIRST_PATIENCE_MS 5000
#define RESERVE_MS 60000

void tic_servers_init(struct tic_servers *servers, size_t count,
                      const uint64_t *numbers) {
    memset(servers, 0, sizeof *servers);
    pthread_mutex_init(&servers->lock, NULL);
    servers->count = count;
    servers->numbers = numbers;
    for (size_t i = 0; i < count; i++) servers->states[i].patience_ms = FIRST_PATIENCE_MS;
}

void tic_servers_clear(struct tic_servers *servers) {
    pthread_mutex_destroy(&servers->lock);
}

bool tic_failure_is_temporary(const struct tic_failure *failure) {
    switch (failure->result->outcome) {
    case TIC_OUTCOME_DONE:
        break;
    case TIC_OUTCOME_BROKEN:
    case TIC_OUTCOME_UNREACHED:
        return true;
    default:
        return false;
    }
    switch (failure->http_status) {
    case 0:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

/* Whether server 'a' is better than 'b' at this time. */
static bool is_better(const struct tic_server_state *a, const struct tic_server_state *b,
                      uint64_t now_ms) {
    const bool a_now = a->again_ms <= now_ms, b_now = b->again_ms <= now_ms;
    if (a_now != b_now) return a_now;
    if (!a_now) return a->again_ms < b->again_ms;
    return a->users != b->users ? a->users < b->users : a->failures < b->failures;
}

/* The best server that is not excluded, or 'count'. */
static size_t best(const struct tic_servers *servers, uint64_t now_ms) {
    size_t found = servers->count;
    for (size_t i = 0; i < servers->count; i++) {
        if (servers->states[i].excluded) continue;
        if (found == servers->count ||
            is_better(&servers->states[i], &servers->states[found], now_ms)) {
            found = i;
        }
    }
    return found;
}

static uint64_t pause_of(const struct tic_server_state *state, uint64_t now_ms) {
    return state->again_ms > now_ms ? state->again_ms - now_ms : 0;
}

size_t tic_servers_choose(struct tic_servers *servers, uint64_t now_ms,
                          uint64_t *pause_ms) {
    pthread_mutex_lock(&servers->lock);
    size_t server = best(servers, now_ms);
    /* All are excluded, by other connections, which end the fetch: any will do. */
    if (server == servers->count) server = 0;
    servers->states[server].users++;
    *pause_ms = pause_of(&servers->states[server], now_ms);
    pthread_mutex_unlock(&servers->lock);
    return server;
}

void tic_servers_leave(struct tic_servers *servers, size_t server) {
    pthread_mutex_lock(&servers->lock);
    servers->states[server].users--;
    pthread_mutex_unlock(&servers->lock);
}

void tic_servers_delivered(struct tic_servers *servers, uint64_t bytes) {
    pthread_mutex_lock(&servers->lock);
    servers->delivered_bytes += bytes;
    pthread_mutex_unlock(&servers->lock);
}

/* Differs between clients and from call to call: that is all a pause needs. */
static uint64_t random_up_to(uint64_t max, const void *seed) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    /* Finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
    uint64_t x = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)seed << 20;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (x ^ x >> 31) % (max + 1);
}

/*
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS
 * 2015): anything up to a limit that doubles.
 */
static uint64_t backoff_ms(const struct tic_server_state *state, uint64_t max_ms) {
    const unsigned doublings =
        state->failures <= DOUBLINGS ? state->failures - 1 : DOUBLINGS;
    uint64_t limit = (uint64_t)FIRST_PAUSE_MS << doublings;
    if (limit > max_ms) limit = max_ms;
    return random_up_to(limit, state);
}

/* How long may be tried again, 0 if that time is over. */
static uint64_t left_ms(const struct tic_servers *servers, uint64_t now_ms) {
    const uint64_t for_ms = servers->numbers[TIC_RETRY_FOR_MS];
    const uint64_t spent_ms = servers->failing ? now_ms - servers->since_ms : 0;
    return spent_ms < for_ms ? for_ms - spent_ms : 0;
}

/* Begins a series of failures, unless one lasts. */
static void begin_series(struct tic_servers *servers, uint64_t now_ms) {
    if (!servers->failing ||
        servers->delivered_bytes - servers->since_bytes >= PROGRESS_BYTES) {
        servers->failing = true;
        servers->since_ms = now_ms;
        servers->since_bytes = servers->delivered_bytes;
    }
}

bool tic_servers_failed(struct tic_servers *servers, size_t server,
                        const struct tic_failure *failure, uint64_t now_ms,
                        uint64_t *pause_ms) {
    struct tic_server_state *state = &servers->states[server];
    uint64_t after_s = failure->result->retry_after_s;
    pthread_mutex_lock(&servers->lock);
    begin_series(servers, now_ms);
    const uint64_t rest_ms = left_ms(servers, now_ms);
    if (failure->progress_bytes >= PROGRESS_BYTES) state->failures = 0;
    state->failures++;
    uint64_t pause = backoff_ms(state, servers->numbers[TIC_RETRY_WAIT_MS]);
    /* The last try is at the end of the time. */
    if (pause > rest_ms) pause = rest_ms;
    if (after_s > INT32_MAX) after_s = INT32_MAX;
    if (pause < after_s * 1000) pause = after_s * 1000;
    state->again_ms = now_ms + pause;
    const size_t next = best(servers, now_ms);
    const struct tic_server_state *best_state =
        next < servers->count ? &servers->states[next] : state;
    *pause_ms = pause_of(best_state, now_ms);
    pthread_mutex_unlock(&servers->lock);
    return rest_ms > 0 && *pause_ms <= rest_ms;
}

uint64_t tic_servers_patience_ms(struct tic_servers *servers, size_t server,
                                 uint64_t now_ms) {
    bool others = false;
    pthread_mutex_lock(&servers->lock);
    const uint64_t rest_ms = left_ms(servers, now_ms);
    for (size_t i = 0; i < servers->count; i++) {
        others |= i != server && !servers->states[i].excluded;
    }
    const uint64_t patience_ms = servers->states[server].patience_ms;
    pthread_mutex_unlock(&servers->lock);
    return others && rest_ms >= RESERVE_MS ? patience_ms : UINT64_MAX;
}

void tic_servers_silent(struct tic_servers *servers, size_t server,
                        uint64_t patience_ms) {
    struct tic_server_state *state = &servers->states[server];
    pthread_mutex_lock(&servers->lock);
    /* Once for all connections that have waited so long. */
    if (state->patience_ms == patience_ms && patience_ms < RESERVE_MS) {
        state->patience_ms *= 2;
    }
    pthread_mutex_unlock(&servers->lock);
}

void tic_servers_responds(struct tic_servers *servers, size_t server) {
    pthread_mutex_lock(&servers->lock);
    servers->states[server].patience_ms = FIRST_PATIENCE_MS;
    pthread_mutex_unlock(&servers->lock);
}

void tic_servers_hung(struct tic_servers *servers, size_t server, uint64_t now_ms) {
    struct tic_server_state *state = &servers->states[server];
    pthread_mutex_lock(&servers->lock);
    state->failures++;
    state->again_ms = now_ms + backoff_ms(state, servers->numbers[TIC_RETRY_WAIT_MS]);
    pthread_mutex_unlock(&servers->lock);
}

bool tic_servers_exclude(struct tic_servers *servers, size_t server,
                         struct ti_error *error) {
    pthread_mutex_lock(&servers->lock);
    if (servers->first_error.code == TI_OK) servers->first_error = *error;
    servers->states[server].excluded = true;
    const bool any = best(servers, 0) < servers->count;
    if (!any) *error = servers->first_error;
    pthread_mutex_unlock(&servers->lock);
    return any;
}
