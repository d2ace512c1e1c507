/* SPDX-License-Identifier: MIT */
/*
 * Turns what libmicrohttpd calls into requests, and has them answered.
 *
 * libmicrohttpd calls the handler twice for a request. An answer queued in the first call
 * closes the connection, one queued in the second keeps it. So the first call judges how
 * the request is framed and answers only what must not be followed by another; all else
 * is answered in the second.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "server/http/address.h"
#include "server/work/clock.h"
#include "server/log.h"
#include "server/mhd/mhd_internal.h"
#include "server/http/digits.h"
#include "server/documents/problem.h"
#include "server/router.h"
#include "server/routes.h"

/*
 * libmicrohttpd 0.9.75, Debian 12's, needs help that later versions do not:
 *
 * - It takes lines that end with a bare LF, makes new names of folded lines, and cuts a
 *   value at a NUL. But it leaves the lines where they were received, so that those that
 *   are not two bytes, CR and LF, apart show all three.
 * - Having found a bad Content-Length, or too many query parameters, it sends two
 *   headers. So it is shown a length of 0 and no query; both are checked
 *   here.
 */
#define TID_MHD_OLD (MHD_VERSION < 0x00097701)

static const char shown_length_name[] = "Content-Length";

/* Hides the query and the Content-Length to come from libmicrohttpd. */
static void hide(const char *target, size_t path_bytes, struct MHD_Connection *mhd) {
    /* The buffer is libmicrohttpd's, which is about to write to it just the same. */
    union {
        const char *read_only;
        char *any;
    } buffer = {.read_only = target};

    if (target[path_bytes] == '?') buffer.any[path_bytes + 1] = '\0';
    MHD_set_connection_value_n(mhd, MHD_HEADER_KIND, shown_length_name,
                               sizeof shown_length_name - 1, "0", 1);
}

void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd) {
    struct tid_connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    (void)worker;
    if (connection == NULL) return NULL;
    tid_watch_enter(&connection->watch, TID_PHASE_HEAD);
    if (connection->has_timeout)
        MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    connection->has_timeout = false;
    if (target == NULL) target = "";
    connection->judged = false;
    connection->raw_target = target;
    connection->target_bytes = strlen(target);
    connection->target = connection->target_bytes < sizeof connection->short_target
                             ? connection->short_target
                             : malloc(connection->target_bytes + 1);
    if (connection->target != NULL)
        memcpy(connection->target, target, connection->target_bytes + 1);
    if (TID_MHD_OLD) hide(target, strcspn(target, "?"), mhd);
    return connection;
}

/*
 * What the walk over the header fields fills; 'line' is where the next one should begin.
 */
struct head {
    struct tid_framing framing;
    struct tid_request *request;
    const char *line;
    bool out_of_line;
};

static enum MHD_Result field_seen(void *argument, enum MHD_ValueKind kind,
                                  const char *name, size_t name_bytes, const char *value,
                                  size_t value_bytes) {
    struct head *head = argument;

    (void)kind;
    if (name == shown_length_name) return MHD_YES;
    if (value == NULL) value = "";
    head->out_of_line |= name != head->line;
    head->line = value + value_bytes + 2; /* CR LF */
    tid_framing_add(&head->framing, name, name_bytes, value, value_bytes);
    enum tid_field field = tid_field_find(name, name_bytes);
    if (field != TID_FIELD_COUNT) head->request->fields[field] = value;
    return MHD_YES;
}

/*
 * Longest header of a request. libmicrohttpd keeps it in the same memory as the answer's,
 * which must fit as well, or the connection would end without one.
 */
#define TID_HEADER_BYTES 8192

static size_t header_bytes(struct MHD_Connection *mhd) {
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
        ->header_size;
}

/*
 * What is wrong with the lines of the header, or NULL; 'head' has been walked to its end,
 * 'header' is where the request line begins.
 */
static const char *lines_flaw(const struct tid_connection *connection,
                              struct MHD_Connection *mhd, const struct head *head,
                              const char *header, const char *version) {
    if (!TID_MHD_OLD) return NULL;
    if (version != connection->raw_target + connection->target_bytes + 1)
        return "The request target holds a NUL.";
    /* An empty line ends the header. */
    if (head->out_of_line || head->line + 2 != header + header_bytes(mhd))
        return "A line of the header holds a NUL, is folded or does not end with CR LF.";
    return NULL;
}

/* The first call: answers what must close the connection. */
static enum MHD_Result judge(struct tid_connection *connection,
                             struct MHD_Connection *mhd, const char *method,
                             const char *version) {
    struct head head = {.request = &connection->request, .line = version + 10};
    struct tid_response reply;

    connection->began_ms = tid_clock_ms();
    connection->status = 0;
    memset(&connection->request, 0, sizeof connection->request);
    connection->request.method = tid_method_find(method);
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, field_seen, &head);

    const char *flaw = lines_flaw(connection, mhd, &head, method, version);
    if (head.framing.flaw == NULL) head.framing.flaw = flaw;
    struct tid_verdict verdict =
        tid_framing_judge(&head.framing, connection->request.method, version);
    if (verdict.status == 0 && connection->target == NULL)
        verdict =
            (struct tid_verdict){503, "out of memory", "The server is out of memory."};
    if (verdict.status == 0) {
        flaw = tid_target_split(connection->target, connection->target_bytes,
                                &connection->request);
        if (flaw != NULL) verdict = (struct tid_verdict){400, "bad request", flaw};
    }
    if (verdict.status == 0 && header_bytes(mhd) > TID_HEADER_BYTES)
        verdict = (struct tid_verdict){431, "header too large",
                                       "The request's header is longer than 8192 bytes."};
    if (verdict.status != 0)
        tid_problem(&reply, verdict.status, verdict.title, verdict.detail, "");
    else if (tid_framing_has_body(&head.framing))
        tid_route(connection->worker->shared->context, &connection->request, &reply);
    else
        return MHD_YES;
    tid_watch_enter(&connection->watch, TID_PHASE_REPLY);
    return tid_mhd_send(connection, mhd, &reply);
}

enum MHD_Result tid_mhd_handle(void *worker, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version,
                               const char *upload, size_t *upload_bytes, void **state) {
    struct tid_connection *connection = *state;
    struct tid_response reply;

    (void)worker;
    (void)url;
    (void)upload;
    if (connection == NULL) return MHD_NO;
    if (!connection->judged) {
        connection->judged = true;
        tid_count(&connection->worker->counters->in_flight, 1);
        return judge(connection, mhd, method, version);
    }
    if (*upload_bytes != 0)
        return MHD_NO; /* cannot be: whatever has a body was answered above */
    tid_watch_enter(&connection->watch, TID_PHASE_REPLY);
    tid_route(connection->worker->shared->context, &connection->request, &reply);
    return tid_mhd_send(connection, mhd, &reply);
}

/*
 * A line of the access log. tid_log() takes care of what a target may hold. "cut" means
 * that the client, a deadline or the end of the daemon ended the transfer.
 */
static void log_request(const struct tid_connection *connection,
                        struct MHD_Connection *mhd, enum MHD_RequestTerminationCode how) {
    static const char *const names[] = {"GET", "HEAD", "OPTIONS", "(other)", "(unknown)"};
    const struct sockaddr *client =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    char address[TID_ADDRESS_BYTES], bytes[TID_DIGITS_BYTES] = "unknown";

    tid_address_show(client,
                     client->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in),
                     address);
    if (connection->reply_bytes != TID_STREAM_UNKNOWN)
        tid_digits_u64(connection->reply_bytes, bytes);
    tid_log("%s %s %.2000s %u %s bytes %lld ms%s", address,
            names[connection->request.method],
            connection->target != NULL ? connection->target : "-", connection->status,
            bytes, (long long)(tid_clock_ms() - connection->began_ms),
            how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " cut");
}

/* For /metrics. */
static void count_request(const struct tid_connection *connection,
                          enum MHD_RequestTerminationCode how) {
    struct tid_counters *counters = connection->worker->counters;
    const unsigned route = tid_route_find(&connection->request);
    const bool whole = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    const bool bodiless =
        connection->request.method == TID_METHOD_HEAD || connection->status == 304;

    tid_count_request(counters, route, connection->status, whole);
    if (whole && !bodiless && !connection->streamed)
        tid_count(&counters->bytes[route], connection->reply_bytes);
    tid_count(&counters->in_flight, UINT64_MAX); /* one less */
}

void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how) {
    struct tid_connection *connection = *state;

    (void)worker;
    if (connection == NULL) return;
    if (connection->worker->shared->access_log && connection->judged)
        log_request(connection, mhd, how);
    if (connection->judged) count_request(connection, how);
    connection->judged = false;
    if (connection->target != connection->short_target) free(connection->target);
    connection->target = NULL;
    tid_watch_enter(&connection->watch, TID_PHASE_IDLE);
}
