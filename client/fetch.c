/* SPDX-License-Identifier: MIT */
/*
 * tic_fetch() and tic_head(): one connection that delivers the part from its start, and
 * others that take ranges from its end, until they meet. stream.c is a connection.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/client_error.h"
#include "client/client_request.h"
#include "client/stream.h"

/* Several connections ---------------------------------------------------------------- */

/* A range that another connection takes: from 4 to 64 MiB, in MiB. */
#define RANGE_MIN_BYTES ((uint64_t)4 << 20)
#define RANGE_MAX_BYTES ((uint64_t)64 << 20)
#define RANGES_PER_JOB 4

#define JOBS_DEFAULT 4

/* A server that sends nothing for so long loses its range to a connection that is idle. */
#define HUNG_MS 5000

struct job {
    struct tic_fetch *fetch;
    struct tic_transport *transport;
    pthread_t thread;
};

struct jobs {
    struct job jobs[TIC_JOBS_MAX];
    size_t count;
    uint64_t range_bytes;
};

/* Takes a range from the end of what is left; false if the first connection will soon be
   there. 'ended' receives how many ranges have ended. */
static bool take_range(struct tic_fetch *fetch, uint64_t range_bytes, uint64_t *first,
                       uint64_t *end, uint64_t *ended) {
    pthread_mutex_lock(&fetch->lock);
    *ended = fetch->ended;
    const bool taken =
        !fetch->failed && fetch->back - fetch->streams[0]->front >= 2 * range_bytes;
    if (taken) {
        *end = fetch->back;
        /* Ranges begin at multiples of their size. */
        fetch->back = (fetch->back - 1) / range_bytes * range_bytes;
        *first = fetch->back;
    }
    pthread_mutex_unlock(&fetch->lock);
    return taken;
}

/* What is left of a range, without what is being delivered. Called with the lock. */
static uint64_t rest_of(const struct tic_stream *stream) {
    const uint64_t end = stream->is_first ? stream->fetch->back : stream->end;
    return end - stream->front;
}

/*
 * Takes the rest of a range whose server has sent nothing for some time, and sets 'first'
 * and 'end' to it. False if there is none; '*busy' says whether some may come.
 */
static bool take_over(struct tic_fetch *fetch, uint64_t *first, uint64_t *end,
                      bool *busy) {
    const uint64_t now_ms = tic_now_ms();
    struct tic_stream *hung = NULL;
    pthread_mutex_lock(&fetch->lock);
    *busy = false;
    for (size_t i = 0; i < fetch->stream_count && !fetch->failed; i++) {
        struct tic_stream *stream = fetch->streams[i];
        if (rest_of(stream) == 0) continue;
        *busy = true;
        if (stream->moved_ms > 0 && now_ms - stream->moved_ms >= HUNG_MS &&
            (!hung || rest_of(stream) > rest_of(hung))) {
            hung = stream;
        }
    }
    if (hung) {
        *first = hung->front;
        *end = hung->front + rest_of(hung);
        hung->end = hung->front;
        if (hung->is_first) fetch->back = hung->front;
        tic_servers_hung(&fetch->servers, hung->server, now_ms);
    }
    pthread_mutex_unlock(&fetch->lock);
    return hung != NULL;
}

/* Waits until one more range than 'ended' has ended, but not for long: servers may hang. */
static void await_end(struct tic_fetch *fetch, uint64_t ended) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 200000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&fetch->lock);
    while (fetch->ended == ended &&
           pthread_cond_timedwait(&fetch->has_ended, &fetch->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&fetch->lock);
}

/* Fetches a range. Those who wait for it then look again at what is left. */
static enum ti_status run_stream(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    const enum ti_status status = tic_stream_run(stream);
    pthread_mutex_lock(&fetch->lock);
    fetch->ended++;
    pthread_cond_broadcast(&fetch->has_ended);
    pthread_mutex_unlock(&fetch->lock);
    return status;
}

/* A range of its own, or that of a server that hangs; false if all have been taken. */
static bool next_range(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    const struct jobs *jobs = fetch->jobs;
    uint64_t first, end, ended;
    bool busy = true;
    while (!take_range(fetch, jobs->range_bytes, &first, &end, &ended) &&
           !take_over(fetch, &first, &end, &busy)) {
        if (!busy) return false;
        await_end(fetch, ended);
    }
    pthread_mutex_lock(&fetch->lock);
    stream->at = stream->front = first;
    stream->end = end;
    pthread_mutex_unlock(&fetch->lock);
    return true;
}

static void add_stream(struct tic_fetch *fetch, struct tic_stream *stream) {
    pthread_mutex_lock(&fetch->lock);
    fetch->streams[fetch->stream_count++] = stream;
    pthread_mutex_unlock(&fetch->lock);
}

static void remove_stream(struct tic_fetch *fetch, const struct tic_stream *stream) {
    pthread_mutex_lock(&fetch->lock);
    for (size_t i = 1; i < fetch->stream_count; i++) {
        if (fetch->streams[i] != stream) continue;
        fetch->streams[i] = fetch->streams[--fetch->stream_count];
    }
    pthread_mutex_unlock(&fetch->lock);
}

static void *run_job(void *state) {
    struct job *job = state;
    struct tic_response response = {.text = NULL};
    struct tic_stream stream = {
        .fetch = job->fetch, .transport = job->transport, .response = &response};
    add_stream(job->fetch, &stream);
    while (next_range(&stream) && run_stream(&stream) == TI_OK) {
    }
    remove_stream(job->fetch, &stream);
    tic_response_clear(&response);
    free(stream.problem);
    return NULL;
}

static bool add_job(struct tic_fetch *fetch, struct jobs *jobs) {
    struct tic_transport **transport = &fetch->request->transports[jobs->count + 1];
    struct job *job = &jobs->jobs[jobs->count];
    if (!*transport && !(*transport = tic_transport_make())) return false;
    *job = (struct job){.fetch = fetch, .transport = *transport};
    if (pthread_create(&job->thread, NULL, run_job, job) != 0) return false;
    jobs->count++;
    return true;
}

/* How many connections there may be. */
static uint64_t jobs_of(const struct tic_request *request) {
    const uint64_t wanted = request->numbers[TIC_JOBS];
    if (wanted > 0) return wanted;
    if (request->server_count > 1 || !tic_transport_is_local(request->transports[0]))
        return JOBS_DEFAULT;
    const long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    return half < 1 ? 1 : half < JOBS_DEFAULT ? (uint64_t)half : JOBS_DEFAULT;
}

/*
 * Starts the other connections, if the body is large and its server sends ranges of it.
 * It is not an error if they cannot be started.
 */
static void start_others(struct tic_fetch *fetch) {
    const struct tic_request *request = fetch->request;
    const struct tic_info *info = &fetch->info;
    const char *ranges = tic_response_get(&request->response, "Accept-Ranges", NULL);
    const uint64_t wanted = jobs_of(request);
    struct jobs *jobs = fetch->jobs;
    if (wanted < 2 || info->total_bytes == TIC_UNKNOWN ||
        info->count_bytes < 4 * RANGE_MIN_BYTES || !tic_is_strong(info->etag) ||
        !ranges || strcmp(ranges, "bytes") != 0) {
        return;
    }
    jobs->range_bytes = info->count_bytes / (wanted * RANGES_PER_JOB) >> 20 << 20;
    if (jobs->range_bytes < RANGE_MIN_BYTES) jobs->range_bytes = RANGE_MIN_BYTES;
    if (jobs->range_bytes > RANGE_MAX_BYTES) jobs->range_bytes = RANGE_MAX_BYTES;
    while (jobs->count + 1 < wanted && add_job(fetch, jobs)) {
    }
}

static void join(struct jobs *jobs) {
    for (size_t i = 0; i < jobs->count; i++) pthread_join(jobs->jobs[i].thread, NULL);
}

/* Structs in the caller's memory ----------------------------------------------------- */

/* Sizes of the first version: up to the last member that it had. */
#define INFO_MIN_BYTES (offsetof(struct tic_info, tries) + sizeof(unsigned))
#define SINK_MIN_BYTES (offsetof(struct tic_sink, state) + sizeof(void *))
#define SINK_BYTES (offsetof(struct tic_sink, write_at) + sizeof(void (*)(void)))

/* A member that fits into padding at the end would not change the size. */
_Static_assert(sizeof(struct tic_info) == INFO_MIN_BYTES, "no padding at the end");
_Static_assert(sizeof(struct tic_sink) == SINK_BYTES, "no padding at the end");

static enum ti_status check_struct(size_t struct_bytes, size_t min_bytes,
                                   const char *name, struct ti_error *error) {
    if (struct_bytes >= min_bytes) return TI_OK;
    return tic_fail(error, TI_EVALUE, "", "struct_bytes of struct %s is not set", name);
}

/* Copies all members but the first, struct_bytes, as far as both versions have them. */
static void copy_struct(void *to, size_t to_bytes, const void *from, size_t from_bytes) {
    const size_t bytes = to_bytes < from_bytes ? to_bytes : from_bytes;
    memcpy((char *)to + sizeof(size_t), (const char *)from + sizeof(size_t),
           bytes - sizeof(size_t));
}

/* Entry points ----------------------------------------------------------------------- */

/* One whose waits end by the clock that does not go back. */
static void init_condition(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Runs all connections. */
static enum ti_status run_streams(struct tic_fetch *fetch) {
    struct tic_request *request = fetch->request;
    struct jobs jobs = {.count = 0};
    struct tic_stream stream = {
        .fetch = fetch,
        .transport = request->transports[0],
        .response = &request->response,
        .is_first = true,
        .at = fetch->goal.first_byte,
        .front = fetch->goal.first_byte,
    };
    fetch->jobs = &jobs;
    fetch->streams[fetch->stream_count++] = &stream;
    const enum ti_status status = run_stream(&stream);
    if (status == TI_OK) request->server = stream.server;
    if (status == TI_OK && jobs.count > 0) {
        run_job(&(struct job){.fetch = fetch, .transport = request->transports[0]});
    }
    join(&jobs);
    free(stream.problem);
    return fetch->failed ? fetch->error.code : status;
}

/* tic_fetch(), or with 'head' tic_head(), which has no sink. */
static enum ti_status run_fetch(struct tic_request *request, const struct tic_sink *sink,
                                bool head, struct tic_info *info,
                                struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    struct tic_fetch fetch = {.request = request, .back = TIC_TO_END};
    struct tic_expected *goal = &fetch.goal;
    enum ti_status status = TI_OK;
    if (info) {
        status = check_struct(info->struct_bytes, INFO_MIN_BYTES, "tic_info", error);
    }
    if (status == TI_OK && sink) {
        status = check_struct(sink->struct_bytes, SINK_MIN_BYTES, "tic_sink", error);
    }
    if (status == TI_OK) {
        status = tic_request_part(request, &goal->first_byte, &goal->count_bytes, error);
    }
    if (status != TI_OK) return status;
    if (sink) copy_struct(&fetch.sink, sizeof fetch.sink, sink, sink->struct_bytes);
    /* A range cannot be empty, so a count of 0 becomes a HEAD. */
    goal->head = head || goal->count_bytes == 0;
    goal->ranged = request->unit != TIC_UNIT_ALL;
    if (request->numbers[TIC_TIMEOUT_MS] > 0) {
        fetch.deadline_ms = tic_now_ms() + request->numbers[TIC_TIMEOUT_MS];
    }
    if (fetch.sink.write_at && !goal->head) fetch.start_others = start_others;
    if (goal->count_bytes != TIC_TO_END) {
        fetch.back = goal->first_byte + goal->count_bytes;
    }
    pthread_mutex_init(&fetch.lock, NULL);
    init_condition(&fetch.has_ended);
    tic_servers_init(&fetch.servers, request->server_count, request->numbers);
    status = run_streams(&fetch);
    atomic_store(&request->cancelled, false);
    if (status != TI_OK && error) *error = fetch.error;
    if (status == TI_OK && info) {
        fetch.info.tries = fetch.tries;
        if (!head && fetch.info.count_bytes == TIC_UNKNOWN) {
            fetch.info.count_bytes = fetch.servers.delivered_bytes;
        }
        copy_struct(info, info->struct_bytes, &fetch.info, sizeof fetch.info);
    }
    tic_servers_clear(&fetch.servers);
    pthread_cond_destroy(&fetch.has_ended);
    pthread_mutex_destroy(&fetch.lock);
    return status;
}

void tic_request_cancel(struct tic_request *request) {
    if (request) atomic_store(&request->cancelled, true);
}

enum ti_status tic_fetch(struct tic_request *request, const struct tic_sink *sink,
                         struct tic_info *info, struct ti_error *error) {
    if (!sink) return tic_missing(error, "sink");
    return run_fetch(request, sink, false, info, error);
}

enum ti_status tic_head(struct tic_request *request, struct tic_info *info,
                        struct ti_error *error) {
    return run_fetch(request, NULL, true, info, error);
}

const char *tic_response_field(const struct tic_request *request, const char *name) {
    if (!request || !name) return NULL;
    return tic_response_get(&request->response, name, NULL);
}

const char *tic_response_field_at(const struct tic_request *request, const char *name,
                                  size_t index) {
    if (!request || !name) return NULL;
    return tic_response_get_at(&request->response, name, index);
}

const char *tic_response_server(const struct tic_request *request) {
    return request ? request->servers[request->server].text : NULL;
}
