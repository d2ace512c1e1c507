/* SPDX-License-Identifier: MIT */
/* server/http/refused_connections: probes go on, others are answered, then linger. */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/refused_connections.h"
#include "support/test.h"

#define PROBE "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
#define OTHER "GET /v1/plan HTTP/1.1\r\nHost: x\r\n\r\n"

/* As REQUEST_MS and LINGER_MS. */
#define HALF_S 500

static const struct tid_context context;
static _Atomic uint64_t count_503;

/* What the worker does with a probe, and what it got. */
static enum tid_take result;
static int taken_fd;

static enum tid_take take(void *taker, int fd, const struct sockaddr *address,
                          socklen_t address_bytes, bool reserved) {
    assert_ptr_equal(taker, &result);
    assert_int_equal(address->sa_family, AF_INET);
    assert_int_equal(address_bytes, sizeof(struct sockaddr_in));
    assert_true(reserved);
    taken_fd = fd;
    return result;
}

static struct tid_refused refused_of(unsigned max) {
    count_503 = 0;
    result = TID_TAKEN;
    taken_fd = -1;
    return (struct tid_refused){.context = &context,
                                .take = take,
                                .taker = &result,
                                .refused = &count_503,
                                .max = max};
}

/* Adds a connection that has sent a text, and returns the client's end. */
static int add(struct tid_refused *refused, const char *sent, enum tid_take why,
               int64_t now_ms) {
    const struct sockaddr_in address = {.sin_family = AF_INET};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(send(pair[1], sent, strlen(sent), 0), strlen(sent));
    tid_refused_add(refused, pair[0], (const struct sockaddr *)&address, sizeof address,
                    why, now_ms);
    return pair[1];
}

/* Status that the client has received; 0 if nothing yet. */
static int status(int client) {
    char text[8192];
    const ssize_t bytes = recv(client, text, sizeof text - 1, 0);
    if (bytes < 0) assert_int_equal(errno, EAGAIN);
    if (bytes <= 0) return 0;
    text[bytes] = '\0';
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    return (text[9] - '0') * 100 + (text[10] - '0') * 10 + text[11] - '0';
}

/* The server's side has been closed for writing: the client reads the end. */
static bool is_ended(int client) {
    char byte;
    return recv(client, &byte, 1, 0) == 0;
}

/* A write fails: the server has closed the socket. */
static bool is_closed(int client) { return send(client, "x", 1, MSG_NOSIGNAL) < 0; }

static void probes_go_on(void **state) {
    struct tid_refused refused = refused_of(8);
    const int client = add(&refused, PROBE, TID_TAKE_FULL, 0);
    char text[100];
    (void)state;
    assert_int_equal(tid_refused_look(&refused, 1), -1);
    assert_int_equal(refused.count, 0);
    assert_true(taken_fd >= 0);
    /* With all that the client has sent. */
    assert_int_equal(recv(taken_fd, text, sizeof text, 0), strlen(PROBE));
    assert_memory_equal(text, PROBE, strlen(PROBE));
    assert_int_equal(status(client), 0);
    assert_int_equal(count_503, 0);
    close(taken_fd);
    close(client);
}

/* The worker has no place for another probe. */
static void probe_without_a_place(void **state) {
    struct tid_refused refused = refused_of(8);
    const int client = add(&refused, PROBE, TID_TAKE_FULL, 0);
    (void)state;
    result = TID_TAKE_FULL;
    assert_true(tid_refused_look(&refused, 1) > 0);
    assert_int_equal(status(client), 503);
    assert_int_equal(count_503, 1);
    tid_refused_close_all(&refused);
    close(client);
}

static void others_are_answered_and_linger(void **state) {
    struct tid_refused refused = refused_of(8);
    const int leaves = add(&refused, OTHER, TID_TAKE_FULL, 0);
    const int stays = add(&refused, OTHER, TID_TAKE_CLIENT_FULL, 0);
    (void)state;
    assert_true(tid_refused_look(&refused, 100) > 0);
    assert_int_equal(status(leaves), 503);
    assert_int_equal(status(stays), 429);
    assert_int_equal(count_503, 1); /* the other is counted by its limit */
    assert_true(is_ended(leaves));
    assert_true(is_ended(stays));
    /* Open in the other direction, so that the response is not lost by a reset. */
    assert_false(is_closed(stays));
    close(leaves);
    assert_true(tid_refused_look(&refused, 101) > 0);
    assert_int_equal(refused.count, 1);
    assert_true(tid_refused_look(&refused, 100 + HALF_S - 1) > 0);
    assert_int_equal(tid_refused_look(&refused, 100 + HALF_S), -1);
    assert_true(is_closed(stays));
    assert_int_equal(taken_fd, -1);
    close(stays);
}

/* One that sends nothing, or not all of a header, has half a second. */
static void slow_clients(void **state) {
    static const char *const sent[] = {"", "GET /heal", "GET /healthz HTTP/1.1\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sent); i++) {
        struct tid_refused refused = refused_of(8);
        const int client = add(&refused, sent[i], TID_TAKE_FULL, 1000);
        const int while_awaited = tid_refused_look(&refused, 1000 + HALF_S - 1);
        assert_row(while_awaited > 0, sent[i]);
        assert_row(status(client) == 0, sent[i]);
        const int while_lingering = tid_refused_look(&refused, 1000 + HALF_S);
        assert_row(status(client) == 503, sent[i]);
        /* There is no hurry any more. */
        assert_row(while_lingering > while_awaited, sent[i]);
        tid_refused_close_all(&refused);
        close(client);
    }
}

/* The rest of a probe arrives later. */
static void probe_in_two_parts(void **state) {
    struct tid_refused refused = refused_of(8);
    const int client = add(&refused, "GET /healthz HTTP/1.1\r\n", TID_TAKE_FULL, 0);
    (void)state;
    assert_true(tid_refused_look(&refused, 100) > 0);
    assert_int_equal(send(client, "\r\n", 2, 0), 2);
    assert_int_equal(tid_refused_look(&refused, 200), -1);
    assert_true(taken_fd >= 0);
    close(taken_fd);
    close(client);
}

/* Beyond the maximum the oldest is answered, at once, and closed. */
static void oldest_goes_first(void **state) {
    enum { MAX = 3, MORE = 2 };
    struct tid_refused refused = refused_of(MAX);
    int clients[MAX + MORE];
    (void)state;
    for (int i = 0; i < MAX + MORE; i++) clients[i] = add(&refused, "", TID_TAKE_FULL, i);
    assert_int_equal(refused.count, MAX);
    for (int i = 0; i < MAX + MORE; i++) {
        assert_int_equal(status(clients[i]), i < MORE ? 503 : 0);
        assert_int_equal(is_closed(clients[i]), i < MORE);
    }
    tid_refused_close_all(&refused);
    assert_int_equal(refused.count, 0);
    for (int i = MORE; i < MAX + MORE; i++) assert_int_equal(status(clients[i]), 503);
    for (int i = 0; i < MAX + MORE; i++) {
        assert_true(is_closed(clients[i]));
        close(clients[i]);
    }
    assert_int_equal(count_503, MAX + MORE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_go_on),
        cmocka_unit_test(probe_without_a_place),
        cmocka_unit_test(others_are_answered_and_linger),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(probe_in_two_parts),
        cmocka_unit_test(oldest_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
