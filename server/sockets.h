/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the daemon listens on: those for everyone and those of --admin-listen,
 * from the configuration and from systemd. main.c opens them before it starts anything.
 */
#ifndef TID_SOCKETS_H
#define TID_SOCKETS_H

#include <stdbool.h>

#include "server/config.h"
#include "server/http/listener.h"
#include "server/systemd.h"

/* Places of the admin listener: connections, and probes beyond those. */
#define TID_ADMIN_CONNECTIONS 32
#define TID_ADMIN_RESERVED 8

struct tid_sockets {
    struct tid_listener public, admin; /* the second may have no socket */
};

/*
 * Opens all. Sockets of systemd take the place of the default address, and come besides
 * those that are configured. On failure false, and a line in the log.
 */
bool tid_sockets_open(struct tid_sockets *sockets, const struct tid_config *config,
                      const struct tid_systemd *systemd);

/*
 * Lowers the configured number of connections to what the limit of open files allows. On
 * failure false, and a line in the log. All sockets are open.
 */
bool tid_sockets_fit(struct tid_sockets *sockets, struct tid_config *config);

bool tid_sockets_have_admin(const struct tid_sockets *sockets);

/* Logs what they listen on. */
void tid_sockets_log(const struct tid_sockets *sockets);

/*
 * Whether one that takes requests for tensors is bound to an address that other machines
 * can reach; writes it.
 */
bool tid_sockets_find_remote(const struct tid_sockets *sockets,
                             char address[TID_ADDRESS_BYTES]);

/* Closes those of listeners that have not been started. */
void tid_sockets_close(struct tid_sockets *sockets);

#endif
