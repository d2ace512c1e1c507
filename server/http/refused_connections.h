/* SPDX-License-Identifier: MIT */
/*
 * Connections beyond the limit. Each gets 503 (RFC 9110 section 15.6.4) at once, from the
 * listener's thread and without a worker. Then it lingers: closing a socket that has
 * unread bytes resets the connection, and the client may lose the response before it has
 * read it (RFC 9112 section 9.6).
 */
#ifndef TID_REFUSED_CONNECTIONS_H
#define TID_REFUSED_CONNECTIONS_H

#include <stdint.h>

/* If there are more, the oldest is closed. */
#define TID_REFUSED_MAX 64

/* The lingering connections, oldest first. Start from zeroes. */
struct tid_refused {
    unsigned count;
    struct {
        int fd;
        int64_t until_ms;
    } entries[TID_REFUSED_MAX];
};

/* Sends 503 on a non-blocking connection, and owns it from now on. */
void tid_refused_add(struct tid_refused *refused, int fd, int64_t now_ms);

/* Closes those that the client has closed, and those whose time is up. */
void tid_refused_close_finished(struct tid_refused *refused, int64_t now_ms);

/* Closes all. */
void tid_refused_close_all(struct tid_refused *refused);

#endif
