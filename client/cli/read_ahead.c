/* SPDX-License-Identifier: MIT */
/*
 * Reads a source in order, while other threads compute what follows. The
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
    const struct cli_source *source;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t chunk_count, next, consumed;
    struct slot *slots;
    unsigned slot_count;
    bool stopped;
    /* why a chunk could not be computed */
    enum ti_status status;
    pthread_t threads[CLI_THREADS_MAX];
    unsigned started;
};

static size_t chunk_bytes(const struct reader *reader, uint64_t chunk) {
    const uint64_t left = reader->source->bytes - chunk * (uint64_t)CLI_CHUNK_BYTES;
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
static void compute_next(struct reader *reader, void *thread) {
    const uint64_t chunk = reader->next++;
    struct slot *slot = slot_of(reader, chunk);
    pthread_mutex_unlock(&reader->lock);
    const enum ti_status status = reader->source->read(
        reader->source->state, thread, chunk * (uint64_t)CLI_CHUNK_BYTES,
        chunk_bytes(reader, chunk), slot->bytes);
    pthread_mutex_lock(&reader->lock);
    if (status != TI_OK) reader->status = status;
    slot->ready = true;
    pthread_cond_broadcast(&reader->changed);
}

static void *compute(void *argument) {
    struct reader *reader = argument;
    void *thread;
    /* Without memory for it the other threads do the work. */
    if (!reader->source->open(reader->source->state, &thread)) return NULL;
    pthread_mutex_lock(&reader->lock);
    while (!reader->stopped && reader->next < reader->chunk_count) {
        if (can_take(reader)) {
            compute_next(reader, thread);
        } else {
            pthread_cond_wait(&reader->changed, &reader->lock);
        }
    }
    pthread_mutex_unlock(&reader->lock);
    reader->source->close(thread);
    return NULL;
}

/* Waits until the chunk is ready, and computes in the meantime. Called with the lock. */
static struct slot *await(struct reader *reader, uint64_t chunk, void *thread) {
    struct slot *slot = slot_of(reader, chunk);
    while (!slot->ready) {
        if (can_take(reader)) {
            compute_next(reader, thread);
        } else {
            pthread_cond_wait(&reader->changed, &reader->lock);
        }
    }
    return slot;
}

static int consume_all(struct reader *reader, void *thread, cli_consumer *consume,
                       void *state) {
    int code = 0;
    pthread_mutex_lock(&reader->lock);
    for (uint64_t i = 0; i < reader->chunk_count && code == 0; i++) {
        struct slot *slot = await(reader, i, thread);
        const enum ti_status status = reader->status;
        pthread_mutex_unlock(&reader->lock);
        code = status != TI_OK ? cli_fail_memory()
                               : consume(state, slot->bytes, chunk_bytes(reader, i));
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

int cli_read_ahead(const struct cli_source *source, cli_consumer *consume, void *state) {
    struct reader reader = {.source = source, .slot_count = 2 * source->threads};
    void *thread;
    int code;
    if (!source->open(source->state, &thread)) return cli_fail_memory();
    reader.chunk_count = (source->bytes - 1) / CLI_CHUNK_BYTES + 1;
    if (reader.chunk_count < reader.slot_count) {
        reader.slot_count = (unsigned)reader.chunk_count;
    }
    if (!make_slots(&reader)) {
        free_slots(&reader);
        source->close(thread);
        return cli_fail_memory();
    }
    pthread_mutex_init(&reader.lock, NULL);
    pthread_cond_init(&reader.changed, NULL);
    while (reader.started + 1 < source->threads &&
           reader.started + 1 < reader.chunk_count &&
           pthread_create(&reader.threads[reader.started], NULL, compute, &reader) == 0) {
        reader.started++;
    }
    code = consume_all(&reader, thread, consume, state);
    while (reader.started > 0) pthread_join(reader.threads[--reader.started], NULL);
    pthread_cond_destroy(&reader.changed);
    pthread_mutex_destroy(&reader.lock);
    free_slots(&reader);
    source->close(thread);
    return code;
}
