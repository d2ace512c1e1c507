/* SPDX-License-Identifier: MIT */
/* server/http/reuse_port: which of two sockets gets the connections of a port. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "server/http/listening_socket.h"
#include "server/http/reuse_port.h"
#include "support/test.h"

enum { CONNECTIONS = 64 };

/* Two sockets that listen on one port. */
struct pair {
    struct sockaddr_in address;
    int fds[2];
};

static int open_socket(const struct sockaddr_in *address) {
    struct sockaddr_in copy = *address;
    const struct addrinfo info = {.ai_family = AF_INET,
                                  .ai_addr = (struct sockaddr *)&copy,
                                  .ai_addrlen = sizeof copy};
    const int fd = tid_listening_socket_open(&info, 0, true);
    assert_true(fd >= 0);
    return fd;
}

static void open_pair(struct pair *pair) {
    socklen_t bytes = sizeof pair->address;
    pair->address = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    pair->fds[0] = open_socket(&pair->address);
    assert_int_equal(getsockname(pair->fds[0], (struct sockaddr *)&pair->address, &bytes),
                     0);
    pair->fds[1] = open_socket(&pair->address);
}

static void close_pair(const struct pair *pair) {
    close(pair->fds[0]);
    close(pair->fds[1]);
}

/* Accepts all that wait at a socket; how many. */
static int accept_all(int fd) {
    int count = 0;
    for (int connection; (connection = accept(fd, NULL, NULL)) >= 0; count++)
        close(connection);
    assert_int_equal(errno, EAGAIN);
    return count;
}

/* Connects many times; how many connections each socket got. */
static void count_connections(const struct pair *pair, int counts[2]) {
    int clients[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(clients[i], (const struct sockaddr *)&pair->address,
                                 sizeof pair->address),
                         0);
    }
    counts[0] = accept_all(pair->fds[0]);
    counts[1] = accept_all(pair->fds[1]);
    for (int i = 0; i < CONNECTIONS; i++) close(clients[i]);
    assert_int_equal(counts[0] + counts[1], CONNECTIONS);
}

/* Any socket of the port may be used to choose one; sharing undoes it. */
static void chosen(void **state) {
    struct pair pair;
    int counts[2];
    (void)state;
    open_pair(&pair);
    count_connections(&pair, counts);
    assert_true(counts[0] > 0 && counts[1] > 0); /* all at one: 2 in 2^64 */
    for (unsigned i = 0; i < 4; i++) {
        const unsigned wanted = i % 2;
        if (!tid_reuse_port_choose(pair.fds[i / 2], wanted)) skip();
        count_connections(&pair, counts);
        assert_int_equal(counts[wanted], CONNECTIONS);
    }
    tid_reuse_port_share(pair.fds[0]);
    count_connections(&pair, counts);
    assert_true(counts[0] > 0 && counts[1] > 0);
    /* There is no third socket. */
    assert_true(tid_reuse_port_choose(pair.fds[0], 2));
    count_connections(&pair, counts);
    assert_true(counts[0] > 0 && counts[1] > 0);
    close_pair(&pair);
}

/* A socket that is opened takes part, even after one that has left has chosen another. */
static void opened_later(void **state) {
    struct pair pair;
    int counts[2];
    (void)state;
    open_pair(&pair);
    if (!tid_reuse_port_choose(pair.fds[0], 0)) skip();
    close(pair.fds[1]);
    pair.fds[1] = open_socket(&pair.address);
    count_connections(&pair, counts);
    assert_true(counts[0] > 0 && counts[1] > 0);
    close_pair(&pair);
}

/* A probe is found again by its address. */
static void probes(void **state) {
    struct sockaddr_storage own, peer, other = {.ss_family = AF_INET};
    socklen_t bytes = sizeof peer;
    struct pair pair;
    (void)state;
    open_pair(&pair);
    if (!tid_reuse_port_choose(pair.fds[0], 1)) skip();
    const int probe = tid_reuse_port_probe(pair.fds[0], &own);
    assert_true(probe >= 0);
    const int accepted = accept(pair.fds[1], (struct sockaddr *)&peer, &bytes);
    assert_true(accepted >= 0);
    assert_true(tid_reuse_port_same(&own, &peer));
    memcpy(&other, &pair.address, sizeof pair.address);
    assert_false(tid_reuse_port_same(&own, &other));
    other = own;
    other.ss_family = AF_INET6;
    assert_false(tid_reuse_port_same(&own, &other));
    close(accepted);
    close(probe);
    close_pair(&pair);
}

/* No process listens at the address of a socket that is only bound. */
static void probe_fails(void **state) {
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage own;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(tid_reuse_port_probe(fd, &own), -1);
    close(fd);
    assert_int_equal(tid_reuse_port_probe(fd, &own), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen),
        cmocka_unit_test(opened_later),
        cmocka_unit_test(probes),
        cmocka_unit_test(probe_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
