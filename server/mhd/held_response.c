/* SPDX-License-Identifier: MIT */
/*
 * Responses that wait for the memory of their factorization: see held_response.h. The
 * cache of factorizations calls response_release() from any thread; it puts the response
 * on the worker's 'released' list and wakes the worker.
 */
#include "server/mhd/held_response.h"

#include <stdlib.h>
#include <sys/eventfd.h>

#include "server/documents/problem.h"
#include "server/mhd/mhd_response.h"
#include "server/mhd/suspension.h"
#include "server/work/factor_cache.h"

struct tid_held_response {
    struct tid_connection *connection;
    bool released; /* in the worker's list; guarded by its 'ready_lock' */
    SLIST_ENTRY(tid_held_response) link;
    struct tid_response response;
};

static struct tid_lease *lease_of(const struct tid_response *response) {
    return response->body == TID_BODY_STREAM ? response->stream.lease : NULL;
}

static void response_release(void *argument) {
    struct tid_held_response *held = argument;
    struct tid_worker *worker = held->connection->worker;
    pthread_mutex_lock(&worker->ready_lock);
    held->released = true;
    SLIST_INSERT_HEAD(&worker->released, held, link);
    atomic_fetch_add_explicit(&worker->released_count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&worker->ready_lock);
    eventfd_write(worker->wake_fd, 1);
}

void tid_held_response_clear(struct tid_connection *connection) {
    struct tid_held_response *held = connection->held;
    struct tid_worker *worker = connection->worker;
    if (!held) return;
    struct tid_lease *lease = lease_of(&held->response);
    if (lease) tid_lease_forget(lease);
    pthread_mutex_lock(&worker->ready_lock);
    if (held->released) {
        SLIST_REMOVE(&worker->released, held, tid_held_response, link);
        atomic_fetch_sub_explicit(&worker->released_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&worker->ready_lock);
    tid_response_clear(&held->response);
    free(held);
    connection->held = NULL;
}

/* If the factorization is not available, the response is a problem instead. */
static void check_lease(struct tid_response *response) {
    switch (tid_lease_state(lease_of(response))) {
    case TID_LEASE_EXPIRED:
        tid_response_clear(response);
        tid_problem_busy(response,
                         "The request has waited too long for memory to compute the "
                         "tensor; try again later.");
        break;
    case TID_LEASE_FAILED:
        tid_response_clear(response);
        tid_problem_no_memory(response);
        break;
    case TID_LEASE_WAITING:
    case TID_LEASE_COMPUTING:
    case TID_LEASE_COMPLETE:
        break;
    }
}

enum MHD_Result tid_held_response_send(struct tid_connection *connection,
                                       struct MHD_Connection *mhd) {
    struct tid_response *response = &connection->held->response;
    enum MHD_Result result = MHD_NO;
    if (connection->client_closed) {
        connection->worker->run_again = true;
    } else {
        check_lease(response);
        result = tid_mhd_send(connection, mhd, response);
    }
    tid_held_response_clear(connection);
    return result;
}

enum MHD_Result tid_held_response_begin(struct tid_connection *connection,
                                        struct MHD_Connection *mhd,
                                        struct tid_response *response) {
    struct tid_lease *lease = lease_of(response);
    if (!lease || tid_lease_state(lease) != TID_LEASE_WAITING)
        return tid_mhd_send(connection, mhd, response);
    struct tid_held_response *held = malloc(sizeof *held);
    if (!held) {
        tid_response_clear(response);
        tid_problem_no_memory(response);
        return tid_mhd_send(connection, mhd, response);
    }
    tid_response_move(&held->response, response);
    held->connection = connection;
    held->released = false;
    connection->held = held;
    tid_suspension_allow(connection, mhd);
    if (tid_lease_wait(lease, TID_LEASE_COMPUTING, response_release, held))
        return tid_held_response_send(connection, mhd);
    tid_suspend(connection, mhd);
    return MHD_YES;
}

void tid_held_response_resume_released(struct tid_worker *worker) {
    struct tid_held_response *held;
    pthread_mutex_lock(&worker->ready_lock);
    while ((held = SLIST_FIRST(&worker->released))) {
        SLIST_REMOVE_HEAD(&worker->released, link);
        atomic_fetch_sub_explicit(&worker->released_count, 1, memory_order_relaxed);
        held->released = false;
        /* Not if its client has closed, for which it has been resumed already. */
        if (held->connection->suspended) tid_resume(held->connection);
    }
    pthread_mutex_unlock(&worker->ready_lock);
}
