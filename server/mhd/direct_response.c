/* SPDX-License-Identifier: MIT */
/* See direct_response.h. */
#include "server/mhd/direct_response.h"

#include "server/http/completion.h"
#include "server/http/plain_response.h"
#include "server/mhd/request_record.h"
#include "server/work/clock.h"

enum MHD_Result tid_direct_send(struct tid_connection *connection,
                                struct tid_response *response) {
    const struct tid_request *request = &connection->request;
    tid_response_complete(connection->worker->shared->context, request, response);
    tid_plain_response_send(connection->fd, response, request->method == TID_METHOD_HEAD);
    tid_record_response(connection, response);
    tid_record_first_byte(connection, tid_clock_ns());
    connection->record.sent_directly = true;
    tid_response_clear(response);
    return MHD_NO;
}
