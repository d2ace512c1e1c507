/* SPDX-License-Identifier: MIT */
/* See direct_response.h. */
#include "server/mhd/direct_response.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "server/mhd/mhd_response.h"
#include "server/work/clock.h"

struct head {
    char text[4096];
    size_t bytes;
};

/* What does not fit is left out; it does not happen. */
__attribute__((format(printf, 2, 3))) static void add(struct head *head,
                                                      const char *format, ...) {
    const size_t left = sizeof head->text - head->bytes;
    va_list arguments;
    va_start(arguments, format);
    const int more = vsnprintf(head->text + head->bytes, left, format, arguments);
    va_end(arguments);
    if (more > 0 && (size_t)more < left) head->bytes += (size_t)more;
}

enum MHD_Result tid_direct_send(struct tid_connection *connection,
                                struct tid_response *response) {
    struct head head = {.bytes = 0};
    tid_mhd_complete(connection, response);
    add(&head, "HTTP/1.1 %u %s\r\n", response->status,
        response->status == 414 ? "URI Too Long" : "Request Header Fields Too Large");
    for (unsigned i = 0; i < response->field_count; i++)
        add(&head, "%s: %s\r\n", response->fields[i].name, response->fields[i].value);
    add(&head, "Content-Length: %zu\r\nConnection: close\r\n\r\n", response->byte_count);

    union {
        const void *read_only;
        void *any;
    } body = {.read_only = response->bytes};
    const bool has_body = connection->request.method != TID_METHOD_HEAD;
    struct iovec parts[] = {
        {.iov_base = head.text, .iov_len = head.bytes},
        {.iov_base = body.any, .iov_len = has_body ? response->byte_count : 0}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    /* The socket's buffer has space for it; else the client does not read anyway. */
    const ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    tid_record_response(connection, response);
    tid_record_first_byte(connection, tid_clock_ns());
    connection->record.sent_directly = true;
    tid_response_clear(response);
    return MHD_NO;
}
