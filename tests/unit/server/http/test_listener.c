/* SPDX-License-Identifier: MIT */
/* server/http/listener: sockets it opens, options of connections it accepts. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/http/listener.h"
#include "support/test.h"

static enum tid_take take(void *taker, int fd, const struct sockaddr *address,
                          socklen_t address_bytes) {
    (void)address;
    (void)address_bytes;
    atomic_store((atomic_int *)taker, fd);
    return TID_TAKEN;
}

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &bytes), 0);
    return value;
}

/* Connects to the listener's first socket and returns what it has accepted. */
static int accepted(struct tid_listener *listener, int *client) {
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    atomic_int fd = -1;
    assert_int_equal(getsockname(listener->fds[0], (struct sockaddr *)&address, &bytes),
                     0);
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
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 4321);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),
        cmocka_unit_test(port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
