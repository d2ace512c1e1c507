/* SPDX-License-Identifier: MIT */
/*
 * Finds clients that have closed: see hangup.h.
 *
 * A client that closes only its side (SHUT_WR) after the request still wants the response.
 * TCP tells that from a client that is gone only when something is sent: what has no
 * socket any more answers with a reset. (Linux answers the probes of keep-alive for
 * it.) So a response for such a client goes on, unless it has nothing to send for a while.
 *
 * The header of a response is something: what closed before that, and has not been reset, is
 * there, and may wait as long as others.
 */
#define _GNU_SOURCE /* POLLRDHUP */
#include "server/mhd/hangup.h"

#include <poll.h>
#include <sys/epoll.h>

#include "server/work/clock.h"

/* How long a client that has closed its side may wait for the next bytes. */
#define GONE_MS 1000

bool tid_hangup_add(struct tid_connection *connection) {
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    return epoll_ctl(connection->worker->hangup_fd, EPOLL_CTL_ADD, connection->fd,
                     &event) == 0;
}

void tid_hangup_remove(struct tid_connection *connection) {
    epoll_ctl(connection->worker->hangup_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    if (connection->half_closed) LIST_REMOVE(connection, half_closed_link);
    connection->half_closed = false;
}

static void half_close(struct tid_connection *connection) {
    /* A drain shuts down the reading side itself (deadlines.c). */
    if (connection->half_closed || atomic_load(&connection->watch.read_shut_down)) return;
    connection->half_closed = true;
    LIST_INSERT_HEAD(&connection->worker->half_closed, connection, half_closed_link);
}

void tid_hangup_response_begins(struct tid_connection *connection) {
    struct pollfd look = {.fd = connection->fd, .events = POLLRDHUP};
    connection->closed_before = poll(&look, 1, 0) == 1 && look.revents == POLLRDHUP;
}

static void look_at_suspended(struct tid_worker *worker,
                              void (*gone)(struct tid_connection *connection)) {
    struct tid_connection *connection;
    LIST_FOREACH(connection, &worker->half_closed, half_closed_link) {
        if (connection->suspended && !connection->closed_before &&
            tid_clock_ms() - tid_watch_since_ms(&connection->watch) >= GONE_MS)
            gone(connection);
    }
}

void tid_hangup_look(struct tid_worker *worker,
                     void (*gone)(struct tid_connection *connection)) {
    struct epoll_event events[64];
    const int count = epoll_wait(worker->hangup_fd, events, 64, 0);
    for (int i = 0; i < count; i++) {
        struct tid_connection *connection = events[i].data.ptr;
        if ((events[i].events & (EPOLLERR | EPOLLHUP)) == 0)
            half_close(connection);
        else if (connection->suspended)
            gone(connection);
    }
    look_at_suspended(worker, gone);
}

int tid_hangup_timeout_ms(const struct tid_worker *worker) {
    return LIST_EMPTY(&worker->half_closed) ? -1 : GONE_MS / 4;
}

static bool waits_for_request(const struct tid_connection *connection) {
    switch (tid_watch_phase(&connection->watch)) {
    case TID_PHASE_NEW:
    case TID_PHASE_HEADER:
    case TID_PHASE_IDLE:
        return true;
    case TID_PHASE_RESPONSE:
    case TID_PHASE_COMPUTE:
        break;
    }
    return false;
}

void tid_hangup_end_finished(struct tid_worker *worker) {
    struct tid_connection *connection;
    LIST_FOREACH(connection, &worker->half_closed, half_closed_link) {
        char byte;
        if (connection->end_shown || !waits_for_request(connection) ||
            recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
            continue;
        /*
         * libmicrohttpd's epoll is edge-triggered, and it takes a read of fewer bytes
         * than it wanted as a sign that nothing more is there. So the end of the
         * stream, in the same edge, needs another one.
         */
        connection->end_shown = true;
        shutdown(connection->fd, SHUT_RD);
    }
}
