/* SPDX-License-Identifier: MIT */
/*
 * What systemd says in the environment, and what it is told: sockets that it has opened
 * (sd_listen_fds(3)), the state of the service (sd_notify(3)) and the watchdog
 * (sd_watchdog_enabled(3)). Without systemd nothing of it is there, and nothing is sent.
 */
#ifndef TID_SYSTEMD_H
#define TID_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TID_SYSTEMD_SOCKETS 32

struct tid_systemd {
    unsigned socket_count;
    struct {
        int fd;
        bool is_admin; /* FileDescriptorName=admin */
    } sockets[TID_SYSTEMD_SOCKETS];
    int64_t watchdog_us; /* without a ping for this time it kills the service; 0: never */
    int notify_fd;       /* -1: there is no one to tell */
    struct sockaddr_un notify_address;
    socklen_t notify_bytes;
};

/*
 * Reads the variables and removes them from the environment; the sockets are closed on
 * exec() from then on. Called before there are threads. False if they are malformed:
 * 'why' then says which, without a full stop.
 */
bool tid_systemd_open(struct tid_systemd *systemd, char *why, size_t why_bytes);
void tid_systemd_close(struct tid_systemd *systemd);

/*
 * Tell the state, with a line for 'systemctl status': ready, also after a reload;
 * reloading; stopping.
 */
void tid_systemd_ready(const struct tid_systemd *systemd);
void tid_systemd_reloading(const struct tid_systemd *systemd);
void tid_systemd_stopping(const struct tid_systemd *systemd);

/* Tells the watchdog that the service is alive. */
void tid_systemd_ping(const struct tid_systemd *systemd);

#endif
