/* SPDX-License-Identifier: MIT */
/* server/http/listener: sockets it opens, options of connections it accepts. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "server/http/listener.h"
#include "support/test.h"

static enum tid_take take(void *taker, int fd, const struct sockaddr *address,
                          socklen_t address_bytes, bool reserved) {
    (void)address;
    (void)address_bytes;
    (void)reserved;
    atomic_store((atomic_int *)taker, fd);
    return TID_TAKEN;
}

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &bytes), 0);
    return value;
}

static _Atomic uint64_t refused, dropped;

/*
 * accept4() of the C library, but for an error that is to be reported instead, and the
 * number of calls.
 */
static atomic_int accept_error;
static atomic_uint accept_calls;

int accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags) {
    atomic_fetch_add(&accept_calls, 1);
    errno = atomic_load(&accept_error);
    if (errno != 0) return -1;
    return (int)syscall(SYS_accept4, fd, address, bytes, flags);
}

/* Connects to the listener's first socket and returns what it has accepted. */
static int accepted(struct tid_listener *listener, int *client) {
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    atomic_int fd = -1;
    assert_int_equal(getsockname(listener->fds[0], (struct sockaddr *)&address, &bytes),
                     0);
    listener->refused_count = &refused;
    listener->dropped_count = &dropped;
    listener->refused.max = TID_REFUSED_MAX;
    assert_int_equal(tid_listener_start(listener, take, &fd), 0);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(*client, (struct sockaddr *)&address, bytes), 0);
    for (int tries = 0; atomic_load(&fd) < 0 && tries < 5000; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    tid_listener_stop(listener);
    return atomic_load(&fd);
}

/*
 * The kernel keeps little of what a client does not read, and that not for ever, also
 * after the server has closed the socket.
 */
static void options(void **state) {
    static const struct tid_address any = {.host = "127.0.0.1", .port = "0"};
    struct tid_listener listener = {.idle_ms = 4321};
    char why[200];
    int client;
    (void)state;
    assert_int_equal(tid_listener_open(&listener, &any, why, sizeof why), 0);
    assert_int_equal(listener.count, 1);
    const int fd = accepted(&listener, &client);
    assert_true(fd >= 0);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 256 << 10);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 6321);
    close(fd);
    close(client);
}

static void port_in_use(void **state) {
    struct tid_address address = {.host = "127.0.0.1", .port = "0"};
    struct tid_listener first = {0}, second = {0};
    char shown[TID_ADDRESS_BYTES], why[200] = "";
    (void)state;
    assert_int_equal(tid_listener_open(&first, &address, why, sizeof why), 0);
    tid_listener_show(&first, 0, shown);
    snprintf(address.port, sizeof address.port, "%s", strrchr(shown, ':') + 1);
    assert_int_equal(tid_listener_open(&second, &address, why, sizeof why), -1);
    assert_non_null(strstr(why, "another process uses this port"));
    assert_int_equal(second.count, 0);
    tid_listener_close(&first);
}

/* accept4() fails for a while: no busy loop; then the connections that wait come. */
static void accept_fails(void **state) {
    static const struct tid_address any = {.host = "127.0.0.1", .port = "0"};
    static const int errors[] = {ENOBUFS, ENOMEM, EPERM, EMFILE, ENFILE};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        struct tid_listener listener = {.idle_ms = 1000};
        struct sockaddr_in address;
        socklen_t bytes = sizeof address;
        char why[200];
        atomic_int fd = -1;
        assert_int_equal(tid_listener_open(&listener, &any, why, sizeof why), 0);
        assert_int_equal(
            getsockname(listener.fds[0], (struct sockaddr *)&address, &bytes), 0);
        listener.refused_count = &refused;
        listener.dropped_count = &dropped;
        listener.refused.max = 1;
        atomic_store(&accept_error, errors[i]);
        atomic_store(&accept_calls, 0);
        assert_int_equal(tid_listener_start(&listener, take, &fd), 0);
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(client, (struct sockaddr *)&address, bytes), 0);
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
        /* Two calls for each try, with the spare descriptor, and one try in 100 ms. */
        assert_in_range(atomic_load(&accept_calls), 1, 20);
        atomic_store(&accept_error, 0);
        for (int tries = 0; atomic_load(&fd) < 0 && tries < 5000; tries++)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_true(atomic_load(&fd) >= 0);
        tid_listener_stop(&listener);
        close(atomic_load(&fd));
        close(client);
    }
}

static atomic_uint taken;

static enum tid_take count_taken(void *taker, int fd, const struct sockaddr *address,
                                 socklen_t address_bytes, bool reserved) {
    (void)taker;
    (void)address;
    (void)address_bytes;
    (void)reserved;
    atomic_fetch_add(&taken, 1);
    close(fd);
    return TID_TAKEN;
}

/* All connections that wait when the listener stops are taken, more than a series. */
static void stops_when_none_waits(void **state) {
    static const struct tid_address any = {.host = "127.0.0.1", .port = "0"};
    enum { COUNT = 300 };
    struct tid_listener listener = {.idle_ms = 1000};
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    char why[200];
    int clients[COUNT];
    (void)state;
    assert_int_equal(tid_listener_open(&listener, &any, why, sizeof why), 0);
    assert_int_equal(getsockname(listener.fds[0], (struct sockaddr *)&address, &bytes),
                     0);
    for (int i = 0; i < COUNT; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&address, bytes), 0);
    }
    listener.refused_count = &refused;
    listener.dropped_count = &dropped;
    listener.refused.max = 1;
    assert_int_equal(tid_listener_start(&listener, count_taken, NULL), 0);
    tid_listener_stop(&listener);
    assert_int_equal(atomic_load(&taken), COUNT);
    for (int i = 0; i < COUNT; i++) close(clients[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),
        cmocka_unit_test(port_in_use),
        cmocka_unit_test(accept_fails),
        cmocka_unit_test(stops_when_none_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
