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
 * - libmicrohttpd does not poll a suspended connection: hangup.c does.
 * - If a callback ends the connection right after a resume, libmicrohttpd closes the
 *   socket but gets no event that makes it clean up. It sweeps connections with a timeout
 *   in every run: so these get one, and the worker runs it once more.
 */
#include "server/mhd/suspension.h"

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

void tid_suspend(struct tid_connection *connection, struct MHD_Connection *mhd) {
    tid_watch_enter(&connection->watch, TID_PHASE_COMPUTE);
    connection->suspended = mhd;
    LIST_INSERT_HEAD(&connection->worker->suspended, connection, suspended_link);
    MHD_suspend_connection(mhd);
}

void tid_resume(struct tid_connection *connection) {
    struct MHD_Connection *mhd = connection->suspended;
    connection->suspended = NULL;
    LIST_REMOVE(connection, suspended_link);
    tid_watch_enter(&connection->watch, TID_PHASE_RESPONSE);
    MHD_resume_connection(mhd);
}

void tid_resume_all(struct tid_worker *worker) {
    while (!LIST_EMPTY(&worker->suspended)) {
        struct tid_connection *connection = LIST_FIRST(&worker->suspended);
        connection->client_closed = true;
        tid_resume(connection);
    }
}
