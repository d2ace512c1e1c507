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
    /* Why a function ended the exchange. */
    enum ti_status status;
    /* The body of a refusal. */
    char *problem;
    size_t problem_bytes;
    uint64_t next_idle_ms;
};

static bool cancel(struct fetch *fetch) {
    fetch->status = tic_fail(fetch->error, TI_ECANCELLED, "", "cancelled");
    return false;
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
    if (!fetch->sink.idle) return true;
    uint64_t now = now_ms();
    if (now < fetch->next_idle_ms) return true;
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

static void run_exchange(struct fetch *fetch, const char *url,
                         struct tic_result *result) {
    struct tic_request *request = fetch->request;
    const char *etag = fetch->info.etag;
    enum ti_format format;
    char range[2 * 20 + 2];
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
    fetch->problem_bytes = 0;
    tic_response_clear(&request->response);
    tic_transport_run(request->transport, &exchange, result);
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

/* Exchanges until the part is complete or a retry makes no sense. */
static enum ti_status run_exchanges(struct fetch *fetch, const char *url) {
    for (;;) {
        struct tic_result result;
        uint64_t before_bytes = fetch->delivered_bytes, pause_ms;
        fetch->resume.tries++;
        run_exchange(fetch, url, &result);
        if (fetch->status != TI_OK) return fetch->status;
        if (is_done(fetch, &result)) return TI_OK;
        const struct tic_failure failure = {
            .result = &result,
            .http_status = fetch->accepted ? 0 : fetch->request->response.status,
            .progress_bytes = fetch->delivered_bytes - before_bytes,
            .begun = fetch->begun,
        };
        if (!tic_resume_wait(&fetch->resume, fetch->request->numbers, &failure,
                             &pause_ms)) {
            if (result.outcome != TIC_OUTCOME_DONE || fetch->accepted) {
                return failed(fetch, &result);
            }
            return refused(fetch);
        }
        if (!wait_ms(fetch, pause_ms)) return fetch->status;
    }
}

/* Structs in the caller's memory ----------------------------------------------------- */

/* Sizes of the first version: up to the last member that it had. */
#define INFO_MIN_BYTES (offsetof(struct tic_info, tries) + sizeof(unsigned))
#define SINK_MIN_BYTES (offsetof(struct tic_sink, state) + sizeof(void *))

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
    struct fetch fetch = {.request = request, .error = error};
    struct tic_expected *goal = &fetch.goal;
    enum ti_status status = TI_OK;
    char *url = NULL;
    if (info) {
        status = check_struct(info->struct_bytes, INFO_MIN_BYTES, "tic_info", error);
    }
    if (status == TI_OK && sink) {
        status = check_struct(sink->struct_bytes, SINK_MIN_BYTES, "tic_sink", error);
    }
    if (status == TI_OK) {
        status = tic_request_part(request, &goal->first_byte, &goal->count_bytes, error);
    }
    if (status == TI_OK) status = tic_request_url(request, &url, error);
    if (status != TI_OK) return status;
    if (sink) copy_struct(&fetch.sink, sizeof fetch.sink, sink, sink->struct_bytes);
    /* A range cannot be empty, so a count of 0 becomes a HEAD. */
    goal->head = head || goal->count_bytes == 0;
    goal->ranged = request->unit != TIC_UNIT_ALL;
    status = run_exchanges(&fetch, url);
    if (status == TI_OK && info) {
        fetch.info.tries = fetch.resume.tries;
        if (!head) fetch.info.count_bytes = fetch.delivered_bytes;
        copy_struct(info, info->struct_bytes, &fetch.info, sizeof fetch.info);
    }
    free(fetch.problem);
    free(url);
    return status;
}

enum ti_status tic_fetch(struct tic_request *request, const struct tic_sink *sink,
                         struct tic_info *info, struct ti_error *error) {
    return run_fetch(request, sink, false, info, error);
}

enum ti_status tic_head(struct tic_request *request, struct tic_info *info,
                        struct ti_error *error) {
    return run_fetch(request, NULL, true, info, error);
}

const char *tic_response_field(const struct tic_request *request, const char *name) {
    return tic_response_get(&request->response, name, NULL);
}

const char *tic_response_field_at(const struct tic_request *request, const char *name,
                                  size_t index) {
    return tic_response_get_at(&request->response, name, index);
}
