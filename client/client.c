/* SPDX-License-Identifier: MIT */
/*
 * The ways to fetch that client.h offers: into a callback, memory or a descriptor.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client_error.h"
#include "client/fetch.h"

enum ti_status tic_fetch(struct tic_request *request, const struct tic_sink *sink,
                         struct tic_info *info, struct ti_error *error) {
    return tic_fetch_run(request, sink, false, info, error);
}

enum ti_status tic_head(struct tic_request *request, struct tic_info *info,
                        struct ti_error *error) {
    return tic_fetch_run(request, NULL, true, info, error);
}

const char *tic_answer_field(const struct tic_request *request, const char *name) {
    return tic_answer_get(&request->answer, name, NULL);
}

/* The sinks of this file say themselves why they end a fetch. */
struct ending {
    enum ti_status status;
    struct ti_error error;
};

static enum ti_status fetch_into(struct tic_request *request, const struct tic_sink *sink,
                                 const struct ending *ending, struct tic_info *info,
                                 struct ti_error *error) {
    enum ti_status status = tic_fetch_run(request, sink, false, info, error);
    if (ending->status == TI_OK) return status;
    if (error) *error = ending->error;
    return ending->status;
}

/* The caller's memory -------------------------------------------------------------------
 */

struct memory {
    struct ending ending;
    char *data;
    size_t bytes, used;
};

static bool memory_begin(void *state, const struct tic_info *info) {
    struct memory *memory = state;
    if (info->count_bytes == memory->bytes) return true;
    memory->ending.status =
        info->count_bytes == TIC_UNKNOWN
            ? tic_fail(&memory->ending.error, TI_EMISMATCH, "",
                       "the answer does not say beforehand how long it is")
            : tic_fail(&memory->ending.error, TI_EMISMATCH, "",
                       "the answer has %" PRIu64 " bytes; expected were %zu",
                       info->count_bytes, memory->bytes);
    return false;
}

static bool memory_write(void *state, const void *data, size_t bytes) {
    struct memory *memory = state;
    memcpy(memory->data + memory->used, data, bytes);
    memory->used += bytes;
    return true;
}

enum ti_status tic_fetch_memory(struct tic_request *request, void *data, size_t bytes,
                                struct tic_info *info, struct ti_error *error) {
    struct memory memory = {.data = data, .bytes = bytes};
    const struct tic_sink sink = {memory_begin, memory_write, NULL, &memory};
    return fetch_into(request, &sink, &memory.ending, info, error);
}

/* New memory ----------------------------------------------------------------------------
 */

static bool no_memory(struct ending *ending) {
    ending->status = tic_out_of_memory(&ending->error);
    return false;
}

/* 'bytes' is what there is room for, without the NUL at the end. */
static bool grow(struct memory *memory, size_t bytes) {
    char *data = bytes < SIZE_MAX ? realloc(memory->data, bytes + 1) : NULL;
    if (!data) return no_memory(&memory->ending);
    memory->data = data;
    memory->bytes = bytes;
    return true;
}

static bool new_begin(void *state, const struct tic_info *info) {
    struct memory *memory = state;
    if (info->count_bytes == TIC_UNKNOWN) return grow(memory, 0);
    if (info->count_bytes > SIZE_MAX - 1) return no_memory(&memory->ending);
    return grow(memory, (size_t)info->count_bytes);
}

static bool new_write(void *state, const void *data, size_t bytes) {
    struct memory *memory = state;
    if (bytes > memory->bytes - memory->used) {
        if (bytes > SIZE_MAX / 4 || memory->used > SIZE_MAX / 4) {
            return no_memory(&memory->ending);
        }
        if (!grow(memory, (memory->used + bytes) * 2)) return false;
    }
    return memory_write(state, data, bytes);
}

enum ti_status tic_fetch_new(struct tic_request *request, void **data,
                             struct tic_info *info, struct ti_error *error) {
    struct memory memory = {.data = NULL};
    const struct tic_sink sink = {new_begin, new_write, NULL, &memory};
    enum ti_status status = fetch_into(request, &sink, &memory.ending, info, error);
    if (status != TI_OK) {
        free(memory.data);
        return status;
    }
    memory.data[memory.used] = '\0';
    *data = memory.data;
    return TI_OK;
}

/* Descriptors ---------------------------------------------------------------------------
 */

struct descriptor {
    struct ending ending;
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
            to->ending.status =
                tic_fail(&to->ending.error, TI_EIO, "", "cannot write: %s", reason);
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
    const struct tic_sink sink = {NULL, fd_write, NULL, &to};
    return fetch_into(request, &sink, &to.ending, info, error);
}
