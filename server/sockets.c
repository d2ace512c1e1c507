/* SPDX-License-Identifier: MIT */
/* See sockets.h. */
#include "server/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "server/documents/process.h"
#include "server/log.h"
#include "server/work/cpus.h"
#include "server/work/descriptors.h"

/* Of a worker: three for its events, and a file that /metrics reads. Of a listener: two. */
#define WORKER_DESCRIPTORS 4
#define LISTENER_DESCRIPTORS 2

/* Connections of the admin listener that get status 503 at the same time. */
#define ADMIN_REFUSED 8

#define ADMIN_DESCRIPTORS                                                                \
    (WORKER_DESCRIPTORS + LISTENER_DESCRIPTORS + TID_ADMIN_CONNECTIONS +                 \
     TID_ADMIN_RESERVED + ADMIN_REFUSED)

static bool open_all(struct tid_listener *listener, const struct tid_address_list *list,
                     char *why, size_t why_bytes) {
    for (unsigned i = 0; i < list->count; i++) {
        if (tid_listener_open(listener, &list->items[i], why, why_bytes) != 0)
            return false;
    }
    return true;
}

static bool adopt_all(struct tid_sockets *sockets, const struct tid_systemd *systemd,
                      char *why, size_t why_bytes) {
    for (unsigned i = 0; i < systemd->socket_count; i++) {
        struct tid_listener *listener =
            systemd->sockets[i].is_admin ? &sockets->admin : &sockets->public;
        if (tid_listener_adopt(listener, systemd->sockets[i].fd, why, why_bytes) != 0)
            return false;
    }
    return true;
}

bool tid_sockets_open(struct tid_sockets *sockets, const struct tid_config *config,
                      const struct tid_systemd *systemd) {
    char why[512];
    *sockets = (struct tid_sockets){
        .public = {.has_tls = config->tls_certificate.text[0] != '\0',
                   .reuse_port = config->reuse_port,
                   .idle_ms = config->idle_ms},
        .admin = {.reuse_port = config->reuse_port, .idle_ms = config->idle_ms},
    };
    const bool adopted = adopt_all(sockets, systemd, why, sizeof why);
    const bool takes_default = config->listens_by_default && sockets->public.count > 0;
    if (adopted &&
        (takes_default || open_all(&sockets->public, &config->listen, why, sizeof why)) &&
        open_all(&sockets->admin, &config->admin_listen, why, sizeof why))
        return true;
    tid_log(TID_LOG_ERROR, "%s", why);
    tid_sockets_close(sockets);
    return false;
}

bool tid_sockets_fit(struct tid_sockets *sockets, struct tid_config *config) {
    const unsigned worker_count = tid_cpus_threads(config->workers);
    struct tid_descriptors shares = tid_descriptors_wanted(config->max_connections);
    unsigned long long allowed;
    struct tid_process process;
    tid_process_read(&process);
    unsigned other = process.open_fds > 0 ? (unsigned)process.open_fds : 8;
    other += WORKER_DESCRIPTORS * worker_count + LISTENER_DESCRIPTORS;
    if (tid_sockets_have_admin(sockets)) other += ADMIN_DESCRIPTORS;
    if (!tid_descriptors_fit(other, &shares, &allowed)) {
        tid_log(TID_LOG_ERROR, "only %llu open files are allowed; at least %u are needed",
                allowed, other + 8);
        return false;
    }
    if (shares.served < config->max_connections)
        tid_log(TID_LOG_WARNING,
                "only %llu open files are allowed: --max-connections is %u instead of %u",
                allowed, shares.served, config->max_connections);
    config->max_connections = shares.served;
    config->reserved_connections = shares.reserved;
    sockets->public.refused.max = shares.refused;
    sockets->admin.refused.max = ADMIN_REFUSED;
    return true;
}

bool tid_sockets_have_admin(const struct tid_sockets *sockets) {
    return sockets->admin.count > 0;
}

static void log_listener(const struct tid_listener *listener, const char *suffix) {
    char address[TID_ADDRESS_BYTES];
    for (unsigned i = 0; i < listener->count; i++) {
        tid_listener_show(listener, i, address);
        tid_log(TID_LOG_INFO, "listening on %s://%s%s",
                listener->has_tls ? "https" : "http", address, suffix);
    }
}

void tid_sockets_log(const struct tid_sockets *sockets) {
    log_listener(&sockets->admin, " for probes and metrics");
    log_listener(&sockets->public, "");
}

/* Whether clients of other machines can reach a socket that is bound to it. */
static bool is_remote(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage space;
    } address;
    socklen_t bytes = sizeof address;
    if (getsockname(fd, &address.any, &bytes) != 0) return false;
    if (address.any.sa_family == AF_INET)
        return ntohl(address.v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
    return address.any.sa_family == AF_INET6 &&
           !IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
}

bool tid_sockets_find_remote(const struct tid_sockets *sockets,
                             char address[TID_ADDRESS_BYTES]) {
    for (unsigned i = 0; i < sockets->public.count; i++) {
        if (!is_remote(sockets->public.fds[i])) continue;
        tid_listener_show(&sockets->public, i, address);
        return true;
    }
    return false;
}

void tid_sockets_close(struct tid_sockets *sockets) {
    tid_listener_close(&sockets->public);
    tid_listener_close(&sockets->admin);
}
