/* SPDX-License-Identifier: MIT */
/* A hash table with chains, and a list of the clients that no one refers to: clients.h. */
#include "server/work/clients.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS 1024

struct tid_client {
    struct tid_share share;
    struct tid_clients *table;
    LIST_ENTRY(tid_client) link; /* of its chain */
    TAILQ_ENTRY(tid_client) idle_link;
    unsigned references; /* 0: it is in the list 'idle' */
    uint64_t used[TID_CLIENT_USES];
    char name[TID_CLIENT_NAME_BYTES];
};

struct tid_clients {
    pthread_mutex_t lock; /* of everything but the shares, which are the pool's */
    LIST_HEAD(, tid_client) chains[CHAINS];
    TAILQ_HEAD(, tid_client) idle; /* the first has been so for longest */
    unsigned idle_count;
    uint64_t referenced;            /* clients */
    uint64_t used[TID_CLIENT_USES]; /* by all of them */
};

struct tid_clients *tid_clients_make(void) {
    struct tid_clients *clients = calloc(1, sizeof *clients);
    if (!clients) return NULL;
    pthread_mutex_init(&clients->lock, NULL);
    for (unsigned i = 0; i < CHAINS; i++) LIST_INIT(&clients->chains[i]);
    TAILQ_INIT(&clients->idle);
    return clients;
}

static void idle_remove(struct tid_client *client) {
    TAILQ_REMOVE(&client->table->idle, client, idle_link);
    client->table->idle_count--;
}

static void idle_free_first(struct tid_clients *clients) {
    struct tid_client *client = TAILQ_FIRST(&clients->idle);
    idle_remove(client);
    LIST_REMOVE(client, link);
    free(client);
}

void tid_clients_free(struct tid_clients *clients) {
    if (!clients) return;
    while (!TAILQ_EMPTY(&clients->idle)) idle_free_first(clients);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}

/*
 * FNV-1a. Chains stay short even if a client chooses its names: each of them needs a
 * connection of its own, or is among the idle ones.
 */
static unsigned chain_of(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % CHAINS;
}

/* With the lock: finds or adds it, without counting the reference. */
static struct tid_client *find_or_add(struct tid_clients *clients, const char *name) {
    const unsigned chain = chain_of(name);
    struct tid_client *client;
    LIST_FOREACH(client, &clients->chains[chain], link) {
        if (strcmp(client->name, name) == 0) {
            if (client->references > 0) return client;
            idle_remove(client);
            clients->referenced++;
            return client;
        }
    }
    client = calloc(1, sizeof *client);
    if (!client) return NULL;
    tid_share_init(&client->share);
    client->table = clients;
    strncpy(client->name, name, sizeof client->name - 1);
    LIST_INSERT_HEAD(&clients->chains[chain], client, link);
    clients->referenced++;
    return client;
}

struct tid_client *tid_clients_get(struct tid_clients *clients, const char *name) {
    pthread_mutex_lock(&clients->lock);
    struct tid_client *client = find_or_add(clients, name);
    if (client) client->references++;
    pthread_mutex_unlock(&clients->lock);
    return client;
}

struct tid_client *tid_client_keep(struct tid_client *client) {
    if (!client) return NULL;
    pthread_mutex_lock(&client->table->lock);
    client->references++;
    pthread_mutex_unlock(&client->table->lock);
    return client;
}

void tid_client_release(struct tid_client *client) {
    if (!client) return;
    struct tid_clients *clients = client->table;
    pthread_mutex_lock(&clients->lock);
    if (--client->references == 0) {
        clients->referenced--;
        TAILQ_INSERT_TAIL(&clients->idle, client, idle_link);
        if (++clients->idle_count > TID_CLIENTS_IDLE_MAX) idle_free_first(clients);
    }
    pthread_mutex_unlock(&clients->lock);
}

const char *tid_client_name(const struct tid_client *client) { return client->name; }

struct tid_share *tid_client_share(struct tid_client *client) {
    return client ? &client->share : NULL;
}

enum tid_admission tid_client_begin(struct tid_client *client, enum tid_client_use use,
                                    uint64_t client_max, uint64_t max) {
    struct tid_clients *clients = client->table;
    enum tid_admission result = TID_ADMITTED;
    pthread_mutex_lock(&clients->lock);
    if (client_max > 0 && client->used[use] >= client_max) {
        result = TID_CLIENT_FULL;
    } else if (max > 0 && clients->used[use] >= max) {
        result = TID_ALL_FULL;
    } else {
        client->used[use]++;
        clients->used[use]++;
    }
    pthread_mutex_unlock(&clients->lock);
    return result;
}

void tid_client_end(struct tid_client *client, enum tid_client_use use) {
    pthread_mutex_lock(&client->table->lock);
    client->used[use]--;
    client->table->used[use]--;
    pthread_mutex_unlock(&client->table->lock);
}

void tid_client_end_connection(struct tid_client *client) {
    if (client) tid_client_end(client, TID_CLIENT_CONNECTIONS);
    tid_client_release(client);
}

struct tid_client_counts tid_client_counts(struct tid_clients *clients) {
    pthread_mutex_lock(&clients->lock);
    const struct tid_client_counts counts = {clients->referenced,
                                             clients->used[TID_CLIENT_COMPUTATIONS]};
    pthread_mutex_unlock(&clients->lock);
    return counts;
}
