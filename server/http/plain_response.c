/* SPDX-License-Identifier: MIT */
/* See plain_response.h. */
#include "server/http/plain_response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct head {
    char *text;
    size_t bytes;
};

/* What does not fit is left out; it does not happen. */
__attribute__((format(printf, 2, 3))) static void add(struct head *head,
                                                      const char *format, ...) {
    const size_t left = TID_PLAIN_RESPONSE_BYTES - head->bytes;
    va_list arguments;
    va_start(arguments, format);
    const int more = vsnprintf(head->text + head->bytes, left, format, arguments);
    va_end(arguments);
    if (more > 0 && (size_t)more < left) head->bytes += (size_t)more;
}

/* RFC 9110 sections 5.6.7 and 6.6.1; strftime() would use the locale's names. */
static void add_date(struct head *head) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc)) return;
    add(head, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[utc.tm_wday],
        utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
        utc.tm_sec);
}

static const char *reason(unsigned status) {
    switch (status) {
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
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

size_t tid_plain_response_write(const struct tid_response *response, bool is_head,
                                char text[TID_PLAIN_RESPONSE_BYTES]) {
    struct head head = {.text = text};
    add(&head, "HTTP/1.1 %u %s\r\n", response->status, reason(response->status));
    add_date(&head);
    for (unsigned i = 0; i < response->field_count; i++)
        add(&head, "%s: %s\r\n", response->fields[i].name, response->fields[i].value);
    add(&head, "Content-Length: %zu\r\nConnection: close\r\n\r\n", response->byte_count);
    if (is_head || response->byte_count > TID_PLAIN_RESPONSE_BYTES - head.bytes)
        return head.bytes;
    memcpy(text + head.bytes, response->bytes, response->byte_count);
    return head.bytes + response->byte_count;
}

void tid_plain_response_send(int fd, const struct tid_response *response, bool is_head) {
    char text[TID_PLAIN_RESPONSE_BYTES];
    const size_t bytes = tid_plain_response_write(response, is_head, text);
    /* The socket's buffer has space for it; else the client does not read anyway. */
    const ssize_t sent = send(fd, text, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
}
