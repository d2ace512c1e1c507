/* SPDX-License-Identifier: MIT */
/* See plain_response.h. */
#include "server/http/plain_response.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

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

static const char *reason(unsigned status) {
    switch (status) {
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    }
    return ""; /* RFC 9112 section 4 allows that */
}

void tid_plain_response_send(int fd, const struct tid_response *response, bool is_head) {
    struct head head = {.bytes = 0};
    add(&head, "HTTP/1.1 %u %s\r\n", response->status, reason(response->status));
    for (unsigned i = 0; i < response->field_count; i++)
        add(&head, "%s: %s\r\n", response->fields[i].name, response->fields[i].value);
    add(&head, "Content-Length: %zu\r\nConnection: close\r\n\r\n", response->byte_count);

    union {
        const void *read_only;
        void *any;
    } body = {.read_only = response->bytes};
    struct iovec parts[] = {
        {.iov_base = head.text, .iov_len = head.bytes},
        {.iov_base = body.any, .iov_len = is_head ? 0 : response->byte_count}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    /* The socket's buffer has space for it; else the client does not read anyway. */
    const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
}
