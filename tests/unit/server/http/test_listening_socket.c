/* SPDX-License-Identifier: MIT */
/* server/http/listening_socket: sockets that are opened, and those that others opened. */
#define _GNU_SOURCE /* the options of Linux */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/listening_socket.h"
#include "support/test.h"

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &bytes), 0);
    return value;
}

static struct sockaddr_in loopback(in_port_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = port,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_at(struct sockaddr_in *address, int64_t idle_ms, bool reuse_port) {
    const struct addrinfo info = {.ai_family = AF_INET,
                                  .ai_addr = (struct sockaddr *)address,
                                  .ai_addrlen = sizeof *address};
    return tid_listening_socket_open(&info, idle_ms, reuse_port);
}

static in_port_t port_of(int fd) {
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    return address.sin_port;
}

/* The descriptor that is opened next: a smaller one if something has been closed. */
static int next_descriptor(void) {
    const int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

static void opened(void **state) {
    struct sockaddr_in any = loopback(0);
    const int fd = open_at(&any, 0, false);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
    assert_int_equal(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    /* Without a limit the kernel has its own; one that is set later counts. */
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    assert_int_equal(tid_listening_socket_set_idle(fd, 60000), 0);
    assert_in_range(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000, 70000);
    close(fd);
}

/* Both wildcards can have the same port. */
static void both_families(void **state) {
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const struct addrinfo info = {.ai_family = AF_INET6,
                                  .ai_addr = (struct sockaddr *)&v6,
                                  .ai_addrlen = sizeof v6};
    int second = -1;
    (void)state;
    /* A port that is free in one family may be taken in the other. */
    for (int tries = 0; tries < 20 && second < 0; tries++) {
        const int first = tid_listening_socket_open(&info, 0, false);
        if (first < 0 && errno == EAFNOSUPPORT) skip();
        assert_true(first >= 0);
        assert_int_equal(option(first, IPPROTO_IPV6, IPV6_V6ONLY), 1);
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port_of(first)};
        second = open_at(&v4, 0, false);
        close(first);
    }
    assert_true(second >= 0);
    close(second);
}

/* A port in use is an error, and no descriptor is lost; with reuse_port it is shared. */
static void ports(void **state) {
    struct sockaddr_in any = loopback(0);
    const int alone = open_at(&any, 0, false), shared = open_at(&any, 0, true);
    struct sockaddr_in taken = loopback(port_of(alone)), free = loopback(port_of(shared));
    const int next = next_descriptor();
    (void)state;
    for (int reuse = 0; reuse < 2; reuse++) {
        assert_int_equal(open_at(&taken, 0, reuse), -1);
        assert_int_equal(errno, EADDRINUSE);
    }
    assert_int_equal(open_at(&free, 0, false), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(next_descriptor(), next);
    const int second = open_at(&free, 0, true);
    assert_true(second >= 0);
    assert_int_equal(port_of(second), port_of(shared));
    close(alone);
    close(shared);
    close(second);
}

static void refuses(int fd, const char *flaw) {
    assert_true(fd >= 0);
    assert_string_equal(tid_listening_socket_adopt(fd, 0), flaw);
    close(fd);
}

static void adopted(void **state) {
    struct sockaddr_in any = loopback(0);
    int pair[2];
    (void)state;
    refuses(open("/dev/null", O_RDWR), "is not a socket");
    refuses(socket(AF_INET, SOCK_DGRAM, 0), "is neither a TCP nor a unix stream socket");
    refuses(socket(AF_UNIX, SOCK_SEQPACKET, 0),
            "is neither a TCP nor a unix stream socket");
    refuses(socket(AF_INET, SOCK_STREAM, 0),
            "does not listen (Accept=yes is not supported)");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    refuses(pair[0], "does not listen (Accept=yes is not supported)");
    close(pair[1]);

    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_null(tid_listening_socket_adopt(fd, 5000));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_in_range(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000, 15000);
    close(fd);
}

/* Options of TCP are not set on a unix socket, and that is no error. */
static void unix_sockets(void **state) {
    struct sockaddr_un {
        sa_family_t family;
        char path[108];
    } address = {.family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)state;
    /* Without a path Linux gives it a name of its own (unix(7)). */
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_null(tid_listening_socket_adopt(fd, 5000));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(tid_listening_socket_set_idle(fd, 5000), -1);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opened),       cmocka_unit_test(both_families),
        cmocka_unit_test(ports),        cmocka_unit_test(adopted),
        cmocka_unit_test(unix_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
