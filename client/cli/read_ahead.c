/* SPDX-License-Identifier: MIT */
/*
 * Reads the body of a tensor in order, while other threads compute what follows. The
 * thread that consumes it computes as well when what it needs is not ready.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/read_ahead.h"

/* A chunk that is ready, or being computed, or free. */
struct slot {
    unsigned char *bytes; /* CLI_CHUNK_BYTES */
    bool ready;
};

/* Chunks [consumed, next) are in slots, each in that of its number modulo 'slot_count'. */
struct reader {
    struct cli_tensor *tensor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t chunk_count, next, consumed;
    struct slot *slots;
    unsigned slot_count;
    bool stopped;
    pthread_t threads[CLI_THREADS_MAX];
    unsigned started;
};

static size_t chunk_bytes(const struct reader *reader, uint64_t chunk) {
    const uint64_t left =
        ti_body_bytes(reader->tensor->body) - chunk * (uint64_t)CLI_CHUNK_BYTES;
    return left < CLI_CHUNK_BYTES ? (size_t)left : CLI_CHUNK_BYTES;
}

static struct slot *slot_of(struct reader *reader, uint64_t chunk) {
    return &reader->slots[chunk % reader->slot_count];
}

static bool can_take(const struct reader *reader) {
    return reader->next < reader->chunk_count &&
           reader->next < reader->consumed + reader->slot_count;
}

/* Computes the next chunk; called with the lock, which it releases meanwhile. */
static void compute_next(struct reader *reader, void *workspace) {
    const uint64_t chunk = reader->next++;
    struct slot *slot = slot_of(reader, chunk);
    pthread_mutex_unlock(&reader->lock);
    if (ti_body_read(reader->tensor->body, chunk * (uint64_t)CLI_CHUNK_BYTES,
                     chunk_bytes(reader, chunk), slot->bytes, workspace) != TI_OK) {
        abort(); /* cannot happen: the range lies inside the body, which is factorized */
    }
    pthread_mutex_lock(&reader->lock);
    slot->ready = true;
    pthread_cond_broadcast(&reader->changed);
}

static void *compute(void *argument) {
    struct reader *reader = argument;
    struct ti_error error;
    void *workspace = NULL;
    /* Without memory for it the other threads do the work. */
    if (ti_workspace_make(reader->tensor->plan, &workspace, &error) != TI_OK) return NULL;
    pthread_mutex_lock(&reader->lock);
    while (!reader->stopped && reader->next < reader->chunk_count) {
        if (can_take(reader)) {
            compute_next(reader, workspace);
        } else {
            pthread_cond_wait(&reader->changed, &reader->lock);
        }
    }
    pthread_mutex_unlock(&reader->lock);
    ti_workspace_free(workspace);
    return NULL;
}

/* Waits until the chunk is ready, and computes in the meantime. Called with the lock. */
static struct slot *await(struct reader *reader, uint64_t chunk) {
    struct slot *slot = slot_of(reader, chunk);
    while (!slot->ready) {
        if (can_take(reader)) {
            compute_next(reader, reader->tensor->workspace);
        } else {
            pthread_cond_wait(&reader->changed, &reader->lock);
        }
    }
    return slot;
}

static int consume_all(struct reader *reader, cli_consumer *consume, void *state) {
    int code = 0;
    pthread_mutex_lock(&reader->lock);
    for (uint64_t i = 0; i < reader->chunk_count && code == 0; i++) {
        struct slot *slot = await(reader, i);
        pthread_mutex_unlock(&reader->lock);
        code = consume(state, slot->bytes, chunk_bytes(reader, i));
        pthread_mutex_lock(&reader->lock);
        slot->ready = false;
        reader->consumed++;
        pthread_cond_broadcast(&reader->changed);
    }
    reader->stopped = true;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    return code;
}

static bool make_slots(struct reader *reader) {
    reader->slots = calloc(reader->slot_count, sizeof *reader->slots);
    if (!reader->slots) return false;
    for (unsigned i = 0; i < reader->slot_count; i++) {
        reader->slots[i].bytes = malloc(CLI_CHUNK_BYTES);
        if (!reader->slots[i].bytes) return false;
    }
    return true;
}

static void free_slots(struct reader *reader) {
    for (unsigned i = 0; reader->slots && i < reader->slot_count; i++) {
        free(reader->slots[i].bytes);
    }
    free(reader->slots);
}

int cli_read_ahead(struct cli_tensor *tensor, cli_consumer *consume, void *state) {
    struct reader reader = {.tensor = tensor, .slot_count = 2 * tensor->threads};
    int code;
    reader.chunk_count = (ti_body_bytes(tensor->body) - 1) / CLI_CHUNK_BYTES + 1;
    if (reader.chunk_count < reader.slot_count) {
        reader.slot_count = (unsigned)reader.chunk_count;
    }
    if (!make_slots(&reader)) {
        free_slots(&reader);
        return cli_fail_memory();
    }
    pthread_mutex_init(&reader.lock, NULL);
    pthread_cond_init(&reader.changed, NULL);
    while (reader.started + 1 < tensor->threads &&
           reader.started + 1 < reader.chunk_count &&
           pthread_create(&reader.threads[reader.started], NULL, compute, &reader) == 0) {
        reader.started++;
    }
    code = consume_all(&reader, consume, state);
    while (reader.started > 0) pthread_join(reader.threads[--reader.started], NULL);
    pthread_cond_destroy(&reader.changed);
    pthread_mutex_destroy(&reader.lock);
    free_slots(&reader);
    return code;
}
