/* SPDX-License-Identifier: MIT */
/*
 * A server that sends prepared responses: the n-th request gets the n-th response,
 * whatever it requests, and is recorded. A thread on a loopback port.
 */
#ifndef TESTS_UNIT_CLIENT_SCRIPTED_SERVER_H
#define TESTS_UNIT_CLIENT_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

#define SERVER_RESPONSES_MAX 16
#define SERVER_REQUEST_BYTES 2048

/* What happens to the connection after a response. */
enum server_then {
    THEN_CLOSE, /* closed in order */
    THEN_RESET, /* closed by RST */
    THEN_HANG,  /* open until the client closes it */
    THEN_REUSE, /* the next response uses it */
};

struct server_response {
    const char *text;
    enum server_then then;
    /* Sent after 'text', may be NULL: 'more_bytes' bytes, or if that is 0 a string. */
    const void *more;
    size_t more_bytes;
};

struct scripted_server {
    int listener;
    pthread_t thread;
    char url[64];
    const struct server_response *responses;
    size_t count;
    atomic_size_t sent;
    char requests[SERVER_RESPONSES_MAX][SERVER_REQUEST_BYTES];
};

static void server_send(int socket, const void *data, size_t bytes) {
    for (const char *at = data; bytes > 0;) {
        ssize_t now = send(socket, at, bytes, MSG_NOSIGNAL);
        if (now <= 0) return;
        at += now;
        bytes -= (size_t)now;
    }
}

/* Reads a request without a body; false if the client has closed the connection. */
static bool server_receive(int socket, char *request) {
    size_t used = 0;
    while (used + 1 < SERVER_REQUEST_BYTES) {
        ssize_t now = recv(socket, request + used, SERVER_REQUEST_BYTES - 1 - used, 0);
        if (now <= 0) return false;
        used += (size_t)now;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n")) return true;
    }
    return false;
}

static void server_close(int socket, enum server_then then) {
    char rest[256];
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (then == THEN_RESET) {
        /* The bytes sent must arrive before the reset. */
        nanosleep(&(struct timespec){0, 50000000}, NULL);
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else {
        if (then == THEN_CLOSE) shutdown(socket, SHUT_WR);
        while (recv(socket, rest, sizeof rest, 0) > 0) {
        }
    }
    close(socket);
}

static void *server_run(void *state) {
    struct scripted_server *server = state;
    for (int socket = -1; server->sent < server->count;) {
        const struct server_response *response = &server->responses[server->sent];
        if (socket < 0 && (socket = accept(server->listener, NULL, NULL)) < 0) break;
        if (!server_receive(socket, server->requests[server->sent])) {
            close(socket);
            socket = -1;
            continue;
        }
        server->sent++;
        server_send(socket, response->text, strlen(response->text));
        if (response->more) {
            size_t text_bytes = response->more_bytes ? 0 : strlen(response->more);
            server_send(socket, response->more, response->more_bytes + text_bytes);
        }
        if (response->then == THEN_REUSE) continue;
        server_close(socket, response->then);
        socket = -1;
    }
    return NULL;
}

/* Starts it; 'responses' must last until server_stop(). */
static void server_start(struct scripted_server *server,
                         const struct server_response *responses, size_t count) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    memset(server, 0, sizeof *server);
    server->responses = responses;
    server->count = count;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &bytes),
                     0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d",
             ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* Stops it. All responses must have been sent. */
static void server_stop(struct scripted_server *server) {
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    assert_int_equal(server->sent, server->count);
}

#endif
