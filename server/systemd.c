/* SPDX-License-Identifier: MIT */
/* See systemd.h. */
#define _DEFAULT_SOURCE
#include "server/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "server/http/address.h"

/* SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define FIRST_FD 3

#define WHY(...) (snprintf(why, why_bytes, __VA_ARGS__), false)

/* The text of a variable, which is removed; false if it is unset or empty. */
static bool take_variable(const char *name, char *text, size_t text_bytes) {
    const char *value = getenv(name);
    const bool is_set = value && value[0] != '\0';
    if (is_set) snprintf(text, text_bytes, "%s", value);
    unsetenv(name);
    return is_set;
}

/* A variable that is a number up to 'max'; 0 if it is unset. */
static bool take_number(const char *name, int64_t max, int64_t *number, char *why,
                        size_t why_bytes) {
    char text[24];
    *number = 0;
    if (!take_variable(name, text, sizeof text)) return true;
    const size_t digits = strspn(text, "0123456789");
    *number = digits < 19 ? strtoll(text, NULL, 10) : INT64_MAX;
    if (text[digits] == '\0' && *number <= max) return true;
    return WHY("%s: '%s': expected an integer from 0 to %lld", name, text,
               (long long)max);
}

/* Variables with a process id are for that process, and not for those that it starts. */
static bool is_for_us(int64_t pid) { return pid == (int64_t)getpid(); }

static bool take_sockets(struct tid_systemd *systemd, char *why, size_t why_bytes) {
    char names[4096] = "";
    int64_t pid, count;
    const bool valid =
        take_number("LISTEN_PID", INT32_MAX, &pid, why, why_bytes) &&
        take_number("LISTEN_FDS", TID_SYSTEMD_SOCKETS, &count, why, why_bytes);
    take_variable("LISTEN_FDNAMES", names, sizeof names);
    unsetenv("LISTEN_FDS");
    if (!valid) return false;
    if (!is_for_us(pid)) return true;
    const char *name = names;
    for (int64_t i = 0; i < count; i++) {
        const int fd = FIRST_FD + (int)i;
        const size_t length = strcspn(name, ":");
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return WHY("LISTEN_FDS is %lld, but descriptor %d is not open",
                       (long long)count, fd);
        systemd->sockets[i].fd = fd;
        systemd->sockets[i].is_admin = length == 5 && memcmp(name, "admin", 5) == 0;
        name += length + (name[length] == ':');
    }
    systemd->socket_count = (unsigned)count;
    return true;
}

static bool take_watchdog(struct tid_systemd *systemd, char *why, size_t why_bytes) {
    int64_t pid, period_us;
    const bool valid =
        take_number("WATCHDOG_PID", INT32_MAX, &pid, why, why_bytes) &&
        take_number("WATCHDOG_USEC", INT64_MAX / 1000, &period_us, why, why_bytes);
    unsetenv("WATCHDOG_USEC");
    if (!valid) return false;
    /* Without a process id it is for any. */
    if (pid == 0 || is_for_us(pid)) systemd->watchdog_us = period_us;
    return true;
}

static bool take_notify_socket(struct tid_systemd *systemd, char *why, size_t why_bytes) {
    /* No message is worth waiting for longer. */
    const struct timeval limit = {.tv_sec = 1};
    char path[sizeof systemd->notify_address.sun_path + 1];
    if (!take_variable("NOTIFY_SOCKET", path, sizeof path)) return true;
    systemd->notify_bytes = tid_address_unix(path, &systemd->notify_address);
    if (systemd->notify_bytes == 0 || (path[0] != '/' && path[0] != '@'))
        return WHY("NOTIFY_SOCKET: '%s': expected an absolute path, or @ and a name",
                   path);
    systemd->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (systemd->notify_fd < 0) return WHY("NOTIFY_SOCKET: %s", strerror(errno));
    setsockopt(systemd->notify_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return true;
}

bool tid_systemd_open(struct tid_systemd *systemd, char *why, size_t why_bytes) {
    *systemd = (struct tid_systemd){.notify_fd = -1};
    return take_sockets(systemd, why, why_bytes) &&
           take_watchdog(systemd, why, why_bytes) &&
           take_notify_socket(systemd, why, why_bytes);
}

void tid_systemd_close(struct tid_systemd *systemd) {
    if (systemd->notify_fd >= 0) close(systemd->notify_fd);
    systemd->notify_fd = -1;
}

/* That systemd does not read it is not an error of this service. */
static void notify(const struct tid_systemd *systemd, const char *text) {
    if (systemd->notify_fd < 0) return;
    const ssize_t sent =
        sendto(systemd->notify_fd, text, strlen(text), MSG_NOSIGNAL,
               (const struct sockaddr *)&systemd->notify_address, systemd->notify_bytes);
    (void)sent;
}

void tid_systemd_ready(const struct tid_systemd *systemd) {
    notify(systemd, "READY=1\nSTATUS=serving\n");
}

void tid_systemd_reloading(const struct tid_systemd *systemd) {
    struct timespec now;
    char text[128];
    /* Type=notify-reload compares the time with that of its signal. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text,
             "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading files\n",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify(systemd, text);
}

void tid_systemd_stopping(const struct tid_systemd *systemd) {
    notify(systemd, "STOPPING=1\nSTATUS=stopping; transfers finish\n");
}

void tid_systemd_ping(const struct tid_systemd *systemd) {
    notify(systemd, "WATCHDOG=1\n");
}
