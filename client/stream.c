/* SPDX-License-Identifier: MIT */
/*
 * Exchanges with servers until a range of the body is delivered. verify.c judges each
 * header, servers.c decides on retries.
 */
#include "client/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/client_error.h"
#include "client/problem_json.h"

/* Only this much of an error's body is stored. */
#define PROBLEM_BYTES ((size_t)64 << 10)

#define IDLE_MS 200

/* Ends the fetch. */
static bool end(struct tic_stream *stream, enum ti_status status) {
    stream->status = status;
    stream->is_final = true;
    return false;
}

static bool cancel(struct tic_stream *stream) {
    return end(stream, tic_fail(&stream->error, TI_ECANCELLED, "", "cancelled"));
}

/* Response --------------------------------------------------------------------------- */

static bool begin(struct tic_stream *stream, const struct tic_info *info,
                  uint64_t count_bytes) {
    struct tic_fetch *fetch = stream->fetch;
    const struct tic_sink *sink = &fetch->sink;
    pthread_mutex_lock(&fetch->lock);
    fetch->info = *info;
    fetch->info.first_byte = fetch->goal.first_byte;
    fetch->info.count_bytes = count_bytes;
    fetch->info.tries = fetch->tries;
    fetch->goal.count_bytes = count_bytes;
    fetch->back =
        count_bytes == TIC_UNKNOWN ? TIC_TO_END : fetch->goal.first_byte + count_bytes;
    fetch->begun = true;
    const bool go_on = !sink->begin || sink->begin(sink->state, &fetch->info);
    pthread_mutex_unlock(&fetch->lock);
    if (!go_on) return cancel(stream);
    if (fetch->start_others) fetch->start_others(fetch);
    return true;
}

/* The header of a response that may be the requested one is complete. */
static bool accept_response(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    struct tic_info info;
    struct tic_extent extent;
    stream->status = tic_verify(fetch->request, stream->response, &stream->expected,
                                &info, &extent, &stream->error);
    if (stream->status != TI_OK) return false;
    stream->accepted = true;
    stream->skip_bytes = extent.skip_bytes;
    /* Of a full response to the end of the body, which may be beyond the part. */
    stream->remaining_bytes = extent.count_bytes;
    if (stream->response->status != 206 && extent.count_bytes != TIC_UNKNOWN) {
        stream->remaining_bytes = info.total_bytes == TIC_UNKNOWN
                                      ? TIC_UNKNOWN
                                      : info.total_bytes - extent.skip_bytes;
    }
    return fetch->begun || begin(stream, &info, extent.count_bytes);
}

/* POST has made something: 201. */
static bool is_success(const struct tic_stream *stream) {
    const int status = stream->response->status;
    return status == 200 || status == 206 ||
           (status == 201 && stream->fetch->request->post);
}

static bool on_line(void *state, const char *line, size_t bytes) {
    struct tic_stream *stream = state;
    /* Fields after a chunked body are a trailer section, which is ignored. */
    if (stream->accepted) return true;
    switch (tic_response_line(stream->response, line, bytes)) {
    case TIC_LINE_OK:
        return true;
    case TIC_LINE_END:
        stream->problem_bytes = 0;
        tic_servers_responds(&stream->fetch->servers, stream->server);
        return is_success(stream) ? accept_response(stream) : true;
    case TIC_LINE_TOO_LONG:
        stream->status = tic_fail(&stream->error, TI_EMISMATCH, "",
                                  "the response's header is too long");
        return false;
    default:
        stream->status = tic_out_of_memory(&stream->error);
        return false;
    }
}

/* Stores the body of a refusal. The rest is read as well, to reuse the connection. */
static bool append_problem(struct tic_stream *stream, const char *data, size_t bytes) {
    if (!stream->problem && !(stream->problem = malloc(PROBLEM_BYTES))) return true;
    size_t free_bytes = PROBLEM_BYTES - stream->problem_bytes;
    if (bytes > free_bytes) bytes = free_bytes;
    memcpy(stream->problem + stream->problem_bytes, data, bytes);
    stream->problem_bytes += bytes;
    return true;
}

/*
 * Up to 'max_bytes' of the next bytes that this connection delivers. What the first one
 * is about to deliver is no longer taken by another.
 */
static uint64_t take_bytes(struct tic_stream *stream, uint64_t max_bytes) {
    struct tic_fetch *fetch = stream->fetch;
    pthread_mutex_lock(&fetch->lock);
    if (stream->is_first) stream->end = fetch->back;
    uint64_t bytes = stream->end == TIC_TO_END ? max_bytes : stream->end - stream->at;
    if (bytes > max_bytes) bytes = max_bytes;
    stream->front = stream->at + bytes;
    pthread_mutex_unlock(&fetch->lock);
    return bytes;
}

/* Whether another connection has taken what is left of the range. */
static bool is_taken_over(struct tic_stream *stream) {
    take_bytes(stream, 0);
    return stream->fetch->begun && !stream->fetch->goal.head && stream->at == stream->end;
}

/* The bytes have been delivered. */
static void advance(struct tic_stream *stream, uint64_t bytes) {
    struct tic_fetch *fetch = stream->fetch;
    const uint64_t now_ms = tic_now_ms();
    tic_servers_delivered(&fetch->servers, bytes);
    stream->progress_bytes += bytes;
    pthread_mutex_lock(&fetch->lock);
    stream->at += bytes;
    stream->moved_ms = now_ms;
    stream->complete = stream->at == stream->end && stream->remaining_bytes > 0;
    pthread_mutex_unlock(&fetch->lock);
}

static bool deliver(struct tic_stream *stream, const char *data, size_t bytes) {
    const struct tic_sink *sink = &stream->fetch->sink;
    if (sink->write_at) return sink->write_at(sink->state, stream->at, data, bytes);
    return !sink->write || sink->write(sink->state, data, bytes);
}

static bool on_body(void *state, const char *data, size_t bytes) {
    struct tic_stream *stream = state;
    if (!stream->accepted) return append_problem(stream, data, bytes);
    if (stream->skip_bytes >= bytes) {
        stream->skip_bytes -= bytes;
        return true;
    }
    data += stream->skip_bytes;
    bytes -= (size_t)stream->skip_bytes;
    stream->skip_bytes = 0;
    if (bytes > stream->remaining_bytes) {
        stream->status = tic_fail(&stream->error, TI_EMISMATCH, "",
                                  "the body is longer than its header says");
        return false;
    }
    const size_t taken = (size_t)take_bytes(stream, bytes);
    if (taken > 0 && !deliver(stream, data, taken)) return cancel(stream);
    if (stream->remaining_bytes != TIC_UNKNOWN) stream->remaining_bytes -= bytes;
    advance(stream, taken);
    return !stream->complete;
}

/* Time ------------------------------------------------------------------------------- */

uint64_t tic_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Calls the sink's idle() if it is time; false if that ends the fetch, or if another
   connection has. */
static bool call_idle(struct tic_fetch *fetch, uint64_t now_ms) {
    pthread_mutex_lock(&fetch->lock);
    bool go_on = !fetch->failed;
    if (go_on && fetch->sink.idle && now_ms >= fetch->next_idle_ms) {
        fetch->next_idle_ms = now_ms + IDLE_MS;
        go_on = fetch->sink.idle(fetch->sink.state);
    }
    pthread_mutex_unlock(&fetch->lock);
    return go_on;
}

/* Whether another server should get the request: this one has it, and does not respond. */
static bool is_silent(struct tic_stream *stream, uint64_t now_ms) {
    if (stream->response->status != 0 || !tic_transport_has_sent(stream->transport)) {
        return false;
    }
    if (stream->sent_ms == 0) stream->sent_ms = now_ms;
    return now_ms - stream->sent_ms >= stream->patience_ms;
}

static bool on_idle(void *state) {
    struct tic_stream *stream = state;
    struct tic_fetch *fetch = stream->fetch;
    const uint64_t now_ms = tic_now_ms();
    if (atomic_load(&fetch->request->cancelled)) return cancel(stream);
    if (fetch->deadline_ms > 0 && now_ms >= fetch->deadline_ms) {
        return end(stream, tic_fail(&stream->error, TI_ENETWORK, "",
                                    "the fetch has not ended in time"));
    }
    if (is_taken_over(stream)) {
        stream->complete = true;
        return false;
    }
    if (is_silent(stream, now_ms)) {
        stream->silent = true;
        return false;
    }
    return call_idle(fetch, now_ms) || cancel(stream);
}

/* False if the wait was cancelled. */
static bool wait_ms(struct tic_stream *stream, uint64_t ms) {
    for (uint64_t until = tic_now_ms() + ms, now; (now = tic_now_ms()) < until;) {
        uint64_t slice = until - now < IDLE_MS ? until - now : IDLE_MS;
        struct timespec pause = {0, (long)slice * 1000000};
        nanosleep(&pause, NULL);
        if (!on_idle(stream)) return false;
    }
    return true;
}

/* One exchange ----------------------------------------------------------------------- */

/* The rest of the range. */
static void set_expected(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    struct tic_expected *expected = &stream->expected;
    take_bytes(stream, 0);
    *expected = fetch->goal;
    expected->first_byte = stream->at;
    expected->count_bytes =
        stream->end == TIC_TO_END ? TIC_TO_END : stream->end - stream->at;
    expected->ranged =
        !expected->head && (expected->ranged || stream->at > 0 || !stream->is_first);
    expected->earlier = fetch->begun ? &fetch->info : NULL;
}

/* Writes the value of Range, "" for the full body. */
static void write_range(const struct tic_expected *expected, char *out, size_t bytes) {
    const uint64_t first = expected->first_byte, count = expected->count_bytes;
    if (!expected->ranged) {
        *out = '\0';
    } else if (count == TIC_TO_END) {
        snprintf(out, bytes, "%" PRIu64 "-", first);
    } else {
        snprintf(out, bytes, "%" PRIu64 "-%" PRIu64, first, first + count - 1);
    }
}

static void run_exchange(struct tic_stream *stream, struct tic_result *result) {
    struct tic_fetch *fetch = stream->fetch;
    struct tic_request *request = fetch->request;
    const char *etag = fetch->begun ? fetch->info.etag : "";
    enum ti_format format;
    char range[2 * 20 + 2];
    char *url = tic_request_url_at(request, stream->server);
    memset(result, 0, sizeof *result);
    if (!url) {
        end(stream, tic_out_of_memory(&stream->error));
        return;
    }
    set_expected(stream);
    write_range(&stream->expected, range, sizeof range);
    const struct tic_exchange exchange = {
        .url = url,
        .socket = request->servers[stream->server].socket,
        .head = stream->expected.head,
        .post = request->post,
        .post_bytes = request->post_bytes,
        .range = *range ? range : NULL,
        .if_range = *range && tic_is_strong(etag) ? etag : NULL,
        .accept =
            tic_request_format(request, &format) ? ti_format_media_type(format) : "*/*",
        .numbers = request->numbers,
        .texts = request->texts,
        .headers = request->headers,
        .header_count = request->header_count,
        .line = on_line,
        .body = on_body,
        .idle = on_idle,
        .state = stream,
    };
    stream->accepted = stream->complete = stream->silent = false;
    stream->sent_ms = 0;
    stream->patience_ms =
        tic_servers_patience_ms(&fetch->servers, stream->server, tic_now_ms());
    stream->status = TI_OK;
    stream->problem_bytes = 0;
    stream->progress_bytes = 0;
    tic_response_clear(stream->response);
    tic_transport_run(stream->transport, &exchange, result);
    if (stream->silent) {
        result->outcome = TIC_OUTCOME_BROKEN;
        snprintf(result->reason, sizeof result->reason, "no response after %d s",
                 (int)(stream->patience_ms / 1000));
        tic_servers_silent(&fetch->servers, stream->server, stream->patience_ms);
    }
    free(url);
}

/* The server responded, but not with a tensor. */
static enum ti_status refused(struct tic_stream *stream) {
    const struct tic_response *response = stream->response;
    if (response->status >= 300 && response->status < 400) {
        const char *location = tic_response_get(response, "Location", NULL);
        /* Without a user and password. */
        const char *at = location ? strrchr(location, '@') : NULL;
        return tic_fail(&stream->error, TI_ESERVER, "",
                        "the server redirects (%d) to %.200s, which is not followed",
                        response->status,
                        at         ? at + 1
                        : location ? location
                                   : "nowhere");
    }
    if (response->status < 400) {
        return tic_fail(&stream->error, TI_EMISMATCH, "",
                        "the server responded with HTTP status %d, which is not %s",
                        response->status,
                        stream->fetch->request->path ? "what was requested" : "a tensor");
    }
    return tic_problem(response->status, stream->problem ? stream->problem : "",
                       stream->problem_bytes, &stream->error);
}

static enum ti_status failed(struct tic_stream *stream, const struct tic_result *result) {
    const char *what = "the connection broke";
    /* A response without a length ends where its connection does. */
    const char *reason = *result->reason ? result->reason : "the response ended early";
    switch (result->outcome) {
    case TIC_OUTCOME_MEMORY:
        return tic_fail(&stream->error, TI_ENOMEM, "", "%s", result->reason);
    case TIC_OUTCOME_GARBAGE:
        return tic_fail(&stream->error, TI_EMISMATCH, "", "the response is not HTTP: %s",
                        result->reason);
    case TIC_OUTCOME_UNREACHED:
    case TIC_OUTCOME_REFUSED:
        what = "the server cannot be reached";
        break;
    default:
        break;
    }
    const uint64_t got_bytes = stream->is_first
                                   ? stream->at - stream->fetch->goal.first_byte
                                   : stream->progress_bytes;
    if (got_bytes == 0) {
        return tic_fail(&stream->error, TI_ENETWORK, "", "%s: %s", what, reason);
    }
    return tic_fail(&stream->error, TI_ENETWORK, "", "%s after %" PRIu64 " bytes: %s",
                    what, got_bytes, reason);
}

/* Whether the range is complete. */
static bool is_done(struct tic_stream *stream, const struct tic_result *result) {
    if (stream->complete) return true;
    if (!stream->fetch->begun) return false;
    take_bytes(stream, 0);
    if (stream->fetch->goal.head || stream->at == stream->end) return true;
    return result->outcome == TIC_OUTCOME_DONE && stream->accepted &&
           stream->remaining_bytes == TIC_UNKNOWN;
}

/* Retries ---------------------------------------------------------------------------- */

/* What the exchange has failed with; fills the error. */
static enum ti_status describe(struct tic_stream *stream,
                               const struct tic_result *result) {
    if (stream->status != TI_OK) return stream->status;
    if (result->outcome != TIC_OUTCOME_DONE || stream->accepted) {
        return failed(stream, result);
    }
    return refused(stream);
}

/* Tells the sink of a failure; false if that ends the fetch. */
static bool call_retry(struct tic_stream *stream, uint64_t pause_ms) {
    struct tic_fetch *fetch = stream->fetch;
    const struct tic_sink *sink = &fetch->sink;
    bool go_on;
    pthread_mutex_lock(&fetch->lock);
    fetch->request->server = stream->server;
    go_on = !sink->retry || sink->retry(sink->state, &stream->error, pause_ms);
    pthread_mutex_unlock(&fetch->lock);
    return go_on;
}

/* After a failed exchange: whether to try again, perhaps at another server. */
static bool may_retry(struct tic_stream *stream, const struct tic_result *result) {
    struct tic_servers *servers = &stream->fetch->servers;
    const struct tic_failure failure = {
        .result = result,
        .http_status = stream->accepted ? 0 : stream->response->status,
        .progress_bytes = stream->progress_bytes,
    };
    const bool temporary = stream->status == TI_OK && tic_failure_is_temporary(&failure);
    uint64_t pause_ms = 0;
    stream->status = describe(stream, result);
    if (stream->is_final) return false;
    if (temporary) {
        if (!tic_servers_failed(servers, stream->server, &failure, tic_now_ms(),
                                &pause_ms)) {
            return false;
        }
    } else {
        struct ti_error error = stream->error;
        if (!tic_servers_exclude(servers, stream->server, &error)) {
            stream->error = error;
            stream->status = error.code;
            return false;
        }
    }
    return call_retry(stream, pause_ms) || cancel(stream);
}

/* The first failure is that of the fetch. */
static void set_failure(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    pthread_mutex_lock(&fetch->lock);
    if (!fetch->failed) {
        fetch->failed = true;
        fetch->error = stream->error;
        fetch->request->server = stream->server;
    }
    pthread_mutex_unlock(&fetch->lock);
}

static void begin_try(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    pthread_mutex_lock(&fetch->lock);
    fetch->tries++;
    stream->moved_ms = tic_now_ms();
    pthread_mutex_unlock(&fetch->lock);
}

static void end_try(struct tic_stream *stream) {
    pthread_mutex_lock(&stream->fetch->lock);
    stream->moved_ms = 0;
    pthread_mutex_unlock(&stream->fetch->lock);
}

static void choose_server(struct tic_stream *stream, uint64_t *pause_ms) {
    struct tic_fetch *fetch = stream->fetch;
    const size_t server = tic_servers_choose(&fetch->servers, tic_now_ms(), pause_ms);
    pthread_mutex_lock(&fetch->lock);
    stream->server = server;
    pthread_mutex_unlock(&fetch->lock);
}

enum ti_status tic_stream_run(struct tic_stream *stream) {
    struct tic_fetch *fetch = stream->fetch;
    bool done = false, go_on = true;
    while (!done && go_on) {
        struct tic_result result;
        uint64_t pause_ms;
        choose_server(stream, &pause_ms);
        stream->complete = false;
        go_on = wait_ms(stream, pause_ms);
        done = stream->complete;
        if (go_on) {
            begin_try(stream);
            run_exchange(stream, &result);
            end_try(stream);
            done = stream->status == TI_OK && is_done(stream, &result);
            go_on = done || may_retry(stream, &result);
        }
        tic_servers_leave(&fetch->servers, stream->server);
    }
    if (!done) set_failure(stream);
    return done ? TI_OK : stream->status;
}
