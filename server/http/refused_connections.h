/* SPDX-License-Identifier: MIT */
/*
 * Connections beyond a limit. The listener's thread reads what they ask for: probes are
 * handed over all the same (probe.h), everything else gets 503 (RFC 9110 section 15.6.4),
 * or 429 if its address has too many (RFC 6585 section 4), without a worker; so does a client that sends no request for half a second. Then the
 * connection lingers: closing a socket that has unread bytes resets the connection, and
 * the client may lose the response before it has read it (RFC 9112 section 9.6).
 */
#ifndef TID_REFUSED_CONNECTIONS_H
#define TID_REFUSED_CONNECTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/context.h"
#include "server/http/take.h"

/* Of 'max', at most. If there are more, the oldest is answered and closed. */
#define TID_REFUSED_MAX 64

struct tid_refused_entry {
    int fd;
    bool answered;
    enum tid_take why;
    int64_t until_ms;
    socklen_t address_bytes;
    struct sockaddr_storage address;
};

/* Start from zeroes, but for the first four and 'max', which is 1 or more. */
struct tid_refused {
    const struct tid_context *context;
    tid_take_function *take; /* for probes */
    void *taker;
    _Atomic uint64_t *refused; /* counts the 503 */
    unsigned max, count;
    struct tid_refused_entry entries[TID_REFUSED_MAX]; /* oldest first */
};

/*
 * Adds a non-blocking connection, and owns it from now on. Why it was not taken is
 * TID_TAKE_FULL or TID_TAKE_CLIENT_FULL.
 */
void tid_refused_add(struct tid_refused *refused, int fd, const struct sockaddr *address,
                     socklen_t address_bytes, enum tid_take why, int64_t now_ms);

/*
 * Looks what has been received: hands over, answers, and closes those that are finished.
 * Returns the milliseconds after which to call it again, or -1 if none is left.
 */
int tid_refused_look(struct tid_refused *refused, int64_t now_ms);

/* Answers and closes all. */
void tid_refused_close_all(struct tid_refused *refused);

#endif
