/* SPDX-License-Identifier: MIT */
/*
 * Answers connections beyond the limit with 503 at once, without a worker.
 */
#ifndef TID_REFUSE_H
#define TID_REFUSE_H

#include <stdint.h>

#define TID_REFUSED_MAX 64

/*
 * Connections that have their answer but are kept a moment: closing a socket with unread
 * bytes resets it, and a client may then lose the answer before it has read it.
 */
struct tid_refused {
    unsigned count;
    struct {
        int fd;
        int64_t until_ms;
    } entries[TID_REFUSED_MAX];
};

/* Answers and takes over a non-blocking connection. */
void tid_refuse(struct tid_refused *refused, int fd, int64_t now_ms);

/*
 * Closes those that are done or whose time is up; all of them if 'now_ms' is INT64_MAX.
 */
void tid_refused_tidy(struct tid_refused *refused, int64_t now_ms);

#endif
