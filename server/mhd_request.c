/* SPDX-License-Identifier: MIT */
/*
 * Turns what libmicrohttpd calls into requests, and has them answered.
 *
 * libmicrohttpd calls the handler twice for a request. An answer queued in the first call
 * closes the connection, one queued in the second keeps it. So the first call judges how the
 * request is framed and answers only what must not be followed by another; all else is
 * answered in the second.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mhd_internal.h"
#include "problem.h"
#include "routes.h"

void *tid_mhd_target(void *worker, const char *target, struct MHD_Connection *mhd)
{
    struct tid_connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    (void)worker;
    if (connection == NULL)
        return NULL;
    tid_watch_enter(&connection->watch, TID_PHASE_HEAD);
    if (target == NULL)
        target = "";
    connection->judged = false;
    connection->raw_target = target;
    connection->target_bytes = strlen(target);
    connection->target = connection->target_bytes < sizeof connection->short_target
                             ? connection->short_target
                             : malloc(connection->target_bytes + 1);
    if (connection->target != NULL)
        memcpy(connection->target, target, connection->target_bytes + 1);
    return connection;
}

/* What the walk over the header fields fills. */
struct head {
    struct tid_framing framing;
    struct tid_request *request;
};

static enum MHD_Result field_seen(void *argument, enum MHD_ValueKind kind, const char *name,
                                  size_t name_bytes, const char *value, size_t value_bytes)
{
    struct head *head = argument;

    (void)kind;
    tid_framing_add(&head->framing, name, name_bytes, value != NULL ? value : "", value_bytes);
    enum tid_field field = tid_field_find(name, name_bytes);
    if (field != TID_FIELD_COUNT)
        head->request->fields[field] = value;
    return MHD_YES;
}

/*
 * What is wrong with the request target, or NULL. A NUL in it would end our copy early.
 * libmicrohttpd 0.9.75 leaves one space between target and version, which makes it visible;
 * later versions refuse it themselves.
 */
static const char *target_flaw(struct tid_connection *connection, const char *version)
{
#if MHD_VERSION < 0x00097701
    if (version != connection->raw_target + connection->target_bytes + 1)
        return "The request target holds a NUL.";
#else
    (void)version;
#endif
    return tid_target_split(connection->target, connection->target_bytes,
                            &connection->request);
}

/* The first call: answers what must close the connection. */
static enum MHD_Result judge(struct tid_connection *connection, struct MHD_Connection *mhd,
                             const char *method, const char *version)
{
    struct head head = {.request = &connection->request};
    struct tid_reply reply;

    connection->began_ms = tid_clock_ms();
    memset(&connection->request, 0, sizeof connection->request);
    connection->request.method = tid_method_find(method);
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, field_seen, &head);

    struct tid_verdict verdict =
        tid_framing_judge(&head.framing, connection->request.method, version);
    if (verdict.status == 0 && connection->target == NULL)
        verdict = (struct tid_verdict){503, "out of memory", "The server is out of memory."};
    if (verdict.status == 0) {
        const char *flaw = target_flaw(connection, version);
        if (flaw != NULL)
            verdict = (struct tid_verdict){400, "bad request", flaw};
    }
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
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **state)
{
    struct tid_connection *connection = *state;
    struct tid_reply reply;

    (void)worker;
    (void)url;
    (void)upload;
    if (connection == NULL)
        return MHD_NO;
    if (!connection->judged) {
        connection->judged = true;
        return judge(connection, mhd, method, version);
    }
    if (*upload_bytes != 0)
        return MHD_NO; /* cannot be: whatever has a body was answered above */
    tid_watch_enter(&connection->watch, TID_PHASE_REPLY);
    tid_route(connection->worker->shared->context, &connection->request, &reply);
    return tid_mhd_send(connection, mhd, &reply);
}

/*
 * The target is printable ASCII, or was refused; tid_log() takes care of the rest. "cut"
 * means that the client, a deadline or the end of the daemon ended the transfer.
 */
static void log_request(const struct tid_connection *connection,
                        enum MHD_RequestTerminationCode how)
{
    static const char *const names[] = {"GET", "HEAD", "OPTIONS", "(other)", "(unknown)"};
    bool cut = how != MHD_REQUEST_TERMINATED_COMPLETED_OK;

    tid_log("%s %.2000s %u %llu bytes %lld ms%s", names[connection->request.method],
            connection->target != NULL ? connection->target : "-", connection->status,
            (unsigned long long)connection->reply_bytes,
            (long long)(tid_clock_ms() - connection->began_ms), cut ? " cut" : "");
}

void tid_mhd_completed(void *worker, struct MHD_Connection *mhd, void **state,
                       enum MHD_RequestTerminationCode how)
{
    struct tid_connection *connection = *state;

    (void)worker;
    (void)mhd;
    if (connection == NULL)
        return;
    if (connection->worker->shared->access_log && connection->judged)
        log_request(connection, how);
    if (connection->target != connection->short_target)
        free(connection->target);
    connection->target = NULL;
    tid_watch_enter(&connection->watch, TID_PHASE_IDLE);
}
