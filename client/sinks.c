/* SPDX-License-Identifier: MIT */
/* tic_fetch_memory(), tic_fetch_new() and tic_fetch_fd(): tic_fetch() with sinks. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tensorinit/client.h>

#include "client/client_error.h"

/* 'sink_error' is set if the sink has ended the fetch: it knows better why. */
static enum ti_status fetch_into(struct tic_request *request, const struct tic_sink *sink,
                                 const struct ti_error *sink_error, struct tic_info *info,
                                 struct ti_error *error) {
    enum ti_status status = tic_fetch(request, sink, info, error);
    if (sink_error->code == TI_OK) return status;
    if (error) *error = *sink_error;
    return sink_error->code;
}

/* The caller's memory ---------------------------------------------------------------- */

struct memory {
    struct ti_error error;
    char *data;
    size_t capacity_bytes, used_bytes;
    uint64_t first_byte; /* of the part, in the body */
};

static bool memory_begin(void *state, const struct tic_info *info) {
    struct memory *memory = state;
    memory->first_byte = info->first_byte;
    if (info->count_bytes == memory->capacity_bytes) return true;
    if (info->count_bytes == TIC_UNKNOWN) {
        tic_fail(&memory->error, TI_EMISMATCH, "",
                 "the length of the response is not known in advance");
    } else {
        tic_fail(&memory->error, TI_EMISMATCH, "",
                 "the response has %" PRIu64 " bytes, expected %zu", info->count_bytes,
                 memory->capacity_bytes);
    }
    return false;
}

static bool memory_write(void *state, const void *data, size_t bytes) {
    struct memory *memory = state;
    memcpy(memory->data + memory->used_bytes, data, bytes);
    memory->used_bytes += bytes;
    return true;
}

/* Called by several threads: each writes other bytes. */
static bool memory_write_at(void *state, uint64_t offset, const void *data,
                            size_t bytes) {
    const struct memory *memory = state;
    memcpy(memory->data + (offset - memory->first_byte), data, bytes);
    return true;
}

enum ti_status tic_fetch_memory(struct tic_request *request, void *data, size_t bytes,
                                struct tic_info *info, struct ti_error *error) {
    if (!data && bytes > 0) return tic_missing(error, "data");
    struct memory memory = {.data = data, .capacity_bytes = bytes};
    const struct tic_sink sink = {.struct_bytes = sizeof sink,
                                  .begin = memory_begin,
                                  .state = &memory,
                                  .write_at = memory_write_at};
    return fetch_into(request, &sink, &memory.error, info, error);
}

/* New memory ------------------------------------------------------------------------- */

static bool no_memory(struct memory *memory) {
    tic_out_of_memory(&memory->error);
    return false;
}

/* One byte more is allocated, for the NUL at the end. */
static bool grow(struct memory *memory, size_t capacity_bytes) {
    char *data = NULL;
    if (capacity_bytes < SIZE_MAX) data = realloc(memory->data, capacity_bytes + 1);
    if (!data) return no_memory(memory);
    memory->data = data;
    memory->capacity_bytes = capacity_bytes;
    return true;
}

static bool new_begin(void *state, const struct tic_info *info) {
    if (info->count_bytes == TIC_UNKNOWN) return grow(state, 0);
    if (info->count_bytes > SIZE_MAX - 1) return no_memory(state);
    return grow(state, (size_t)info->count_bytes);
}

static bool new_write(void *state, const void *data, size_t bytes) {
    struct memory *memory = state;
    if (bytes > memory->capacity_bytes - memory->used_bytes) {
        if (bytes > SIZE_MAX / 4 || memory->used_bytes > SIZE_MAX / 4) {
            return no_memory(memory);
        }
        if (!grow(memory, (memory->used_bytes + bytes) * 2)) return false;
    }
    return memory_write(state, data, bytes);
}

enum ti_status tic_fetch_new(struct tic_request *request, void **data,
                             struct tic_info *info, struct ti_error *error) {
    if (!data) return tic_missing(error, "data");
    struct memory memory = {.data = NULL};
    const struct tic_sink sink = {.struct_bytes = sizeof sink,
                                  .begin = new_begin,
                                  .write = new_write,
                                  .state = &memory};
    enum ti_status status = fetch_into(request, &sink, &memory.error, info, error);
    if (status != TI_OK) {
        free(memory.data);
        return status;
    }
    memory.data[memory.used_bytes] = '\0';
    *data = memory.data;
    return TI_OK;
}

/* Descriptors ------------------------------------------------------------------------ */

struct descriptor {
    struct ti_error error;
    int fd;
};

static bool fd_write(void *state, const void *data, size_t bytes) {
    struct descriptor *to = state;
    for (const char *at = data; bytes > 0;) {
        ssize_t now = write(to->fd, at, bytes);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) {
            char reason[128] = "unknown error";
            if (strerror_r(errno, reason, sizeof reason) != 0) reason[0] = '\0';
            tic_fail(&to->error, TI_EIO, "", "cannot write: %s", reason);
            return false;
        }
        at += now;
        bytes -= (size_t)now;
    }
    return true;
}

enum ti_status tic_fetch_fd(struct tic_request *request, int fd, struct tic_info *info,
                            struct ti_error *error) {
    struct descriptor to = {.fd = fd};
    const struct tic_sink sink = {
        .struct_bytes = sizeof sink, .write = fd_write, .state = &to};
    return fetch_into(request, &sink, &to.error, info, error);
}
