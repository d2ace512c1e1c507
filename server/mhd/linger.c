/* SPDX-License-Identifier: MIT */
/* See linger.h. */
#include "server/mhd/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "server/work/clock.h"

#define LINGER_MS 5000
#define LOOK_MS 10

/* What is read of a connection at a time: 25 MB a second. */
#define READ_BYTES ((size_t)16 << 10)
#define READS 16

void tid_linger_begin(struct tid_worker *worker, int fd) {
    struct tid_lingering *lingering = &worker->lingering;
    if (lingering->count == TID_LINGER_MAX ||
        atomic_load_explicit(&worker->shared->draining, memory_order_relaxed))
        return;
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return;
    shutdown(copy, SHUT_WR);
    lingering->entries[lingering->count].fd = copy;
    lingering->entries[lingering->count++].until_ms = tid_clock_ms() + LINGER_MS;
    atomic_fetch_add_explicit(&worker->open, 1, memory_order_relaxed);
}

/* True if the client has closed. */
static bool drop(int fd) {
    char dropped[READ_BYTES];
    for (int i = 0; i < READS; i++) {
        const ssize_t count = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
        if (count <= 0) return count == 0 || (errno != EAGAIN && errno != EINTR);
    }
    return false;
}

static void end(struct tid_worker *worker, unsigned index) {
    struct tid_lingering *lingering = &worker->lingering;
    close(lingering->entries[index].fd);
    lingering->entries[index] = lingering->entries[--lingering->count];
    atomic_fetch_sub_explicit(&worker->open, 1, memory_order_relaxed);
}

void tid_linger_look(struct tid_worker *worker) {
    struct tid_lingering *lingering = &worker->lingering;
    const int64_t now_ms = tid_clock_ms();
    if (lingering->count == 0 || now_ms < lingering->look_ms) return;
    const bool drains =
        atomic_load_explicit(&worker->shared->draining, memory_order_relaxed);
    lingering->look_ms = now_ms + LOOK_MS;
    for (unsigned i = lingering->count; i-- > 0;) {
        if (drop(lingering->entries[i].fd) || drains ||
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
