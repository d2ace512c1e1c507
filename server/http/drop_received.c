/* SPDX-License-Identifier: MIT */
/* See drop_received.h. */
#include "server/http/drop_received.h"

#include <errno.h>
#include <sys/socket.h>

enum tid_dropped tid_drop_received(int fd, size_t max_bytes) {
    char dropped[16384];
    size_t left = max_bytes;
    while (left > 0) {
        const size_t bytes = left < sizeof dropped ? left : sizeof dropped;
        const ssize_t count = recv(fd, dropped, bytes, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
            return TID_DROPPED_END;
        if (count < 0) return left < max_bytes ? TID_DROPPED_SOME : TID_DROPPED_NOTHING;
        left -= (size_t)count;
    }
    return TID_DROPPED_MAX;
}
