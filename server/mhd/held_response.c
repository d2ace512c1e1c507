/* SPDX-License-Identifier: MIT */
/*
 * Responses that wait: see held_response.h. The cache of factorizations, or the pool, calls
 * response_release() from any thread; it puts the response on the worker's 'released' list and
 * wakes the worker.
 */
#include "server/mhd/held_response.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "server/documents/problem.h"
#include "server/http/client_name.h"
#include "server/http/deferred.h"
#include "server/mhd/mhd_response.h"
#include "server/mhd/suspension.h"
#include "server/work/clients.h"
#include "server/work/factor_cache.h"
#include "server/work/pool.h"

struct tid_held_response {
    struct tid_job job; /* first; of what has been deferred */
    struct tid_connection *connection;
    struct tid_worker *worker;
    struct tid_client *client; /* whose share of the pool the job uses; or NULL */
    bool more;                 /* the job's result: it has to run again */
    bool done;      /* the job has ended; guarded by the worker's 'ready_lock' */
    bool released;  /* in the worker's list; same lock */
    bool abandoned; /* the connection ended first: the job frees this; same lock */
    SLIST_ENTRY(tid_held_response) link;
    struct tid_response response;
};

static struct tid_lease *lease_of(const struct tid_response *response) {
    return response->body == TID_BODY_STREAM ? response->stream.lease : NULL;
}

/* Puts it on the worker's list. Called with the lock. */
static void put(struct tid_held_response *held) {
    struct tid_worker *worker = held->worker;
    held->released = true;
    SLIST_INSERT_HEAD(&worker->released, held, link);
    atomic_fetch_add_explicit(&worker->released_count, 1, memory_order_relaxed);
}

static void response_release(void *argument) {
    struct tid_held_response *held = argument;
    struct tid_worker *worker = held->worker;
    pthread_mutex_lock(&worker->ready_lock);
    put(held);
    pthread_mutex_unlock(&worker->ready_lock);
    eventfd_write(worker->wake_fd, 1);
}

static void held_free(struct tid_held_response *held) {
    tid_response_clear(&held->response);
    tid_client_release(held->client);
    free(held);
}

/* Ends what has been deferred. True if its job still runs, and will free what is held. */
static bool job_abandon(struct tid_held_response *held) {
    struct tid_worker *worker = held->worker;
    if (!held->response.deferred || held->done) return false;
    if (tid_pool_cancel(worker->shared->context->pool, &held->job)) {
        atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
        return false;
    }
    held->abandoned = true;
    atomic_store(&held->response.deferred->abandoned, true);
    return true;
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
    const bool runs = job_abandon(held);
    pthread_mutex_unlock(&worker->ready_lock);
    if (!runs) held_free(held);
    connection->held = NULL;
}

/* What has been deferred -------------------------------------------------------------- */

static void job_run(struct tid_job *job, size_t task) {
    struct tid_held_response *held = (struct tid_held_response *)(void *)job;
    struct tid_deferred *deferred = held->response.deferred;
    (void)task;
    held->more = deferred->run(deferred);
}

/* Runs it again, or passes it to the worker, which still exists: worker_free() waits for
   'jobs'. */
static void job_done(struct tid_job *job) {
    struct tid_held_response *held = (struct tid_held_response *)(void *)job;
    struct tid_worker *worker = held->worker;
    pthread_mutex_lock(&worker->ready_lock);
    const bool abandoned = held->abandoned;
    const bool again = held->more && !abandoned;
    /* With the lock, so that job_abandon() can cancel it. */
    if (again) tid_pool_submit(worker->shared->context->pool, job);
    if (!again) held->done = true;
    if (!again && !abandoned) put(held);
    pthread_mutex_unlock(&worker->ready_lock);
    if (again) return;
    /* After the unlock: the worker preempts this thread and takes the lock at once. */
    if (abandoned)
        held_free(held);
    else
        eventfd_write(worker->wake_fd, 1);
    atomic_fetch_sub_explicit(&worker->jobs, 1, memory_order_release);
}

/* NULL if out of memory. */
static struct tid_client *client_of(const struct tid_connection *connection) {
    const struct tid_context *context = connection->worker->shared->context;
    char name[TID_CLIENT_NAME_BYTES];
    tid_client_name_of(&connection->request, context->trusted_proxies, name);
    return tid_clients_get(context->clients, name);
}

/* Moves the response to the connection, which holds it; false if memory runs out. */
static bool hold(struct tid_connection *connection, struct tid_response *response) {
    struct tid_held_response *held = malloc(sizeof *held);
    if (!held) return false;
    memset(held, 0, offsetof(struct tid_held_response, response));
    tid_response_move(&held->response, response);
    held->connection = connection;
    held->worker = connection->worker;
    connection->held = held;
    return true;
}

static enum MHD_Result send_no_memory(struct tid_connection *connection,
                                      struct MHD_Connection *mhd,
                                      struct tid_response *response) {
    tid_response_clear(response);
    tid_problem_no_memory(response);
    return tid_mhd_send(connection, mhd, response);
}

static enum MHD_Result begin_deferred(struct tid_connection *connection,
                                      struct MHD_Connection *mhd,
                                      struct tid_response *response) {
    struct tid_worker *worker = connection->worker;
    struct tid_client *client = client_of(connection);
    if (!client || !hold(connection, response)) {
        tid_client_release(client);
        return send_no_memory(connection, mhd, response);
    }
    struct tid_held_response *held = connection->held;
    held->client = client;
    held->job = (struct tid_job){.task_count = 1,
                                 .run = job_run,
                                 .done = job_done,
                                 .share = tid_client_share(client)};
    tid_suspension_allow(connection, mhd);
    atomic_fetch_add_explicit(&worker->jobs, 1, memory_order_relaxed);
    tid_pool_submit(worker->shared->context->pool, &held->job);
    tid_suspend(connection, mhd);
    return MHD_YES;
}

struct tid_deferred *tid_held_response_take_deferred(struct tid_connection *connection) {
    struct tid_held_response *held = connection->held;
    if (connection->client_closed || !held->done) return NULL;
    struct tid_deferred *deferred = tid_response_take_deferred(&held->response);
    tid_held_response_clear(connection);
    return deferred;
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
    if (response->body == TID_BODY_DEFERRED)
        return begin_deferred(connection, mhd, response);
    if (!lease || tid_lease_state(lease) != TID_LEASE_WAITING)
        return tid_mhd_send(connection, mhd, response);
    if (!hold(connection, response)) return send_no_memory(connection, mhd, response);
    tid_suspension_allow(connection, mhd);
    if (tid_lease_wait(lease, TID_LEASE_COMPUTING, response_release, connection->held))
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
