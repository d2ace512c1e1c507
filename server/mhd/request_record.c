/* SPDX-License-Identifier: MIT */
/* See request_record.h. */
#include "server/mhd/request_record.h"

#include <stdio.h>

#include <tensorinit/schemes.h>

#include "server/http/address.h"
#include "server/http/forwarded.h"
#include "server/log.h"
#include "server/mhd/worker_state.h"
#include "server/routes.h"
#include "server/work/clock.h"

/* A request is slow, and always logged, if its first byte takes that long. */
#define SLOW_NS 1000000000

void tid_record_begin(struct tid_connection *connection, const char *method) {
    struct tid_request_record *record = &connection->record;
    record->start_ns = tid_clock_ns();
    record->first_byte_ns = 0;
    record->status = 0;
    record->format = TID_RESPONSE_NO_FORMAT;
    record->scheme = TID_RESPONSE_NO_SCHEME;
    record->streamed = false;
    record->sent_directly = false;
    record->failed = false;
    record->response_bytes = 0;
    record->sent_bytes = 0;
    /* The request of the other methods says which they are. */
    if (!tid_method_name(connection->request.method))
        snprintf(record->method, sizeof record->method, "%s", method);
}

void tid_record_route(struct tid_connection *connection) {
    connection->record.route = tid_route_find(&connection->request);
}

static void set_response(struct tid_request_record *record, unsigned status,
                         unsigned format, unsigned scheme, uint64_t bytes) {
    record->status = status;
    record->format = format;
    record->scheme = scheme;
    record->response_bytes = bytes;
    record->streamed = false;
}

void tid_record_response(struct tid_connection *connection,
                         const struct tid_response *response) {
    set_response(&connection->record, response->status, response->format,
                 response->scheme, tid_response_bytes(response));
}

void tid_record_cached(struct tid_connection *connection,
                       const struct tid_request_record *other) {
    set_response(&connection->record, other->status, other->format, other->scheme,
                 other->response_bytes);
    tid_record_first_byte(connection, tid_clock_ns());
}

void tid_record_stream(struct tid_connection *connection) {
    connection->record.streamed = true;
}

void tid_record_sent(struct tid_connection *connection, uint64_t bytes, int64_t now_ns) {
    tid_record_first_byte(connection, now_ns);
    connection->record.sent_bytes += bytes;
    tid_count(&connection->worker->counters->bytes[connection->record.route], bytes);
}

void tid_record_generated(struct tid_connection *connection, uint64_t bytes,
                          uint64_t ns) {
    const unsigned scheme = connection->record.scheme;
    if (scheme == TID_RESPONSE_NO_SCHEME) return;
    tid_count_generated(&connection->worker->counters->generated[scheme], bytes, ns);
}

void tid_record_first_byte(struct tid_connection *connection, int64_t now_ns) {
    if (connection->record.first_byte_ns == 0) connection->record.first_byte_ns = now_ns;
}

static bool is_complete(const struct tid_request_record *record,
                        enum MHD_RequestTerminationCode how) {
    return record->sent_directly || how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
}

/* Why a connection ended within a request. */
static const char *cut_reason(const struct tid_connection *connection,
                              enum MHD_RequestTerminationCode how) {
    static const char *const deadlines[] = {[TID_CUT_HEADER] = "header_timeout",
                                            [TID_CUT_IDLE] = "idle_timeout",
                                            [TID_CUT_STALLED] = "stalled",
                                            [TID_CUT_SLOW] = "slow"};
    const int cut = atomic_load(&connection->watch.cut);
    if (cut != TID_CUT_NONE) return deadlines[cut];
    if (connection->record.failed) return "failed";
    return how == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN ? "stop" : "client";
}

const char *tid_record_peer(struct tid_connection *connection) {
    if (connection->peer[0] == '\0')
        tid_address_show((const struct sockaddr *)&connection->address,
                         connection->address_bytes, connection->peer);
    return connection->peer;
}

static void add_client(struct tid_log_line *line, struct tid_connection *connection) {
    const char *peer = tid_record_peer(connection);
    char client[TID_HOST_BYTES];
    struct sockaddr_storage forwarded;
    if (connection->record.trusted &&
        tid_forwarded_client(&connection->request,
                             connection->worker->shared->context->trusted_proxies,
                             &forwarded)) {
        tid_address_show_host((const struct sockaddr *)&forwarded, client);
        tid_log_line_string(line, "client", client);
        tid_log_line_string(line, "proxy", peer);
    } else {
        tid_log_line_string(line, "client", peer);
    }
}

static void add_request(struct tid_log_line *line, struct tid_connection *connection) {
    const struct tid_request *request = &connection->request;
    const char *method = tid_method_name(request->method);
    /* version "-" trace-id "-": request_id.c has checked it */
    if (request->trace[0] != '\0')
        tid_log_line_text(line, "trace", request->trace + 3, 32);
    add_client(line, connection);
    tid_log_line_string(line, "method", method ? method : connection->record.method);
    if (connection->target)
        tid_log_line_text(line, "target", connection->target, connection->target_bytes);
}

static void log_request(struct tid_connection *connection, uint64_t sent_bytes,
                        const struct tid_counted_request *counted,
                        enum MHD_RequestTerminationCode how) {
    const struct tid_request_record *record = &connection->record;
    const enum tid_log_level level =
        record->status >= 500 ? TID_LOG_WARNING : TID_LOG_INFO;
    struct tid_log_line line;
    if (!tid_log_has(level)) return;
    tid_log_begin(&line, level, "request");
    tid_log_line_string(&line, "id", connection->request.id);
    add_request(&line, connection);
    tid_log_line_number(&line, "status", record->status);
    tid_log_line_number(&line, "bytes", sent_bytes);
    tid_log_line_ms(&line, "duration_ms", counted->duration_ns);
    if (counted->first_byte_ns >= 0)
        tid_log_line_ms(&line, "first_byte_ms", counted->first_byte_ns);
    if (record->format != TID_RESPONSE_NO_FORMAT)
        tid_log_line_string(&line, "format",
                            ti_format_name((enum ti_format)record->format));
    if (record->scheme != TID_RESPONSE_NO_SCHEME)
        tid_log_line_string(&line, "scheme", ti_scheme_get(record->scheme)->name);
    if (!counted->complete)
        tid_log_line_string(&line, "cut", cut_reason(connection, how));
    tid_log_end(&line);
}

/* Of the requests that nothing is wrong with, one of --access-sample. */
static bool is_logged(struct tid_worker *worker,
                      const struct tid_counted_request *counted) {
    if (!atomic_load_explicit(&worker->shared->access_log, memory_order_relaxed))
        return false;
    if (!counted->complete || counted->status < 200 || counted->status >= 400 ||
        counted->first_byte_ns >= SLOW_NS)
        return true;
    const unsigned sample =
        atomic_load_explicit(&worker->shared->access_sample, memory_order_relaxed);
    if (++worker->unlogged < sample) return false;
    worker->unlogged = 0;
    return true;
}

void tid_record_end(struct tid_connection *connection,
                    enum MHD_RequestTerminationCode how) {
    const struct tid_request_record *record = &connection->record;
    struct tid_worker *worker = connection->worker;
    const bool has_body =
        connection->request.method != TID_METHOD_HEAD && record->status != 304;
    const struct tid_counted_request counted = {
        .route = record->route,
        .format = record->format,
        .status = record->status,
        .complete = is_complete(record, how),
        .duration_ns = tid_clock_ns() - record->start_ns,
        .first_byte_ns =
            record->first_byte_ns == 0 ? -1 : record->first_byte_ns - record->start_ns,
    };
    uint64_t sent_bytes = record->sent_bytes;
    tid_count_request(worker->counters, &counted);
    if (counted.complete && has_body && !record->streamed) {
        sent_bytes = record->response_bytes;
        tid_count(&worker->counters->bytes[counted.route], sent_bytes);
    }
    tid_count(&worker->counters->in_flight, UINT64_MAX); /* wraps around: one less */
    if (is_logged(worker, &counted)) log_request(connection, sent_bytes, &counted, how);
}
