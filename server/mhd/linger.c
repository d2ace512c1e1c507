/* SPDX-License-Identifier: MIT */
/* See linger.h. */
#include "server/mhd/linger.h"

#include <fcntl.h>
#include <unistd.h>

#include "server/http/drop_received.h"
#include "server/work/clients.h"
#include "server/work/clock.h"

/* As long as something comes, but not for ever: as nginx's lingering_timeout and _time. */
#define SILENT_MS 2000
#define LINGER_MS 10000
#define LOOK_MS 10

/* What is read of a connection at a time: 25 MB a second. */
#define READ_BYTES ((size_t)256 << 10)

/* The client is NULL if the connection did not count. */
static void release(struct tid_worker *worker, struct tid_client *client) {
    atomic_fetch_sub_explicit(&worker->open, 1, memory_order_relaxed);
    tid_count(&worker->counters->closed, 1);
    tid_client_end_connection(client);
}

/* Copies the socket to an entry; false if it is to be closed. */
static bool begin(const struct tid_connection *connection) {
    struct tid_worker *worker = connection->worker;
    struct tid_lingering *lingering = &worker->lingering;
    if (!connection->lingers || connection->reserved ||
        lingering->count == TID_LINGER_MAX ||
        atomic_load_explicit(&worker->shared->draining, memory_order_relaxed))
        return false;
    const int copy = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    shutdown(copy, SHUT_WR);
    const unsigned index = lingering->count++;
    const int64_t now_ms = tid_clock_ms();
    lingering->entries[index].fd = copy;
    lingering->entries[index].client = connection->client;
    lingering->entries[index].silent_ms = now_ms + SILENT_MS;
    lingering->entries[index].until_ms = now_ms + LINGER_MS;
    return true;
}

void tid_linger_or_release(const struct tid_connection *connection) {
    if (!begin(connection)) release(connection->worker, connection->client);
}

static void end(struct tid_worker *worker, unsigned index) {
    struct tid_lingering *lingering = &worker->lingering;
    close(lingering->entries[index].fd);
    release(worker, lingering->entries[index].client);
    lingering->entries[index] = lingering->entries[--lingering->count];
}

void tid_linger_look(struct tid_worker *worker) {
    struct tid_lingering *lingering = &worker->lingering;
    if (lingering->count == 0) return;
    const int64_t now_ms = tid_clock_ms();
    if (now_ms < lingering->look_ms) return;
    const bool drains =
        atomic_load_explicit(&worker->shared->draining, memory_order_relaxed);
    lingering->look_ms = now_ms + LOOK_MS;
    for (unsigned i = lingering->count; i-- > 0;) {
        const enum tid_dropped dropped =
            tid_drop_received(lingering->entries[i].fd, READ_BYTES);
        if (dropped != TID_DROPPED_NOTHING)
            lingering->entries[i].silent_ms = now_ms + SILENT_MS;
        if (dropped == TID_DROPPED_END || drains ||
            now_ms >= lingering->entries[i].silent_ms ||
            now_ms >= lingering->entries[i].until_ms)
            end(worker, i);
    }
}

int tid_linger_timeout_ms(const struct tid_worker *worker) {
    return worker->lingering.count > 0 ? LOOK_MS : -1;
}

void tid_linger_close_all(struct tid_worker *worker) {
    while (worker->lingering.count > 0) end(worker, 0);
}
