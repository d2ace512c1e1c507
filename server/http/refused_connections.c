/* SPDX-License-Identifier: MIT */
/* Looks for probes, sends 503 or 429 and lingers: see refused_connections.h. */
#include "server/http/refused_connections.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/http/drop_received.h"
#include "server/http/probe.h"
#include "server/http/refusal.h"

#define REQUEST_MS 500
#define LINGER_MS 500

/* How often to look while requests are awaited, and while connections only linger. */
#define LOOK_MS 10
#define LINGER_LOOK_MS 50

/* A probe with a longer header gets 503 as well. */
#define HEADER_BYTES 2048

/* What may come of a request that was refused. */
#define DROPPED_BYTES_MAX 65536

/* Whether the client has closed, or sent too much. */
static bool is_finished(int fd) {
    return tid_drop_received(fd, DROPPED_BYTES_MAX) >= TID_DROPPED_MAX;
}

static void entry_remove(struct tid_refused *refused, unsigned index) {
    refused->count--;
    memmove(&refused->entries[index], &refused->entries[index + 1],
            (refused->count - index) * sizeof refused->entries[0]);
}

static void entry_refuse(struct tid_refused *refused, struct tid_refused_entry *entry,
                         char *head, size_t head_bytes, int64_t now_ms) {
    tid_refusal_send(refused->context, entry->fd,
                     (const struct sockaddr *)&entry->address, entry->why, head,
                     head_bytes);
    shutdown(entry->fd, SHUT_WR);
    entry->answered = true;
    entry->until_ms = now_ms + LINGER_MS;
    if (entry->why == TID_TAKE_FULL)
        atomic_fetch_add_explicit(refused->refused, 1, memory_order_relaxed);
}

/* Hands the connection over if it asks for a probe, or answers. True if it has gone. */
static bool entry_decide(struct tid_refused *refused, struct tid_refused_entry *entry,
                         int64_t now_ms) {
    char head[HEADER_BYTES];
    const ssize_t count = recv(entry->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    enum tid_probe probe =
        count > 0 ? tid_probe_find(head, (size_t)count, refused->context->base_path)
                  : TID_PROBE_INCOMPLETE;
    if (probe == TID_PROBE_YES &&
        refused->take(refused->taker, entry->fd, (struct sockaddr *)&entry->address,
                      entry->address_bytes, true) != TID_TAKE_FULL)
        return true;
    const bool may_come =
        count < 0 ? errno == EAGAIN || errno == EINTR : count > 0 && count < HEADER_BYTES;
    if (probe != TID_PROBE_INCOMPLETE || !may_come || now_ms >= entry->until_ms)
        entry_refuse(refused, entry, head, count > 0 ? (size_t)count : 0, now_ms);
    return false;
}

/* Looks at one connection; false if it need not be kept any more. */
static bool entry_look(struct tid_refused *refused, unsigned index, int64_t now_ms) {
    struct tid_refused_entry *entry = &refused->entries[index];
    if (!entry->answered && entry_decide(refused, entry, now_ms)) return false;
    if (!entry->answered || (!is_finished(entry->fd) && now_ms < entry->until_ms))
        return true;
    close(entry->fd);
    return false;
}

void tid_refused_add(struct tid_refused *refused, int fd, const struct sockaddr *address,
                     socklen_t address_bytes, enum tid_take why, int64_t now_ms) {
    if (refused->count == refused->max) {
        refused->entries[0].until_ms = 0;
        if (entry_look(refused, 0, now_ms)) entry_look(refused, 0, INT64_MAX);
        entry_remove(refused, 0);
    }
    struct tid_refused_entry *entry = &refused->entries[refused->count++];
    *entry =
        (struct tid_refused_entry){.fd = fd, .why = why, .until_ms = now_ms + REQUEST_MS};
    if (address_bytes <= sizeof entry->address) {
        memcpy(&entry->address, address, address_bytes);
        entry->address_bytes = address_bytes;
    }
}

int tid_refused_look(struct tid_refused *refused, int64_t now_ms) {
    bool awaits = false;
    for (unsigned i = refused->count; i-- > 0;) {
        if (!entry_look(refused, i, now_ms))
            entry_remove(refused, i);
        else
            awaits |= !refused->entries[i].answered;
    }
    if (refused->count == 0) return -1;
    return awaits ? LOOK_MS : LINGER_LOOK_MS;
}

void tid_refused_close_all(struct tid_refused *refused) {
    tid_refused_look(refused, INT64_MAX - LINGER_MS);
    tid_refused_look(refused, INT64_MAX);
}
