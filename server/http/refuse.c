/* SPDX-License-Identifier: MIT */
/*
 * Refuses connections politely: see refuse.h.
 */
#include "server/http/refuse.h"

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
    "  \"detail\": \"The server is at its limit of connections.\"\n"                     \
    "}\n"

static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                             "Content-Type: application/problem+json\r\n"
                             "Content-Length: 157\r\n"
                             "Cache-Control: no-store\r\n"
                             "Retry-After: 1\r\n"
                             "Connection: close\r\n"
                             "\r\n" BODY;
_Static_assert(sizeof BODY - 1 == 157, "Content-Length above");

/* Reads away what the client sent; true once it has closed, too. */
static bool is_done(int fd) {
    char waste[4096];

    for (int i = 0; i < 16; i++) {
        ssize_t got = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
        if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EINTR);
    }
    return true; /* 64 KiB and no end: it need not be told */
}

static void entry_close(struct tid_refused *refused, unsigned index) {
    close(refused->entries[index].fd);
    refused->count--;
    memmove(&refused->entries[index], &refused->entries[index + 1],
            (refused->count - index) * sizeof refused->entries[0]);
}

void tid_refuse(struct tid_refused *refused, int fd, int64_t now_ms) {
    /* A fresh socket's buffer takes this whole, or the client is gone. */
    ssize_t sent = send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    shutdown(fd, SHUT_WR);
    if (refused->count == TID_REFUSED_MAX) entry_close(refused, 0);
    refused->entries[refused->count].fd = fd;
    refused->entries[refused->count].until_ms = now_ms + LINGER_MS;
    refused->count++;
}

void tid_refused_tidy(struct tid_refused *refused, int64_t now_ms) {
    for (unsigned i = refused->count; i-- > 0;) {
        if (is_done(refused->entries[i].fd) || now_ms >= refused->entries[i].until_ms)
            entry_close(refused, i);
    }
}
