/* SPDX-License-Identifier: MIT */
/*
 * Builds requests from what libmicrohttpd reports, routes them and sends the responses.
 *
 * libmicrohttpd calls the handler for a request's header, for each block of its body, and
 * once more. A response queued in the first call closes the connection, one queued in the
 * last leaves it open. So the first call checks the header, and responds only if the
 * connection must be closed: to a bad request, and to one with a body that is not read.
 * The last call responds to all others.
 */
#include "server/mhd/mhd_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/documents/problem.h"
#include "server/http/deferred.h"
#include "server/http/forwarded.h"
#include "server/http/framing.h"
#include "server/http/network.h"
#include "server/http/probe.h"
#include "server/http/refusal.h"
#include "server/http/request_id.h"
#include "server/mhd/direct_response.h"
#include "server/mhd/held_response.h"
#include "server/mhd/mhd_response.h"
#include "server/mhd/request_body.h"
#include "server/mhd/request_record.h"
#include "server/mhd/response_cache.h"
#include "server/mhd/suspension.h"
#include "server/mhd/worker_state.h"
#include "server/router.h"
#include "server/routes.h"
#include "server/work/clock.h"

/*
 * libmicrohttpd 0.9.75, which Debian 12 has, needs help that later versions do not:
 *
 * - It accepts lines that end with a bare LF (RFC 9112 section 2.2), folded lines, of
 *   which it makes new names (section 5.2), and values with a NUL, which it cuts there
 *   (RFC 9110 section 5.5). A proxy may read them differently. But it leaves names and
 *   values where they were received, so the distances between them reveal all three.
 * - After a bad Content-Length, or too many query parameters, it sends two headers. So it
 *   is shown a length of 0 and no query; framing.c and the core check the real ones.
 * - It leaves white space at the end of a value, which does not belong to the value (RFC
 *   9112 section 5.1).
 * - After it has sent 100 (Continue), it takes all that follows for the body, even the next
 *   request. So Expect is hidden where no body follows (RFC 9110 section 10.1.1).
 */
#define TID_MHD_OLD (MHD_VERSION < 0x00097701)

/* Its address tells the field that hide() adds from those of the request. */
static const char shown_length_name[] = "Content-Length";

/*
 * Whether the method is POST, which stands before the target, at the start of
 * libmicrohttpd's buffer. That is aligned as malloc() aligns, so in front of the target at
 * least as many bytes are its own as the target is away from that alignment.
 */
static bool is_post(const char *target) {
    return (uintptr_t)target % _Alignof(max_align_t) >= 5 &&
           memcmp(target - 5, "POST", 5) == 0;
}

/*
 * Ends a text in libmicrohttpd's buffer earlier. It writes to that buffer itself, and
 * shares it with no one.
 */
static void cut_short(const char *text, size_t bytes) {
    union {
        const char *read_only;
        char *any;
    } buffer = {.read_only = text};
    buffer.any[bytes] = '\0';
}

/*
 * Hides the query and the Content-Length to come, but POST's, from libmicrohttpd. True if
 * it will read a body.
 */
static bool hide(const char *target, size_t path_bytes, struct MHD_Connection *mhd) {
    if (target[path_bytes] == '?') cut_short(target, path_bytes + 1);
    if (is_post(target)) return true;
    MHD_set_connection_value_n(mhd, MHD_HEADER_KIND, shown_length_name,
                               sizeof shown_length_name - 1, "0", 1);
    return false;
}

void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd) {
    struct tid_connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    (void)worker;
    if (!connection) return NULL;
    tid_watch_enter(&connection->watch, TID_PHASE_HEADER);
    tid_suspension_reset(connection, mhd);
    if (!target) target = "";
    connection->header_checked = false;
    connection->bad_length = false;
    connection->closed_before = false;
    connection->mhd = mhd;
    connection->raw_target = target;
    connection->target_bytes = strlen(target);
    connection->target = connection->target_bytes < sizeof connection->short_target
                             ? connection->short_target
                             : malloc(connection->target_bytes + 1);
    if (connection->target)
        memcpy(connection->target, target, connection->target_bytes + 1);
    connection->reads_body = !TID_MHD_OLD || hide(target, strcspn(target, "?"), mhd);
    return connection;
}

/* Collects the header fields of a request, one call of field_seen() each. */
struct header {
    struct tid_framing framing;
    struct tid_request *request;
    const char *next_line; /* where the next field must begin */
    bool has_gap;          /* a field began elsewhere */
    unsigned fields;
    bool no_memory;     /* to join the lines of a field */
    const char *expect; /* the value of Expect, the first one if there are several */
};

static bool is_expect(const char *name, size_t name_bytes) {
    return name_bytes == 6 && strncasecmp(name, "Expect", 6) == 0;
}

static enum MHD_Result field_seen(void *argument, enum MHD_ValueKind kind,
                                  const char *name, size_t name_bytes, const char *value,
                                  size_t value_bytes) {
    struct header *header = argument;
    (void)kind;
    if (name == shown_length_name) return MHD_YES;
    if (!value) value = "";
    header->fields++;
    if (name != header->next_line) header->has_gap = true;
    header->next_line = value + value_bytes + 2; /* CR LF */
    value_bytes = tid_field_value_bytes(value, value_bytes);
    /* Of "100-continue " libmicrohttpd, too, then sees only the value. */
    if (value[value_bytes] != '\0') cut_short(value, value_bytes);
    tid_framing_add(&header->framing, name, name_bytes, value, value_bytes);
    if (!header->expect && is_expect(name, name_bytes)) header->expect = value;
    const enum tid_field field = tid_field_find(name, name_bytes);
    if (field != TID_FIELD_COUNT && !tid_request_add_field(header->request, field, value))
        header->no_memory = true;
    return MHD_YES;
}

/*
 * Maximum of a request's header. libmicrohttpd stores the header of the response in the
 * same memory: if that did not fit, the connection would end without a response.
 */
#define HEADER_BYTES_MAX 8192
#define HEADER_FIELDS_MAX 100
/* Of a header that is too long, a target of more than this is what is wrong. */
#define TARGET_BYTES_MAX 7168

static size_t header_bytes(struct MHD_Connection *mhd) {
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
        ->header_size;
}

/*
 * What is wrong with the lines of the header, or NULL. 'header' has all fields;
 * 'request_line' is where the request begins in libmicrohttpd's buffer, 'version' where
 * the HTTP version stands.
 */
static const char *lines_error(const struct tid_connection *connection,
                               struct MHD_Connection *mhd, const struct header *header,
                               const char *request_line, const char *version) {
    if (!TID_MHD_OLD) return NULL;
    if (connection->raw_target != request_line + strlen(request_line) + 1)
        return "Between method and target is a NUL, or more than one space.";
    if (version != connection->raw_target + connection->target_bytes + 1)
        return "The request target contains a NUL.";
    /* The header ends with an empty line. */
    if (header->has_gap || header->next_line + 2 != request_line + header_bytes(mhd))
        return "A header line contains a NUL, is folded or does not end with CR LF.";
    return NULL;
}

static bool is_secure(const struct tid_connection *connection) {
    return connection->worker->shared->tls != NULL;
}

static bool is_from_trusted(const struct tid_connection *connection) {
    return tid_networks_have(connection->worker->shared->context->trusted_proxies,
                             (const struct sockaddr *)&connection->address);
}

/* Checks scheme and length of the target, and the length of the header. */
static struct tid_rejection target_check(const struct tid_connection *connection,
                                         struct MHD_Connection *mhd) {
    const bool too_long = header_bytes(mhd) > HEADER_BYTES_MAX;
    /* RFC 9110 section 7.4: only a trusted gateway may have received it over TLS. */
    if (strncasecmp(connection->target, "https://", 8) == 0 && !is_secure(connection) &&
        !is_from_trusted(connection))
        return (struct tid_rejection){421, "misdirected request",
                                      "Here is no TLS; a request for an https URI "
                                      "is taken from trusted proxies only."};
    /* RFC 9110 section 15.5.15; section 4.1 recommends to support 8000 bytes. */
    if (too_long && connection->target_bytes > TARGET_BYTES_MAX)
        return (struct tid_rejection){414, "URI too long",
                                      "The request target is too long; POST takes the "
                                      "parameters in its body."};
    if (too_long)
        return (struct tid_rejection){431, "header too large",
                                      "The request header is longer than 8192 bytes."};
    return (struct tid_rejection){0, NULL, NULL};
}

/*
 * Fills the connection's request from the header, and checks the header. The status of
 * the result is 0 if it is right.
 */
static struct tid_rejection request_read(struct tid_connection *connection,
                                         struct MHD_Connection *mhd, const char *method,
                                         const char *version,
                                         struct tid_framing *framing) {
    /* The first field begins after "HTTP/1.1" and CR LF. */
    struct header header = {.request = &connection->request, .next_line = version + 10};
    tid_request_clear(&connection->request);
    connection->request.method = tid_method_find(method);
    connection->request.peer = (const struct sockaddr *)&connection->address;
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, field_seen, &header);
    tid_request_identify(&connection->request);
    if (TID_MHD_OLD && header.expect && header.expect[0] != '\0' &&
        !tid_framing_has_body(&header.framing))
        cut_short(header.expect, 0);

    const char *error = lines_error(connection, mhd, &header, method, version);
    if (!header.framing.error) header.framing.error = error;
    *framing = header.framing;
    const struct tid_rejection rejection =
        tid_framing_check(framing, connection->request.method, version);
    if (rejection.status != 0) return rejection;
    if (!connection->target || header.no_memory)
        return (struct tid_rejection){503, NULL, NULL};
    error = tid_target_split(connection->target, connection->target_bytes,
                             &connection->request);
    if (error) return (struct tid_rejection){400, "bad request", error};
    if (header.fields > HEADER_FIELDS_MAX)
        return (struct tid_rejection){431, "header too large",
                                      "The request has more than 100 header fields."};
    return target_check(connection, mhd);
}

/* Prepares to read the body. False, with a problem in '*response', if it is not read. */
static bool body_begin(struct tid_connection *connection,
                       const struct tid_framing *framing, struct tid_response *response) {
    enum tid_post_type type;
    const bool is_manifest =
        tid_route_body(connection->record.route) == TID_ROUTE_MANIFEST;
    struct tid_rejection rejection =
        tid_post_check(framing, &connection->request, is_manifest, &type);
    if (tid_framing_has_body(framing) && !connection->reads_body)
        rejection = (struct tid_rejection){400, "bad request",
                                           "Nothing may stand before the request line."};
    if (rejection.status == 0)
        return type == TID_POST_NONE ||
               tid_request_body_begin(connection, type, framing->content_bytes, response);
    tid_problem(response, rejection.status, rejection.title, rejection.detail, "");
    if (rejection.status == 415) {
        tid_response_static(response, "Accept-Post",
                            is_manifest ? TID_POST_MANIFEST_TYPES : TID_POST_TYPES);
        tid_response_static(response, "Accept-Encoding", "identity");
    }
    return false;
}

/* A reserved place is for probes. Without TLS nothing else gets one: listener.c. */
static void route(struct tid_connection *connection, struct tid_response *response) {
    struct tid_request *request = &connection->request;
    if (connection->reserved && !tid_probe_is_path(request->path, request->path_bytes)) {
        tid_refusal_make(connection->worker->shared->context, TID_TAKE_FULL, response);
    } else {
        tid_route(connection->worker->shared->context, connection->record.route, request,
                  response);
    }
}

/* Where clients see this server; also if the path could not be read. */
static void locate(struct tid_connection *connection) {
    const char *base_path = connection->worker->shared->context->base_path;
    connection->record.trusted = is_from_trusted(connection);
    tid_forwarded_apply(&connection->request, base_path ? base_path : "",
                        is_secure(connection), connection->record.trusted);
}

/* The handler's first call for a request: responds if the connection must be closed. */
static enum MHD_Result header_check(struct tid_connection *connection,
                                    struct MHD_Connection *mhd, const char *method,
                                    const char *version) {
    struct tid_request *request = &connection->request;
    struct tid_response response;
    struct tid_framing framing = {0};
    bool directly = connection->bad_length;
    connection->request.method = tid_method_find(method);
    tid_record_begin(connection, method);
    struct tid_rejection rejection =
        request_read(connection, mhd, method, version, &framing);
    /* Valid otherwise, but libmicrohttpd will not read the body. */
    if (connection->bad_length && rejection.status == 0 &&
        framing.content_bytes != UINT64_MAX)
        rejection = (struct tid_rejection){400, "bad request",
                                           "White space behind the number of "
                                           "Content-Length is not supported here."};
    locate(connection);
    tid_record_route(connection);
    if (rejection.status == 503) {
        tid_problem_no_memory(&response);
    } else if (rejection.status != 0) {
        directly |= rejection.status == 414 || rejection.status == 431;
        tid_problem(&response, rejection.status, rejection.title, rejection.detail, "");
    } else if (request->method == TID_METHOD_POST &&
               tid_route_body(connection->record.route) != TID_ROUTE_NO_BODY) {
        if (body_begin(connection, &framing, &response)) {
            /* The body has as long as the header. */
            tid_watch_enter(&connection->watch, TID_PHASE_HEADER);
            return MHD_YES;
        }
    } else if (tid_framing_has_body(&framing)) {
        route(connection, &response);
        if (response.body == TID_BODY_DEFERRED) {
            /* Here the connection cannot wait. */
            tid_response_clear(&response);
            tid_problem(&response, 400, "bad request",
                        "A request for a model has no body.", "");
        }
    } else {
        return MHD_YES;
    }
    /* The rest of the request is not read. */
    connection->lingers = true;
    tid_watch_enter(&connection->watch, TID_PHASE_RESPONSE);
    return directly ? tid_direct_send(connection, mhd, &response)
                    : tid_mhd_send(connection, mhd, &response);
}

/* Whether libmicrohttpd, which takes the first Content-Length, cannot take that one. */
static bool has_bad_length(struct tid_connection *connection) {
    static const char name[] = "Content-Length";
    struct tid_framing framing = {0};
    const char *value;
    size_t value_bytes;
    if (tid_watch_phase(&connection->watch) != TID_PHASE_HEADER ||
        connection->header_checked || !connection->reads_body ||
        MHD_lookup_connection_value_n(connection->mhd, MHD_HEADER_KIND, name,
                                      sizeof name - 1, &value, &value_bytes) != MHD_YES)
        return false;
    tid_framing_add(&framing, name, sizeof name - 1, value, value_bytes);
    return framing.error || framing.content_bytes == UINT64_MAX;
}

bool tid_mhd_refuse_length(struct tid_worker *worker) {
    struct tid_watch *watch;
    if (!TID_MHD_OLD) return false;
    /* Only this thread changes the list. */
    LIST_FOREACH(watch, &worker->watches.list, link) {
        /* The watch is its first member. */
        struct tid_connection *connection = (struct tid_connection *)watch;
        if (!has_bad_length(connection)) continue;
        connection->header_checked = true;
        connection->bad_length = true;
        tid_count(&worker->counters->in_flight, 1);
        /* "POST" stands before the target: is_post(). The version stands behind it. */
        header_check(connection, connection->mhd, connection->raw_target - 5,
                     connection->raw_target + connection->target_bytes + 1);
        return true;
    }
    return false;
}

/* The response to a request whose endpoint has deferred it, now that it can be made. */
static enum MHD_Result route_again(struct tid_connection *connection,
                                   struct MHD_Connection *mhd,
                                   struct tid_deferred *deferred) {
    struct tid_response response;
    connection->request.deferred = deferred;
    route(connection, &response);
    connection->request.deferred = NULL;
    deferred->free(deferred);
    return tid_held_response_begin(connection, mhd, &response);
}

enum MHD_Result tid_mhd_handle(void *worker, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version,
                               const char *upload, size_t *upload_bytes, void **state) {
    struct tid_connection *connection = *state;
    struct tid_response response;
    enum MHD_Result result;
    (void)worker;
    (void)url;
    if (!connection) return MHD_NO;
    if (connection->held) {
        struct tid_deferred *deferred = tid_held_response_take_deferred(connection);
        return deferred ? route_again(connection, mhd, deferred)
                        : tid_held_response_send(connection, mhd);
    }
    if (!connection->header_checked) {
        connection->header_checked = true;
        tid_count(&connection->worker->counters->in_flight, 1);
        return header_check(connection, mhd, method, version);
    }
    if (*upload_bytes != 0) {
        if (!tid_request_body_add(connection, upload, *upload_bytes)) return MHD_NO;
        *upload_bytes = 0;
        return MHD_YES;
    }
    /* What follows would be taken for a request. */
    if (!tid_request_body_is_complete(connection)) return MHD_NO;
    tid_watch_enter(&connection->watch, TID_PHASE_RESPONSE);
    if (tid_response_cache_send(connection, mhd, &result)) return result;
    if (tid_request_body_end(connection, &response)) route(connection, &response);
    return tid_held_response_begin(connection, mhd, &response);
}

void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how) {
    struct tid_connection *connection = *state;
    (void)worker;
    (void)mhd;
    if (!connection) return;
    if (connection->header_checked) {
        tid_record_end(connection, how);
        /* Else the connection ends within the header, and worker.c counts that. */
        tid_watch_enter(&connection->watch, TID_PHASE_IDLE);
    }
    connection->header_checked = false;
    tid_held_response_clear(connection);
    tid_request_body_clear(connection);
    if (connection->target != connection->short_target) free(connection->target);
    connection->target = NULL;
    tid_request_clear(&connection->request);
}
