/* SPDX-License-Identifier: MIT */
/*
 * Sends 503 and lingers: see refused_connections.h.
 */
#include "server/http/refused_connections.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 500

#define BODY                                                                             \
    "{\n"                                                                                \
    "  \"type\": \"/problems/too-many-connections\",\n"                                  \
    "  \"title\": \"too many connections\",\n"                                           \
    "  \"status\": 503,\n"                                                               \
    "  \"detail\": \"The server has reached its maximum number of connections.\"\n"      \
    "}\n"

static const char response[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Content-Type: application/problem+json\r\n"
                               "Content-Length: 172\r\n"
                               "Cache-Control: no-store\r\n"
                               "Retry-After: 1\r\n"
                               "Connection: close\r\n"
                               "\r\n" BODY;
_Static_assert(sizeof BODY - 1 == 172, "Content-Length above");

/* Reads and drops what the client has sent. True if it has closed, or sent too much. */
static bool is_finished(int fd) {
    char dropped[4096];
    for (int i = 0; i < 16; i++) {
        const ssize_t count = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
        if (count <= 0) return count == 0 || (errno != EAGAIN && errno != EINTR);
    }
    return true;
}

static void entry_close(struct tid_refused *refused, unsigned index) {
    close(refused->entries[index].fd);
    refused->count--;
    memmove(&refused->entries[index], &refused->entries[index + 1],
            (refused->count - index) * sizeof refused->entries[0]);
}

void tid_refused_add(struct tid_refused *refused, int fd, int64_t now_ms) {
    /* A new socket's buffer has space for all of it. On errors the client has closed. */
    const ssize_t sent =
        send(fd, response, sizeof response - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    shutdown(fd, SHUT_WR);
    if (refused->count == TID_REFUSED_MAX) entry_close(refused, 0);
    refused->entries[refused->count].fd = fd;
    refused->entries[refused->count].until_ms = now_ms + LINGER_MS;
    refused->count++;
}

void tid_refused_close_finished(struct tid_refused *refused, int64_t now_ms) {
    for (unsigned i = refused->count; i-- > 0;) {
        if (is_finished(refused->entries[i].fd) || now_ms >= refused->entries[i].until_ms)
            entry_close(refused, i);
    }
}

void tid_refused_close_all(struct tid_refused *refused) {
    tid_refused_close_finished(refused, INT64_MAX);
}
