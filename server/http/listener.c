/* SPDX-License-Identifier: MIT */
/*
 * Opens listening sockets, accepts connections and hands them over: see listener.h.
 */
#define _GNU_SOURCE /* accept4 */
#include "server/http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/http/listening_socket.h"
#include "server/http/reuse_port.h"
#include "server/log.h"
#include "server/work/clock.h"
#include "server/work/thread.h"

/* Connections accepted from one socket before the next socket is looked at. */
#define ACCEPT_SERIES 64

/* After accept4() has failed, and for the connections that wait when the listener stops. */
#define FAILED_MS 100
#define STOP_MS 500

/* A round trip to most clients. */
#define HANDSHAKE_MS 250

static void explain(int error, const struct tid_address *address, char *why,
                    size_t why_bytes) {
    const bool is_v6 = strchr(address->host, ':');
    const int port = atoi(address->port);
    char text[TID_ADDRESS_BYTES];
    tid_address_write(address, text);
    const int used =
        snprintf(why, why_bytes, "cannot listen on %s: %s", text, strerror(error));
    if (used < 0 || (size_t)used >= why_bytes) return;
    if (error == EADDRINUSE)
        snprintf(why + used, why_bytes - (size_t)used,
                 "; another process uses this port. Try another one: --listen %s%s%s:%d",
                 is_v6 ? "[" : "", address->host, is_v6 ? "]" : "",
                 port < 65535 ? port + 1 : 8080);
    else if (error == EACCES)
        snprintf(why + used, why_bytes - (size_t)used,
                 "; ports below 1024 need privileges. Try --listen %s%s%s:8080",
                 is_v6 ? "[" : "", address->host, is_v6 ? "]" : "");
}

static int open_unix(struct tid_listener *listener, const char *path, char *why,
                     size_t why_bytes) {
    if (listener->count == TID_LISTENER_SOCKETS) {
        snprintf(why, why_bytes, "cannot listen on unix:%s: too many sockets", path);
        return -1;
    }
    const int fd =
        tid_unix_socket_open(path, &listener->files[listener->count], why, why_bytes);
    if (fd < 0) return -1;
    listener->fds[listener->count++] = fd;
    return 0;
}

static int open_tcp(struct tid_listener *listener, const struct tid_address *address,
                    char *why, size_t why_bytes) {
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                             .ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    unsigned opened = 0;
    int failed = 0, missing = 0;
    const int status = getaddrinfo(address->host, address->port, &hints, &found);
    if (status != 0) {
        snprintf(why, why_bytes, "cannot listen on %s: %s", address->host,
                 gai_strerror(status));
        return -1;
    }
    for (struct addrinfo *info = found; info && failed == 0; info = info->ai_next) {
        if (listener->count == TID_LISTENER_SOCKETS) {
            failed = EMFILE;
            break;
        }
        const int fd =
            tid_listening_socket_open(info, listener->idle_ms, listener->reuse_port);
        if (fd >= 0) {
            listener->fds[listener->count++] = fd;
            opened++;
        } else if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT) {
            missing = errno; /* "localhost" on a machine without IPv6 */
        } else {
            failed = errno;
        }
    }
    freeaddrinfo(found);
    if (failed == 0 && opened == 0) failed = missing;
    if (failed == 0) return 0;
    explain(failed, address, why, why_bytes);
    return -1;
}

int tid_listener_open(struct tid_listener *listener, const struct tid_address *address,
                      char *why, size_t why_bytes) {
    return address->is_unix ? open_unix(listener, address->host, why, why_bytes)
                            : open_tcp(listener, address, why, why_bytes);
}

int tid_listener_adopt(struct tid_listener *listener, int fd, char *why,
                       size_t why_bytes) {
    const char *flaw = listener->count == TID_LISTENER_SOCKETS
                           ? "is one too many"
                           : tid_listening_socket_adopt(fd, listener->idle_ms);
    if (flaw) {
        snprintf(why, why_bytes, "descriptor %d of LISTEN_FDS %s", fd, flaw);
        return -1;
    }
    listener->given[listener->count] = true;
    listener->fds[listener->count++] = fd;
    return 0;
}

void tid_listener_show(const struct tid_listener *listener, unsigned index,
                       char text[TID_ADDRESS_BYTES]) {
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;
    if (getsockname(listener->fds[index], (struct sockaddr *)&address, &bytes) == 0)
        tid_address_show((struct sockaddr *)&address, bytes, text);
    else
        snprintf(text, TID_ADDRESS_BYTES, "?");
}

/*
 * Out of descriptors: poll() would report the first waiting connection again at once, for
 * ever. So the spare descriptor is closed to accept that connection, and it is closed.
 * sockets.c keeps the number of connections so low that this is for surprises only.
 */
static bool drop_one(struct tid_listener *listener, int listen_fd) {
    close(listener->spare_fd);
    const int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        atomic_fetch_add_explicit(listener->dropped_count, 1, memory_order_relaxed);
    }
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

enum accepted {
    ACCEPTED_SOME,   /* more may wait */
    ACCEPTED_ALL,    /* none waits */
    ACCEPTED_FAILED, /* try again later */
};

/* Not failures of the socket, but of a connection that has ended already (accept(2)). */
static bool is_connection_error(int error) {
    static const int errors[] = {EINTR,    ECONNABORTED, EPROTO,
                                 ENETDOWN, ENOPROTOOPT,  EHOSTDOWN,
                                 ENONET,   EHOSTUNREACH, ENETUNREACH};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (error == errors[i]) return true;
    }
    return false;
}

static enum accepted accept_failed(struct tid_listener *listener, int listen_fd,
                                   int error) {
    if (error == EAGAIN || error == EWOULDBLOCK) return ACCEPTED_ALL;
    if (is_connection_error(error)) return ACCEPTED_SOME;
    if (!listener->fails)
        tid_log(TID_LOG_ERROR, "cannot accept connections: %s", strerror(error));
    listener->fails = true;
    const bool out_of_descriptors = error == EMFILE || error == ENFILE;
    return out_of_descriptors && drop_one(listener, listen_fd) ? ACCEPTED_SOME
                                                               : ACCEPTED_FAILED;
}

/*
 * With TLS nothing can be read, or said, before the handshake: the workers' reserved places
 * are for any request then, whose header must come soon (TID_WATCH_HURRIED_MS), and who
 * finds none is closed without a response; so is a connection beyond those of one address.
 */
static void refuse(struct tid_listener *listener, int fd, const struct sockaddr *address,
                   socklen_t bytes, enum tid_take why) {
    if (!listener->has_tls) {
        tid_refused_add(&listener->refused, fd, address, bytes, why, tid_clock_ms());
    } else if (why == TID_TAKE_CLIENT_FULL) {
        close(fd);
    } else if (listener->take(listener->taker, fd, address, bytes, true) ==
               TID_TAKE_FULL) {
        atomic_fetch_add_explicit(listener->refused_count, 1, memory_order_relaxed);
        close(fd);
    }
}

/*
 * Accepts some of the connections that wait at a socket. The one from '*probe' is not a
 * client's: it is closed, and 'probe' then has no family any more.
 */
static enum accepted accept_series(struct tid_listener *listener, int listen_fd,
                                   struct sockaddr_storage *probe) {
    enum accepted result = ACCEPTED_SOME;
    for (int i = 0; i < ACCEPT_SERIES && result == ACCEPTED_SOME; i++) {
        struct sockaddr_storage address;
        socklen_t bytes = sizeof address;
        const int fd = accept4(listen_fd, (struct sockaddr *)&address, &bytes,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            result = accept_failed(listener, listen_fd, errno);
            continue;
        }
        listener->fails = false;
        if (probe && tid_reuse_port_same(&address, probe)) {
            probe->ss_family = AF_UNSPEC;
            close(fd);
            continue;
        }
        const enum tid_take taken = listener->take(
            listener->taker, fd, (struct sockaddr *)&address, bytes, false);
        if (taken == TID_TAKE_FULL || taken == TID_TAKE_CLIENT_FULL)
            refuse(listener, fd, (struct sockaddr *)&address, bytes, taken);
    }
    return result;
}

/* Waits for connections, or only for the end; at most 'timeout_ms'. Whether to stop. */
static bool wait_for(struct pollfd *polls, unsigned count, int timeout_ms) {
    /* An error is EINTR, or ENOMEM: wait a little, do not spin. */
    if (poll(polls, count, timeout_ms) < 0) poll(NULL, 0, FAILED_MS);
    return (polls[0].revents & POLLIN) != 0;
}

/* Whether this socket gets a new connection to its port; true if that is unknown. */
static bool gets_new(struct tid_listener *listener, int fd) {
    struct sockaddr_storage own;
    const int probe = tid_reuse_port_probe(fd, &own);
    if (probe < 0) return true;
    while (accept_series(listener, fd, &own) == ACCEPTED_SOME &&
           own.ss_family != AF_UNSPEC) {
    }
    close(probe);
    return own.ss_family == AF_UNSPEC;
}

/* Another socket of the port, if there is one, gets all new connections from now on. */
static bool leave_port(struct tid_listener *listener, int fd) {
    /* This socket can be only one of the first two. */
    for (unsigned i = 2; listener->reuse_port && i-- > 0;) {
        if (tid_reuse_port_choose(fd, i) && !gets_new(listener, fd)) return true;
    }
    return false;
}

/* Accepts connections for that time. */
static void accept_for(struct tid_listener *listener, int ms) {
    const int64_t until_ms = tid_clock_ms() + ms;
    struct pollfd polls[TID_LISTENER_SOCKETS];
    for (unsigned i = 0; i < listener->count; i++)
        polls[i] = (struct pollfd){.fd = listener->given[i] ? -1 : listener->fds[i],
                                   .events = POLLIN};
    for (int64_t left_ms = ms; left_ms > 0; left_ms = until_ms - tid_clock_ms()) {
        if (poll(polls, listener->count, (int)left_ms) <= 0) continue;
        for (unsigned i = 0; i < listener->count; i++) {
            if (polls[i].revents != 0) accept_series(listener, listener->fds[i], NULL);
        }
    }
}

/* Before the sockets are closed, which resets the connections that wait. */
static void accept_rest(struct tid_listener *listener) {
    bool left = false;
    for (unsigned i = 0; i < listener->count; i++) {
        if (listener->given[i]) continue;
        tid_unix_socket_remove(&listener->files[i]);
        if (leave_port(listener, listener->fds[i]))
            left = true;
        else /* the queue takes few more from now on */
            listen(listener->fds[i], 0);
    }
    /* Handshakes that have begun here end here. */
    if (left) accept_for(listener, HANDSHAKE_MS);
    const int64_t until_ms = tid_clock_ms() + STOP_MS;
    for (unsigned i = 0; i < listener->count; i++) {
        while (!listener->given[i] &&
               accept_series(listener, listener->fds[i], NULL) == ACCEPTED_SOME &&
               tid_clock_ms() < until_ms) {
        }
    }
    tid_refused_close_all(&listener->refused);
}

static void *listener_run(void *argument) {
    struct tid_listener *listener = argument;
    struct pollfd polls[TID_LISTENER_SOCKETS + 1];
    polls[0] = (struct pollfd){.fd = listener->wake_fd, .events = POLLIN};
    for (unsigned i = 0; i < listener->count; i++)
        polls[i + 1] = (struct pollfd){.fd = listener->fds[i], .events = POLLIN};

    int timeout_ms = -1;
    while (!wait_for(polls, listener->count + 1, timeout_ms)) {
        bool failed = false;
        for (unsigned i = 0; i < listener->count; i++) {
            if (polls[i + 1].revents != 0)
                failed |=
                    accept_series(listener, listener->fds[i], NULL) == ACCEPTED_FAILED;
        }
        timeout_ms = tid_refused_look(&listener->refused, tid_clock_ms());
        /* What cannot be accepted would be reported again at once. */
        if (failed && wait_for(polls, 1, FAILED_MS)) break;
    }
    accept_rest(listener);
    return NULL;
}

int tid_listener_start(struct tid_listener *listener, tid_take_function *take,
                       void *taker) {
    listener->take = take;
    listener->taker = taker;
    listener->refused.take = take;
    listener->refused.taker = taker;
    listener->refused.context = listener->context;
    listener->refused.refused = listener->refused_count;
    listener->refused.count = 0;
    listener->fails = false;
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (listener->wake_fd < 0) {
        const int error = errno;
        close(listener->spare_fd);
        return error;
    }
    const int error = tid_thread_create(&listener->thread, listener_run, listener);
    if (error != 0) {
        close(listener->wake_fd);
        close(listener->spare_fd);
    }
    return error;
}

void tid_listener_change_idle(const struct tid_listener *listener, int64_t idle_ms) {
    for (unsigned i = 0; i < listener->count; i++)
        tid_listening_socket_set_idle(listener->fds[i], idle_ms);
}

void tid_listener_close(struct tid_listener *listener) {
    for (unsigned i = 0; i < listener->count; i++) {
        tid_unix_socket_remove(&listener->files[i]);
        close(listener->fds[i]);
    }
    listener->count = 0;
}

void tid_listener_stop(struct tid_listener *listener) {
    eventfd_write(listener->wake_fd, 1);
    pthread_join(listener->thread, NULL);
    close(listener->wake_fd);
    close(listener->spare_fd);
    tid_listener_close(listener);
}
