/* SPDX-License-Identifier: MIT */
/* See listening_socket.h. */
#define _GNU_SOURCE /* SO_DOMAIN and other options of Linux */
#include "server/http/listening_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/reuse_port.h"

/*
 * Bytes of a response that the kernel takes and does not send yet. Without a limit it takes
 * 4 MB for every client that does not read (tcp_wmem); this much keeps a fast one busy.
 */
#define UNSENT_BYTES (256 << 10)

/* The reaper (deadlines.h) ends the others before the kernel does, and counts them. */
#define REAPER_FIRST_MS 2000

static int set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* TCP_USER_TIMEOUT ends also those that the server has closed while a client does not take
   the rest. */
int tid_listening_socket_set_idle(int fd, int64_t idle_ms) {
    return set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                      idle_ms > 0 ? (int)idle_ms + REAPER_FIRST_MS : 0);
}

/* Sets what the sockets of accepted connections inherit. */
static int set_inherited(int fd, int64_t idle_ms) {
    if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0 ||
        set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES) != 0)
        return -1;
    return tid_listening_socket_set_idle(fd, idle_ms);
}

int tid_listening_socket_open(const struct addrinfo *info, int64_t idle_ms,
                              bool reuse_port) {
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    /*
     * REUSEADDR: a new server can have the port of one that has just stopped. V6ONLY: an
     * IPv6 and an IPv4 socket can share a port, as for "localhost" or both wildcards.
     * REUSEPORT: several servers can have it, such as the next version of this one.
     */
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0 &&
        (info->ai_family != AF_INET6 ||
         set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == 0) &&
        (!reuse_port || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0) &&
        set_inherited(fd, idle_ms) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
        /* One that has left may have chosen another socket for all. */
        if (reuse_port) tid_reuse_port_share(fd);
        return fd;
    }
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* What is wrong with a socket that was given, or NULL. Sets 'family'. */
static const char *given_flaw(int fd, int *family) {
    int type = 0, listens = 0;
    socklen_t type_bytes = sizeof type, listens_bytes = sizeof listens;
    socklen_t family_bytes = sizeof *family;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_bytes) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, family, &family_bytes) != 0)
        return "is not a socket";
    if (type != SOCK_STREAM ||
        (*family != AF_INET && *family != AF_INET6 && *family != AF_UNIX))
        return "is neither a TCP nor a unix stream socket";
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_bytes) != 0 ||
        listens == 0)
        return "does not listen (Accept=yes is not supported)";
    return NULL;
}

const char *tid_listening_socket_adopt(int fd, int64_t idle_ms) {
    int family;
    const char *flaw = given_flaw(fd, &family);
    if (!flaw && (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
                  (family != AF_UNIX && set_inherited(fd, idle_ms) != 0)))
        flaw = strerror(errno);
    return flaw;
}
