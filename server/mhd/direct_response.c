/* SPDX-License-Identifier: MIT */
/* See direct_response.h. */
#include "server/mhd/direct_response.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include "server/http/completion.h"
#include "server/http/plain_response.h"
#include "server/mhd/request_record.h"
#include "server/work/clock.h"

/* The session's buffer has space for it; else the client does not read anyway. */
static void send_encrypted(struct MHD_Connection *mhd,
                           const struct tid_response *response, bool is_head) {
    char text[TID_PLAIN_RESPONSE_BYTES];
    gnutls_session_t session =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    const size_t bytes = tid_plain_response_write(response, is_head, text);
    const ssize_t sent = gnutls_record_send(session, text, bytes);
    (void)sent;
    gnutls_bye(session, GNUTLS_SHUT_WR);
}

enum MHD_Result tid_direct_send(struct tid_connection *connection,
                                struct MHD_Connection *mhd,
                                struct tid_response *response) {
    const struct tid_request *request = &connection->request;
    const bool is_head = request->method == TID_METHOD_HEAD;
    tid_response_complete(connection->worker->shared->context, request, response);
    if (connection->tls)
        send_encrypted(mhd, response, is_head);
    else
        tid_plain_response_send(connection->fd, response, is_head);
    shutdown(connection->fd, SHUT_WR);
    tid_record_response(connection, response);
    tid_record_first_byte(connection, tid_clock_ns());
    connection->record.sent_directly = true;
    tid_response_clear(response);
    return MHD_NO;
}
