/* SPDX-License-Identifier: MIT */
/*
 * One fetch: what is done with an answer's header, body and end. Whether there is a next
 * try after a failure is decided by resume.c.
 */
#include "client/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/client_error.h"
#include "client/problem_json.h"
#include "client/resume.h"
#include "client/transport.h"
#include "client/verify.h"

/* More of an error's body than this is not read into memory. */
#define PROBLEM_BYTES ((size_t)64 << 10)

#define IDLE_MS 200

/*
 *   wanted     the part asked for, and how often it was asked for
 *   info       valid once 'begun'
 *   delivered  bytes that the sink has had
 *   accepted   the present exchange's answer is a body of ours
 *   cut        it goes on behind what is wanted
 *   skip       of it, bytes to be dropped; 'left' bytes to be delivered, or TIC_UNKNOWN
 *   complete   all that was wanted has come, and the exchange was ended for that
 *   status     of a function that ended the exchange
 */
struct fetch {
    struct tic_request *request;
    const struct tic_sink *sink;
    struct ti_error *error;
    struct tic_asked wanted, asked;
    struct tic_info info;
    bool begun;
    uint64_t delivered;
    bool accepted, cut, complete;
    uint64_t skip, left;
    enum ti_status status;
    char *problem;
    size_t problem_bytes;
    uint64_t idle_at_ms;
    struct tic_resume resume;
};

static bool cancel(struct fetch *fetch) {
    fetch->status = tic_fail(fetch->error, TI_ECANCELLED, "", "cancelled");
    return false;
}

/* The header of an answer with a body is complete. */
static bool accept_answer(struct fetch *fetch) {
    struct tic_info now;
    struct tic_piece piece;
    fetch->status = tic_verify(fetch->request, &fetch->request->answer, &fetch->asked,
                               &now, &piece, fetch->error);
    if (fetch->status != TI_OK) return false;
    fetch->accepted = true;
    fetch->skip = piece.skip_bytes;
    fetch->left = piece.take_bytes;
    fetch->cut = fetch->request->answer.status == 200 &&
                 piece.take_bytes != TIC_UNKNOWN &&
                 piece.skip_bytes + piece.take_bytes != now.total_bytes;
    if (!fetch->begun) {
        fetch->begun = true;
        fetch->info = now;
        fetch->info.first_byte = fetch->wanted.first_byte;
        fetch->info.count_bytes = piece.take_bytes;
        fetch->info.tries = fetch->resume.tries;
        fetch->wanted.count_bytes = piece.take_bytes;
        const struct tic_sink *sink = fetch->sink;
        if (sink && sink->begin && !sink->begin(sink->state, &fetch->info)) {
            return cancel(fetch);
        }
    }
    return true;
}

static bool on_line(void *state, const char *line, size_t bytes) {
    struct fetch *fetch = state;
    struct tic_answer *answer = &fetch->request->answer;
    /* What follows a chunked body is a trailer. */
    if (fetch->accepted) return true;
    switch (tic_answer_line(answer, line, bytes)) {
    case TIC_LINE_OK:
        return true;
    case TIC_LINE_END:
        fetch->problem_bytes = 0;
        if (answer->status == 200 || answer->status == 206) return accept_answer(fetch);
        return true;
    case TIC_LINE_TOO_LONG:
        fetch->status = tic_fail(fetch->error, TI_EMISMATCH, "",
                                 "the answer's header is longer than any sensible one");
        return false;
    default:
        fetch->status = tic_out_of_memory(fetch->error);
        return false;
    }
}

/* What is behind the limit is read and dropped: the connection can then be used again. */
static bool keep_problem(struct fetch *fetch, const char *data, size_t bytes) {
    if (!fetch->problem && !(fetch->problem = malloc(PROBLEM_BYTES))) return true;
    size_t room = PROBLEM_BYTES - fetch->problem_bytes;
    if (bytes > room) bytes = room;
    memcpy(fetch->problem + fetch->problem_bytes, data, bytes);
    fetch->problem_bytes += bytes;
    return true;
}

static bool on_body(void *state, const char *data, size_t bytes) {
    struct fetch *fetch = state;
    const struct tic_sink *sink = fetch->sink;
    if (!fetch->accepted) return keep_problem(fetch, data, bytes);
    if (fetch->skip >= bytes) {
        fetch->skip -= bytes;
        return true;
    }
    data += fetch->skip;
    bytes -= (size_t)fetch->skip;
    fetch->skip = 0;
    if (bytes > fetch->left && !fetch->cut) {
        fetch->status = tic_fail(fetch->error, TI_EMISMATCH, "",
                                 "more bytes come than the answer's header promised");
        return false;
    }
    size_t now = bytes < fetch->left ? bytes : (size_t)fetch->left;
    if (now > 0 && sink->write && !sink->write(sink->state, data, now)) {
        return cancel(fetch);
    }
    fetch->delivered += now;
    if (fetch->left != TIC_UNKNOWN) fetch->left -= now;
    fetch->complete = fetch->cut && fetch->left == 0;
    return !fetch->complete;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool on_idle(void *state) {
    struct fetch *fetch = state;
    const struct tic_sink *sink = fetch->sink;
    if (!sink || !sink->idle) return true;
    uint64_t now = now_ms();
    if (now < fetch->idle_at_ms) return true;
    fetch->idle_at_ms = now + IDLE_MS;
    return sink->idle(sink->state) || cancel(fetch);
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

/* Asks for what has not come yet. */
static void exchange(struct fetch *fetch, const char *url, struct tic_result *result) {
    struct tic_request *request = fetch->request;
    const struct tic_info *info = &fetch->info;
    char range[2 * 20 + 2] = "";
    uint64_t first = fetch->wanted.first_byte + fetch->delivered;
    uint64_t count = fetch->wanted.count_bytes;
    if (count != TIC_TO_END) count -= fetch->delivered;
    fetch->asked.head = fetch->wanted.head;
    fetch->asked.ranged = !fetch->asked.head && (fetch->wanted.ranged || first > 0);
    fetch->asked.first_byte = first;
    fetch->asked.count_bytes = count;
    fetch->asked.earlier = fetch->begun ? info : NULL;
    if (fetch->asked.ranged && count == TIC_TO_END) {
        snprintf(range, sizeof range, "%" PRIu64 "-", first);
    } else if (fetch->asked.ranged) {
        snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, first, first + count - 1);
    }
    const char *accept = tic_request_media_type(request);
    const struct tic_exchange ask = {
        .url = url,
        .head = fetch->asked.head,
        .range = *range ? range : NULL,
        .if_range = *range && tic_is_strong(info->etag) ? info->etag : NULL,
        .accept = accept ? accept : "*/*",
        .numbers = request->numbers,
        .texts = request->texts,
        .line = on_line,
        .body = on_body,
        .idle = on_idle,
        .state = fetch,
    };
    fetch->accepted = fetch->cut = fetch->complete = false;
    fetch->problem_bytes = 0;
    tic_answer_clear(&request->answer);
    tic_transport_run(request->transport, &ask, result);
}

static bool has_all(const struct fetch *fetch) {
    if (!fetch->begun) return false;
    return fetch->wanted.head || fetch->delivered == fetch->wanted.count_bytes;
}

/* The server answered, and not with a tensor. */
static enum ti_status refused(struct fetch *fetch) {
    const struct tic_answer *answer = &fetch->request->answer;
    if (answer->status >= 300 && answer->status < 400) {
        const char *location = tic_answer_get(answer, "Location", NULL);
        return tic_fail(fetch->error, TI_ESERVER, "",
                        "the server redirects (%d) to %.200s, and that is not followed",
                        answer->status, location ? location : "nowhere");
    }
    if (answer->status < 400) {
        return tic_fail(fetch->error, TI_EMISMATCH, "",
                        "the server answered with HTTP status %d, which is no tensor",
                        answer->status);
    }
    return tic_problem(answer->status, fetch->problem ? fetch->problem : "",
                       fetch->problem_bytes, fetch->error);
}

static enum ti_status failed(struct fetch *fetch, const struct tic_result *result) {
    const char *what = "the connection broke";
    switch (result->outcome) {
    case TIC_OUTCOME_MEMORY:
        return tic_fail(fetch->error, TI_ENOMEM, "", "%s", result->reason);
    case TIC_OUTCOME_GARBAGE:
        return tic_fail(fetch->error, TI_EMISMATCH, "",
                        "the answer cannot be read as HTTP: %s", result->reason);
    case TIC_OUTCOME_UNREACHED:
    case TIC_OUTCOME_REFUSED:
        what = "the server is not reached";
        break;
    default:
        break;
    }
    if (!fetch->begun) {
        return tic_fail(fetch->error, TI_ENETWORK, "", "%s: %s", what, result->reason);
    }
    return tic_fail(fetch->error, TI_ENETWORK, "", "%s after %" PRIu64 " bytes: %s", what,
                    fetch->delivered, result->reason);
}

/* Exchanges until all has come or there is no point in another. */
static enum ti_status run(struct fetch *fetch, const char *url) {
    for (;;) {
        struct tic_result result;
        uint64_t before = fetch->delivered, pause_ms;
        fetch->resume.tries++;
        exchange(fetch, url, &result);
        if (fetch->status != TI_OK) return fetch->status;
        if (fetch->complete) return TI_OK;
        if (result.outcome == TIC_OUTCOME_DONE && fetch->accepted &&
            fetch->left == TIC_UNKNOWN) {
            return TI_OK;
        }
        if (has_all(fetch)) return TI_OK;
        const struct tic_failure failure = {
            .result = &result,
            .http_status = fetch->accepted ? 0 : fetch->request->answer.status,
            .progress_bytes = fetch->delivered - before,
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

enum ti_status tic_fetch_run(struct tic_request *request, const struct tic_sink *sink,
                             bool head, struct tic_info *info, struct ti_error *error) {
    struct fetch fetch = {.request = request, .sink = sink, .error = error};
    char *url = NULL;
    struct tic_asked *wanted = &fetch.wanted;
    enum ti_status status =
        tic_request_part(request, &wanted->first_byte, &wanted->count_bytes, error);
    if (status != TI_OK) return status;
    /* A range cannot be empty, so nothing is asked for by HEAD. */
    wanted->head = head || wanted->count_bytes == 0;
    wanted->ranged = request->unit != TIC_UNIT_WHOLE;
    if ((status = tic_request_url(request, &url, error)) != TI_OK) return status;
    status = run(&fetch, url);
    if (status == TI_OK && info) {
        *info = fetch.info;
        info->tries = fetch.resume.tries;
        if (!head) info->count_bytes = fetch.delivered;
    }
    free(fetch.problem);
    free(url);
    return status;
}
