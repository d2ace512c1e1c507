/* SPDX-License-Identifier: MIT */
/*
 * A server that plays: it answers the n-th request with the n-th scene of a script,
 * whatever is asked, and keeps what was asked. A thread on a loopback port.
 */
#ifndef TESTS_UNIT_CLIENT_PLAY_H
#define TESTS_UNIT_CLIENT_PLAY_H

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

#define PLAY_SCENES 16
#define PLAY_REQUEST_BYTES 2048

enum play_after {
    PLAY_CLOSE, /* the connection, in order */
    PLAY_RESET, /* the connection, by RST */
    PLAY_HANG,  /* until the client goes */
    PLAY_KEEP,  /* the next scene is on the same connection */
};

/*
 * A scene: text to send and what to do then. 'more' (may be NULL) is sent behind 'text':
 * so many bytes, or with 0 a text.
 */
struct scene {
    const char *text;
    enum play_after after;
    const void *more;
    size_t more_bytes;
};

struct play {
    int listener;
    pthread_t thread;
    char url[64];
    const struct scene *scenes;
    size_t count;
    atomic_size_t played;
    char requests[PLAY_SCENES][PLAY_REQUEST_BYTES];
};

static void play_send(int socket, const void *data, size_t bytes) {
    for (const char *at = data; bytes > 0;) {
        ssize_t now = send(socket, at, bytes, MSG_NOSIGNAL);
        if (now <= 0) return;
        at += now;
        bytes -= (size_t)now;
    }
}

/* Reads a request without a body; false if the client has gone. */
static bool play_receive(int socket, char *request) {
    size_t used = 0;
    while (used + 1 < PLAY_REQUEST_BYTES) {
        ssize_t now = recv(socket, request + used, PLAY_REQUEST_BYTES - 1 - used, 0);
        if (now <= 0) return false;
        used += (size_t)now;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n")) return true;
    }
    return false;
}

static void play_end(int socket, enum play_after after) {
    char rest[256];
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (after == PLAY_RESET) {
        /* Sent bytes are to arrive before the reset. */
        nanosleep(&(struct timespec){0, 50000000}, NULL);
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else {
        if (after == PLAY_CLOSE) shutdown(socket, SHUT_WR);
        while (recv(socket, rest, sizeof rest, 0) > 0) {
        }
    }
    close(socket);
}

static void *play_run(void *state) {
    struct play *play = state;
    for (int socket = -1; play->played < play->count;) {
        const struct scene *scene = &play->scenes[play->played];
        if (socket < 0 && (socket = accept(play->listener, NULL, NULL)) < 0) break;
        if (!play_receive(socket, play->requests[play->played])) {
            close(socket);
            socket = -1;
            continue;
        }
        play->played++;
        play_send(socket, scene->text, strlen(scene->text));
        if (scene->more) {
            size_t text_bytes = scene->more_bytes ? 0 : strlen(scene->more);
            play_send(socket, scene->more, scene->more_bytes + text_bytes);
        }
        if (scene->after == PLAY_KEEP) continue;
        play_end(socket, scene->after);
        socket = -1;
    }
    return NULL;
}

/* Starts it; 'scenes' must last until play_stop(). */
static void play_start(struct play *play, const struct scene *scenes, size_t count) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    memset(play, 0, sizeof *play);
    play->scenes = scenes;
    play->count = count;
    play->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(play->listener >= 0);
    assert_int_equal(bind(play->listener, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(play->listener, 8), 0);
    assert_int_equal(getsockname(play->listener, (struct sockaddr *)&address, &bytes), 0);
    snprintf(play->url, sizeof play->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&play->thread, NULL, play_run, play), 0);
}

/* Ends it. All scenes must have been played, and no other asked for. */
static void play_stop(struct play *play) {
    shutdown(play->listener, SHUT_RDWR);
    pthread_join(play->thread, NULL);
    close(play->listener);
    assert_int_equal(play->played, play->count);
}

#endif
