/* SPDX-License-Identifier: MIT */
/*
 * tic_fetch() and tic_head(): exchanges with the server until the sink has the requested
 * part. verify.c judges each header, resume.c decides on retries.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/client_error.h"
#include "client/client_request.h"
#include "client/problem_json.h"
#include "client/resume.h"
#include "client/transport.h"
#include "client/verify.h"

/* Only this much of an error's body is stored. */
#define PROBLEM_BYTES ((size_t)64 << 10)

#define IDLE_MS 200

struct fetch {
    struct tic_request *request;
    struct tic_sink sink;
    struct ti_error *error;
    /* What the fetch has to deliver, over all exchanges. */
    struct tic_expected goal;
    /* The first response; valid if 'begun'. */
    bool begun;
    struct tic_info info;
    /* Bytes that the sink got. */
    uint64_t delivered_bytes;
    struct tic_resume resume;
    /* When the fetch has to end; 0 for no limit. */
    uint64_t deadline_ms;
    /* Servers that are not used again, and why the first of them is not. */
    bool excluded[TIC_SERVERS_MAX];
    struct ti_error first_error;

    /* The current exchange: what it requested. */
    struct tic_expected expected;
    /* Its response is a tensor that passed all checks. */
    bool accepted;
    /* The body continues after the requested part. */
    bool has_surplus;
    /* The part is complete, and the exchange was ended early. */
    bool complete;
    /* Bytes of the body to discard, then to deliver (may be TIC_UNKNOWN). */
    uint64_t skip_bytes, remaining_bytes;
    /* Why a function ended the exchange; 'is_final' if no other server may help. */
    enum ti_status status;
    bool is_final;
    /* The body of a refusal. */
    char *problem;
    size_t problem_bytes;
    uint64_t next_idle_ms;
};

/* Ends the fetch. */
static bool end(struct fetch *fetch, enum ti_status status) {
    fetch->status = status;
    fetch->is_final = true;
    return false;
}

static bool cancel(struct fetch *fetch) {
    return end(fetch, tic_fail(fetch->error, TI_ECANCELLED, "", "cancelled"));
}

static bool begin(struct fetch *fetch, const struct tic_info *info,
                  uint64_t count_bytes) {
    const struct tic_sink *sink = &fetch->sink;
    fetch->begun = true;
    fetch->info = *info;
    fetch->info.first_byte = fetch->goal.first_byte;
    fetch->info.count_bytes = count_bytes;
    fetch->info.tries = fetch->resume.tries;
    fetch->goal.count_bytes = count_bytes;
    return !sink->begin || sink->begin(sink->state, &fetch->info) || cancel(fetch);
}

/* The header of a response with status 200 or 206 is complete. */
static bool accept_response(struct fetch *fetch) {
    const struct tic_response *response = &fetch->request->response;
    struct tic_info info;
    struct tic_extent extent;
    fetch->status = tic_verify(fetch->request, response, &fetch->expected, &info, &extent,
                               fetch->error);
    if (fetch->status != TI_OK) return false;
    fetch->accepted = true;
    fetch->skip_bytes = extent.skip_bytes;
    fetch->remaining_bytes = extent.count_bytes;
    fetch->has_surplus = response->status == 200 && extent.count_bytes != TIC_UNKNOWN &&
                         extent.skip_bytes + extent.count_bytes != info.total_bytes;
    return fetch->begun || begin(fetch, &info, extent.count_bytes);
}

static bool on_line(void *state, const char *line, size_t bytes) {
    struct fetch *fetch = state;
    struct tic_response *response = &fetch->request->response;
    /* Fields after a chunked body are a trailer section, which is ignored. */
    if (fetch->accepted) return true;
    switch (tic_response_line(response, line, bytes)) {
    case TIC_LINE_OK:
        return true;
    case TIC_LINE_END:
        fetch->problem_bytes = 0;
        if (response->status != 200 && response->status != 206) return true;
        return accept_response(fetch);
    case TIC_LINE_TOO_LONG:
        fetch->status =
            tic_fail(fetch->error, TI_EMISMATCH, "", "the response's header is too long");
        return false;
    default:
        fetch->status = tic_out_of_memory(fetch->error);
        return false;
    }
}

/* Stores the body of a refusal. The rest is read as well, to reuse the connection. */
static bool append_problem(struct fetch *fetch, const char *data, size_t bytes) {
    if (!fetch->problem && !(fetch->problem = malloc(PROBLEM_BYTES))) return true;
    size_t free_bytes = PROBLEM_BYTES - fetch->problem_bytes;
    if (bytes > free_bytes) bytes = free_bytes;
    memcpy(fetch->problem + fetch->problem_bytes, data, bytes);
    fetch->problem_bytes += bytes;
    return true;
}

static bool on_body(void *state, const char *data, size_t bytes) {
    struct fetch *fetch = state;
    const struct tic_sink *sink = &fetch->sink;
    if (!fetch->accepted) return append_problem(fetch, data, bytes);
    if (fetch->skip_bytes >= bytes) {
        fetch->skip_bytes -= bytes;
        return true;
    }
    data += fetch->skip_bytes;
    bytes -= (size_t)fetch->skip_bytes;
    fetch->skip_bytes = 0;
    if (bytes > fetch->remaining_bytes && !fetch->has_surplus) {
        fetch->status = tic_fail(fetch->error, TI_EMISMATCH, "",
                                 "the body is longer than its header says");
        return false;
    }
    if (bytes > fetch->remaining_bytes) bytes = (size_t)fetch->remaining_bytes;
    if (bytes > 0 && sink->write && !sink->write(sink->state, data, bytes)) {
        return cancel(fetch);
    }
    fetch->delivered_bytes += bytes;
    if (fetch->remaining_bytes != TIC_UNKNOWN) fetch->remaining_bytes -= bytes;
    fetch->complete = fetch->has_surplus && fetch->remaining_bytes == 0;
    return !fetch->complete;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool on_idle(void *state) {
    struct fetch *fetch = state;
    const uint64_t now = now_ms();
    if (atomic_load(&fetch->request->cancelled)) return cancel(fetch);
    if (fetch->deadline_ms > 0 && now >= fetch->deadline_ms) {
        return end(fetch, tic_fail(fetch->error, TI_ENETWORK, "",
                                   "the fetch has not ended within %" PRIu64 " ms",
                                   fetch->request->numbers[TIC_TIMEOUT_MS]));
    }
    if (!fetch->sink.idle || now < fetch->next_idle_ms) return true;
    fetch->next_idle_ms = now + IDLE_MS;
    return fetch->sink.idle(fetch->sink.state) || cancel(fetch);
}

/* False if the wait was cancelled. */
static bool wait_ms(struct fetch *fetch, uint64_t ms) {
    for (uint64_t until = now_ms() + ms, now; (now = now_ms()) < until;) {
        uint64_t slice = until - now < IDLE_MS ? until - now : IDLE_MS;
        struct timespec pause = {0, (long)slice * 1000000};
        nanosleep(&pause, NULL);
        if (!on_idle(fetch)) return false;
    }
    return true;
}

/* The part that has not been delivered yet. */
static void set_expected(struct fetch *fetch) {
    struct tic_expected *expected = &fetch->expected;
    *expected = fetch->goal;
    expected->first_byte += fetch->delivered_bytes;
    if (expected->count_bytes != TIC_TO_END) {
        expected->count_bytes -= fetch->delivered_bytes;
    }
    expected->ranged = !expected->head && (expected->ranged || expected->first_byte > 0);
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

static void run_exchange(struct fetch *fetch, struct tic_result *result) {
    struct tic_request *request = fetch->request;
    const char *etag = fetch->info.etag;
    enum ti_format format;
    char range[2 * 20 + 2];
    char *url = tic_request_url_at(request, request->server);
    memset(result, 0, sizeof *result);
    if (!url) {
        end(fetch, tic_out_of_memory(fetch->error));
        return;
    }
    set_expected(fetch);
    write_range(&fetch->expected, range, sizeof range);
    const struct tic_exchange exchange = {
        .url = url,
        .head = fetch->expected.head,
        .range = *range ? range : NULL,
        .if_range = *range && tic_is_strong(etag) ? etag : NULL,
        .accept =
            tic_request_format(request, &format) ? ti_format_media_type(format) : "*/*",
        .numbers = request->numbers,
        .texts = request->texts,
        .line = on_line,
        .body = on_body,
        .idle = on_idle,
        .state = fetch,
    };
    fetch->accepted = fetch->has_surplus = fetch->complete = false;
    fetch->status = TI_OK;
    fetch->problem_bytes = 0;
    tic_response_clear(&request->response);
    tic_transport_run(request->transport, &exchange, result);
    free(url);
}

/* The server responded, but not with a tensor. */
static enum ti_status refused(struct fetch *fetch) {
    const struct tic_response *response = &fetch->request->response;
    if (response->status >= 300 && response->status < 400) {
        const char *location = tic_response_get(response, "Location", NULL);
        /* Without a user and password. */
        const char *at = location ? strrchr(location, '@') : NULL;
        return tic_fail(fetch->error, TI_ESERVER, "",
                        "the server redirects (%d) to %.200s, which is not followed",
                        response->status,
                        at         ? at + 1
                        : location ? location
                                   : "nowhere");
    }
    if (response->status < 400) {
        return tic_fail(fetch->error, TI_EMISMATCH, "",
                        "the server responded with HTTP status %d, which is not a tensor",
                        response->status);
    }
    return tic_problem(response->status, fetch->problem ? fetch->problem : "",
                       fetch->problem_bytes, fetch->error);
}

static enum ti_status failed(struct fetch *fetch, const struct tic_result *result) {
    const char *what = "the connection broke";
    switch (result->outcome) {
    case TIC_OUTCOME_MEMORY:
        return tic_fail(fetch->error, TI_ENOMEM, "", "%s", result->reason);
    case TIC_OUTCOME_GARBAGE:
        return tic_fail(fetch->error, TI_EMISMATCH, "", "the response is not HTTP: %s",
                        result->reason);
    case TIC_OUTCOME_UNREACHED:
    case TIC_OUTCOME_REFUSED:
        what = "the server cannot be reached";
        break;
    default:
        break;
    }
    if (!fetch->begun) {
        return tic_fail(fetch->error, TI_ENETWORK, "", "%s: %s", what, result->reason);
    }
    return tic_fail(fetch->error, TI_ENETWORK, "", "%s after %" PRIu64 " bytes: %s", what,
                    fetch->delivered_bytes, result->reason);
}

static bool is_done(const struct fetch *fetch, const struct tic_result *result) {
    if (fetch->complete) return true;
    if (!fetch->begun) return false;
    if (fetch->goal.head || fetch->delivered_bytes == fetch->goal.count_bytes)
        return true;
    return result->outcome == TIC_OUTCOME_DONE && fetch->accepted &&
           fetch->remaining_bytes == TIC_UNKNOWN;
}

/* What the exchange has failed with; fills the error. */
static enum ti_status describe(struct fetch *fetch, const struct tic_result *result) {
    if (fetch->status != TI_OK) return fetch->status;
    if (result->outcome != TIC_OUTCOME_DONE || fetch->accepted) {
        return failed(fetch, result);
    }
    return refused(fetch);
}

/* Changes to the next server that is not excluded; false if there is none. */
static bool next_server(struct fetch *fetch) {
    struct tic_request *request = fetch->request;
    for (size_t i = 1; i <= request->server_count; i++) {
        const size_t server = (request->server + i) % request->server_count;
        if (fetch->excluded[server]) continue;
        request->server = server;
        return true;
    }
    return false;
}

/* Excludes the server. False if it was the last: the fetch fails as the first one did. */
static bool exclude(struct fetch *fetch) {
    const size_t server = fetch->request->server;
    if (fetch->first_error.code == TI_OK) fetch->first_error = *fetch->error;
    fetch->excluded[server] = true;
    if (next_server(fetch)) return true;
    *fetch->error = fetch->first_error;
    fetch->status = fetch->first_error.code;
    return false;
}

static unsigned servers_left(const struct fetch *fetch) {
    unsigned count = 0;
    for (size_t i = 0; i < fetch->request->server_count; i++) {
        count += !fetch->excluded[i];
    }
    return count;
}

/* After a failed exchange: whether to try again, perhaps at another server. */
static bool go_on(struct fetch *fetch, const struct tic_result *result,
                  uint64_t progress_bytes) {
    const struct tic_failure failure = {
        .result = result,
        .http_status = fetch->accepted ? 0 : fetch->request->response.status,
        .progress_bytes = progress_bytes,
        .now_ms = now_ms(),
        .servers = servers_left(fetch),
    };
    const struct tic_sink *sink = &fetch->sink;
    const bool temporary = fetch->status == TI_OK && tic_resume_is_temporary(&failure);
    const enum ti_status status = describe(fetch, result);
    uint64_t pause_ms = 0;
    fetch->status = status;
    if (fetch->is_final) return false;
    if (temporary) {
        if (!tic_resume_wait(&fetch->resume, fetch->request->numbers, &failure,
                             &pause_ms)) {
            return false;
        }
    } else if (servers_left(fetch) == 1 && fetch->request->server_count == 1) {
        return false;
    }
    if (sink->retry && !sink->retry(sink->state, fetch->error, pause_ms)) {
        return cancel(fetch);
    }
    if (!temporary) return exclude(fetch);
    next_server(fetch);
    return wait_ms(fetch, pause_ms);
}

/* Exchanges until the part is complete or a retry makes no sense. */
static enum ti_status run_exchanges(struct fetch *fetch) {
    for (;;) {
        struct tic_result result;
        const uint64_t before_bytes = fetch->delivered_bytes;
        fetch->resume.tries++;
        run_exchange(fetch, &result);
        if (fetch->status == TI_OK && is_done(fetch, &result)) return TI_OK;
        if (!go_on(fetch, &result, fetch->delivered_bytes - before_bytes)) {
            return fetch->status;
        }
    }
}

/* Structs in the caller's memory ----------------------------------------------------- */

/* Sizes of the first version: up to the last member that it had. */
#define INFO_MIN_BYTES (offsetof(struct tic_info, tries) + sizeof(unsigned))
#define SINK_MIN_BYTES (offsetof(struct tic_sink, retry) + sizeof(void (*)(void)))

/* A member that fits into padding at the end would not change the size. */
_Static_assert(sizeof(struct tic_info) == INFO_MIN_BYTES, "no padding at the end");
_Static_assert(sizeof(struct tic_sink) == SINK_MIN_BYTES, "no padding at the end");

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

/* tic_fetch(), or with 'head' tic_head(), which has no sink. */
static enum ti_status run_fetch(struct tic_request *request, const struct tic_sink *sink,
                                bool head, struct tic_info *info,
                                struct ti_error *error) {
    struct ti_error own_error = {.code = TI_OK};
    if (!request) return tic_missing(error, "request");
    if (!error) error = &own_error; /* the sink gets it */
    struct fetch fetch = {.request = request, .error = error};
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
        fetch.deadline_ms = now_ms() + request->numbers[TIC_TIMEOUT_MS];
    }
    request->server = 0;
    status = run_exchanges(&fetch);
    atomic_store(&request->cancelled, false);
    if (status == TI_OK && info) {
        fetch.info.tries = fetch.resume.tries;
        if (!head) fetch.info.count_bytes = fetch.delivered_bytes;
        copy_struct(info, info->struct_bytes, &fetch.info, sizeof fetch.info);
    }
    free(fetch.problem);
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
    return request ? request->servers[request->server] : NULL;
}
