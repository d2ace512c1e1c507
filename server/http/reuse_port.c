/* SPDX-License-Identifier: MIT */
/* See reuse_port.h. */
#define _DEFAULT_SOURCE /* the options of Linux */
#include "server/http/reuse_port.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

/* On this machine; a firewall that drops packets must not hold up the end. */
#define PROBE_MS 50

bool tid_reuse_port_choose(int fd, unsigned index) {
    struct sock_filter ret = BPF_STMT(BPF_RET | BPF_K, index);
    const struct sock_fprog program = {.len = 1, .filter = &ret};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                      sizeof program) == 0;
}

void tid_reuse_port_share(int fd) {
    const int unused = 0;
    /* Fails if there is no program. */
    setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof unused);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage space;
};

/* Where to connect to; connecting to a wildcard reaches this machine. */
static bool connect_in_time(int fd, const union address *address, socklen_t bytes) {
    struct pollfd poll_out = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t error_bytes = sizeof error;
    if (connect(fd, &address->any, bytes) == 0) return true;
    return errno == EINPROGRESS && poll(&poll_out, 1, PROBE_MS) == 1 &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) == 0 && error == 0;
}

int tid_reuse_port_probe(int fd, struct sockaddr_storage *own) {
    union address address;
    socklen_t bytes = sizeof address, own_bytes = sizeof *own;
    if (getsockname(fd, &address.any, &bytes) != 0) return -1;
    const int probe =
        socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return -1;
    if (connect_in_time(probe, &address, bytes) &&
        getsockname(probe, (struct sockaddr *)own, &own_bytes) == 0)
        return probe;
    close(probe);
    return -1;
}

static in_port_t port_of(const struct sockaddr_storage *address) {
    union address copy = {.space = *address};
    return copy.any.sa_family == AF_INET ? copy.v4.sin_port : copy.v6.sin6_port;
}

bool tid_reuse_port_same(const struct sockaddr_storage *a,
                         const struct sockaddr_storage *b) {
    return a->ss_family == b->ss_family && port_of(a) == port_of(b);
}
