/* SPDX-License-Identifier: MIT */
/*
 * Who uses the server: for each client its share of the pool (pool.h), and how many
 * connections and computations it has. A client is known by a name, which http/client_name.c
 * makes of its token or address.
 *
 * Memory is bounded: a client is in the table while a connection or a request refers to it,
 * and of the others the last TID_CLIENTS_IDLE_MAX stay, so that a client does not escape
 * what it has used by leaving for a moment.
 *
 * Only requests that are computed by the pool look here, and connections if they are
 * counted: small requests do not. All functions may be called from any thread.
 */
#ifndef TID_CLIENTS_H
#define TID_CLIENTS_H

#include <stdint.h>

#include "server/work/pool.h"

#define TID_CLIENT_NAME_BYTES 80
#define TID_CLIENTS_IDLE_MAX 1024

struct tid_client;
struct tid_clients;

/*
 * NULL if memory runs out. tid_clients_free() requires that no one refers to a client;
 * NULL is allowed.
 */
struct tid_clients *tid_clients_make(void);
void tid_clients_free(struct tid_clients *clients);

/*
 * The client of that name, of less than TID_CLIENT_NAME_BYTES; NULL if memory runs out.
 * Each call, and each of tid_client_keep(), needs a call of tid_client_release(). These
 * take NULL as well.
 */
struct tid_client *tid_clients_get(struct tid_clients *clients, const char *name);
struct tid_client *tid_client_keep(struct tid_client *client);
void tid_client_release(struct tid_client *client);

const char *tid_client_name(const struct tid_client *client);

/* Its share of the pool; of NULL: NULL. */
struct tid_share *tid_client_share(struct tid_client *client);

/* What is counted. */
enum tid_client_use {
    TID_CLIENT_COMPUTATIONS,
    TID_CLIENT_CONNECTIONS,
    TID_CLIENT_USES,
};

enum tid_admission {
    TID_ADMITTED,
    TID_CLIENT_FULL, /* the client has as many as one may have */
    TID_ALL_FULL,    /* all clients together have as many as there may be */
};

/*
 * Counts one more of a client's, unless it has 'client_max' or all have 'max' already; 0 means
 * no limit. If it has been admitted, tid_client_end() ends it.
 */
enum tid_admission tid_client_begin(struct tid_client *client, enum tid_client_use use,
                                    uint64_t client_max, uint64_t max);
void tid_client_end(struct tid_client *client, enum tid_client_use use);

/* A connection of the client ends, and with it the reference. NULL: it did not count. */
void tid_client_end_connection(struct tid_client *client);

/* For /metrics. */
struct tid_client_counts {
    uint64_t clients;      /* that have a computation, or a connection that is counted */
    uint64_t computations; /* now */
};

struct tid_client_counts tid_client_counts(struct tid_clients *clients);

#endif
