/* SPDX-License-Identifier: MIT */
/* See gmp_memory.h. */
#include "server/work/gmp_memory.h"

#include <gmp.h>
#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"

/*
 * A handshake has at most 20 KiB at a time (RSA with 4096 bits). Untouched, it costs address
 * space only. It is given out from its beginning to its end, and again once nothing of it is
 * in use.
 */
#define RESERVE_BYTES ((size_t)1 << 20)

static alignas(max_align_t) unsigned char reserve[RESERVE_BYTES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next two */
static size_t given_bytes;
static unsigned in_use;

static void *from_reserve(size_t bytes) {
    void *memory = NULL;
    pthread_mutex_lock(&lock);
    if (in_use == 0) given_bytes = 0;
    if (bytes <= RESERVE_BYTES - given_bytes) {
        memory = reserve + given_bytes;
        given_bytes += bytes + (0 - bytes) % alignof(max_align_t);
        in_use++;
    }
    pthread_mutex_unlock(&lock);
    return memory;
}

static bool is_of_reserve(const void *memory) {
    return (uintptr_t)memory - (uintptr_t)reserve < RESERVE_BYTES;
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (!memory) memory = from_reserve(bytes);
    if (memory) return memory;
    tid_log(TID_LOG_ERROR, "no memory is left for TLS, not even the reserve");
    tid_log_stop();
    abort();
}

static void release(void *memory, size_t bytes) {
    (void)bytes;
    if (!is_of_reserve(memory)) {
        free(memory);
        return;
    }
    pthread_mutex_lock(&lock);
    in_use--;
    pthread_mutex_unlock(&lock);
}

static void *resize(void *memory, size_t old_bytes, size_t bytes) {
    void *resized = is_of_reserve(memory) ? NULL : realloc(memory, bytes > 0 ? bytes : 1);
    if (resized) return resized;
    resized = allocate(bytes);
    memcpy(resized, memory, old_bytes < bytes ? old_bytes : bytes);
    release(memory, old_bytes);
    return resized;
}

void tid_gmp_memory_init(void) { mp_set_memory_functions(allocate, resize, release); }
