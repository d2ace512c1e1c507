/* SPDX-License-Identifier: MIT */
/*
 * Suspends and resumes connections. The rules of libmicrohttpd, and how this file follows
 * them:
 *
 * - A connection is suspended in one of its own callbacks: the handler, which then queues
 *   no response and is called again, or the content reader, which may then return 0. Only
 *   the worker resumes it, never a thread of the pool. So a connection that has ended, or
 *   is not suspended, is never resumed.
 * - Before the daemon is stopped, all must be resumed: tid_resume_all().
 * - libmicrohttpd does not poll a suspended connection. The worker itself watches it for
 *   a client that closes, in an epoll set of its own. A client that half-closes (SHUT_WR)
 *   counts as closed, too: nothing tells the two apart until something is sent.
 * - If a callback ends the connection right after a resume, libmicrohttpd closes the
 *   socket but gets no event that makes it clean up. It sweeps connections with a timeout
 *   in every run: so these get one, and the worker runs it once more.
 */
#include "server/mhd/suspension.h"

#include <sys/epoll.h>

/* Three weeks. */
#define TIMEOUT_SECONDS 2000000U

void tid_suspension_allow(struct tid_connection *connection, struct MHD_Connection *mhd) {
    MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, TIMEOUT_SECONDS);
    connection->has_timeout = true;
}

void tid_suspension_reset(struct tid_connection *connection, struct MHD_Connection *mhd) {
    if (connection->has_timeout)
        MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    connection->has_timeout = false;
}

/* Adds, changes or removes (EPOLL_CTL_*) the connection in the worker's epoll set. */
static bool hangup_watch(struct tid_connection *connection, int operation,
                         uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    return epoll_ctl(connection->worker->hangup_fd, operation, connection->fd, &event) ==
           0;
}

static bool is_read_shut_down(const struct tid_connection *connection) {
    return atomic_load(&connection->watch.read_shut_down);
}

bool tid_suspend(struct tid_connection *connection, struct MHD_Connection *mhd) {
    if (!hangup_watch(connection, EPOLL_CTL_ADD,
                      is_read_shut_down(connection) ? 0 : EPOLLRDHUP))
        return false;
    tid_watch_enter(&connection->watch, TID_PHASE_COMPUTE);
    connection->suspended = mhd;
    LIST_INSERT_HEAD(&connection->worker->suspended, connection, suspended_link);
    MHD_suspend_connection(mhd);
    return true;
}

void tid_resume(struct tid_connection *connection) {
    struct MHD_Connection *mhd = connection->suspended;
    hangup_watch(connection, EPOLL_CTL_DEL, 0);
    connection->suspended = NULL;
    LIST_REMOVE(connection, suspended_link);
    tid_watch_enter(&connection->watch, TID_PHASE_RESPONSE);
    MHD_resume_connection(mhd);
}

void tid_resume_closed(struct tid_worker *worker) {
    struct epoll_event events[64];
    const int count = epoll_wait(worker->hangup_fd, events, 64, 0);
    for (int i = 0; i < count; i++) {
        struct tid_connection *connection = events[i].data.ptr;
        /* A drain shuts down the reading side itself (deadlines.c). */
        if (events[i].events == EPOLLRDHUP && is_read_shut_down(connection)) {
            hangup_watch(connection, EPOLL_CTL_MOD, 0);
            continue;
        }
        connection->client_closed = true;
        tid_resume(connection);
    }
}

void tid_resume_all(struct tid_worker *worker) {
    while (!LIST_EMPTY(&worker->suspended)) {
        struct tid_connection *connection = LIST_FIRST(&worker->suspended);
        connection->client_closed = true;
        tid_resume(connection);
    }
}
